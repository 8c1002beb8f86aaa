"""How a run is cut into chunks: the items of its job."""

from __future__ import annotations

from services.jobs.models import NewItem
from services.jobs.service import MOST_ITEMS


def chunk_items(best_size: int, text_count: int) -> list[NewItem]:
    """Items of as many texts as is best each, or of so many more that one job can hold them all."""
    size = max(best_size, -(-text_count // MOST_ITEMS), 1)
    items = []
    for first in range(0, text_count, size):
        last = min(first + size, text_count) - 1
        items.append(NewItem(f"Texts {first + 1:,} to {last + 1:,}", {"first": first, "last": last}))
    return items
