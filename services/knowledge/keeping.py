"""Which snapshots nobody needs any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from services.knowledge.models import Snapshot, SnapshotStatus

# A build that has not ended after this time has lost its process.
LONGEST_BUILD = timedelta(hours=24)


def superfluous_numbers(snapshots: Sequence[Snapshot], published_kept: int) -> list[int]:
    """Numbers to delete, given all snapshots newest first."""
    finished = [one for one in snapshots if one.status not in {SnapshotStatus.BUILDING, SnapshotStatus.FAILED}]
    newest = finished[0].number if finished else 0
    interrupted = datetime.now(UTC) - LONGEST_BUILD
    published = sorted(
        (one for one in finished if one.published_at is not None),
        key=lambda one: one.published_at or one.created_at,
        reverse=True,
    )
    gone = {one.number for one in published[published_kept:]}
    for one in snapshots:
        is_old_draft = one.status is SnapshotStatus.DRAFT and one.number < newest
        # The newest failure stays to be read.
        is_old_failure = one.status is SnapshotStatus.FAILED and one.number < newest
        is_lost_build = one.status is SnapshotStatus.BUILDING and one.created_at < interrupted
        if is_old_draft or is_old_failure or is_lost_build:
            gone.add(one.number)
    return sorted(gone)
