"""The warning for pictures: what they show is not read, and nobody should think that it was."""

from __future__ import annotations

from services.knowledge.models import LoadFailure


def pictures_warning(name: str, count: int) -> tuple[LoadFailure, ...]:
    """One warning with the number of pictures and charts; none where there are none."""
    if not count:
        return ()
    cause = "It holds a picture, which was not read." if count == 1 else f"{count:,} pictures in it were not read."
    remedy = "If one of them holds words or figures that are needed, write these into the document."
    return (LoadFailure(name, "pictures-not-read", cause, remedy),)
