"""How long a job will still take, learned from the items that ended."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime

from services.jobs.models import ItemSpan, ItemStatus, Job, JobItem

SPANS_NEEDED = 60
# Nobody worked for longer than this: a pause, a night, a restart. It says nothing about the items to come.
_LONGEST_GAP_SECONDS = 120.0
_SHORTEST_SECONDS = 0.01


def estimate_seconds(job: Job, running: Sequence[JobItem], spans: Sequence[ItemSpan], now: datetime) -> float | None:
    """How long until the last item ends; None without any span to learn from, or when nothing waits or runs.

    The median of how long items took, over the parallelism that was really seen, waiting times between items included.

    Args:
        running: The items that run now, as far as they are known.
        spans: Of items that ended, of this job or of earlier ones of its kind.
    """
    waiting = job.counts[ItemStatus.QUEUED]
    left = waiting + max(job.counts[ItemStatus.RUNNING], len(running))
    if not spans or not left:
        return None
    typical = max(statistics.median(span.seconds for span in spans), _SHORTEST_SECONDS)
    begun = [max((now - item.started_at).total_seconds(), 0.0) for item in running if item.started_at is not None]
    # What runs for longer than usual is nearly done for all that is known, but not done.
    work = (left - len(begun)) * typical + sum(max(typical - seconds, typical / 10) for seconds in begun)
    return work / min(_parallelism(spans), left)


def _parallelism(spans: Sequence[ItemSpan]) -> float:
    """How many items were worked on at a time; below 1 where there were waits, as under a rate limit."""
    ordered = sorted(spans, key=lambda span: span.started_at)
    passed = 0.0
    until = ordered[0].started_at
    for span in ordered:
        gap = (span.started_at - until).total_seconds()
        if 0 < gap <= _LONGEST_GAP_SECONDS:
            passed += gap
        begins = max(span.started_at, until)
        if span.finished_at > begins:
            passed += (span.finished_at - begins).total_seconds()
            until = span.finished_at
    worked = sum(span.seconds for span in ordered)
    return max(worked, _SHORTEST_SECONDS) / max(passed, _SHORTEST_SECONDS)
