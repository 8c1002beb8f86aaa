"""What came of a run, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from services.images.models import NoticeState
from services.jobs.models import ItemStatus, Job, JobItem

REPLACE_BACKGROUNDS = "replace-backgrounds"
_ITEMS_AT_ONCE = 500


class ItemLists(Protocol):
    """Lists the items of jobs, in pages: a JobRepository, or a JobService."""

    def list_items(self, tenant_id: str, job_id: str, *, offset: int, limit: int) -> list[JobItem]:
        """By position. Raises NotFoundError."""
        ...


@dataclass(frozen=True, slots=True)
class RunTotals:
    """Counts of a run.

    Attributes:
        pictures: Results of all done items.
        cost_usd: None when the price of a call is not known.
        seconds: Work on all done items, added up.
        common_cause: The most frequent reason of a failure, with its remedy; empty when none failed.
    """

    done: int = 0
    failed: int = 0
    canceled: int = 0
    pictures: int = 0
    calls: int = 0
    cost_usd: float | None = 0.0
    seconds: float = 0.0
    common_cause: str = ""
    common_remedy: str = ""

    @property
    def state(self) -> NoticeState:
        """How the run ended."""
        if self.canceled:
            return NoticeState.CANCELED
        if not self.failed:
            return NoticeState.FINISHED
        return NoticeState.PARTLY if self.done else NoticeState.FAILED

    def values(self) -> dict[str, Any]:
        """As the result of a job."""
        return {
            "done": self.done,
            "failed": self.failed,
            "canceled": self.canceled,
            "pictures": self.pictures,
            "calls": self.calls,
            "cost_usd": None if self.cost_usd is None else round(self.cost_usd, 6),
            "seconds": round(self.seconds, 1),
        }


def run_totals(lists: ItemLists, job: Job) -> RunTotals:
    """Add up the items of a run as they are now."""
    causes: Counter[tuple[str, str]] = Counter()
    pictures = calls = 0
    cost: float | None = 0.0
    seconds = 0.0
    counts: Counter[ItemStatus] = Counter()
    for item in all_items(lists, job):
        counts[item.status] += 1
        if item.status is ItemStatus.FAILED:
            causes[item.cause, item.remedy] += 1
        if item.status is ItemStatus.DONE:
            pictures += len(item.result.get("composites", ()))
            calls += int(item.result.get("calls", 0))
            price = item.result.get("cost_usd", 0.0)
            cost = None if cost is None or price is None else cost + float(price)
            seconds += float(item.result.get("seconds", 0.0))
    cause, remedy = causes.most_common(1)[0][0] if causes else ("", "")
    return RunTotals(
        done=counts[ItemStatus.DONE],
        failed=counts[ItemStatus.FAILED],
        canceled=counts[ItemStatus.CANCELED],
        pictures=pictures,
        calls=calls,
        cost_usd=cost,
        seconds=seconds,
        common_cause=cause,
        common_remedy=remedy,
    )


def all_items(lists: ItemLists, job: Job) -> Iterator[JobItem]:
    """Every item of a job by position."""
    offset = 0
    while True:
        items = lists.list_items(job.tenant_id, job.id, offset=offset, limit=_ITEMS_AT_ONCE)
        yield from items
        if len(items) < _ITEMS_AT_ONCE:
            return
        offset += len(items)
