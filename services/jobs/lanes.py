"""The limits of backends, as an administrator writes them, and which of them an item falls under."""

from __future__ import annotations

import re

from services.errors import ConfigurationError
from services.jobs.models import Job, JobItem, LaneLimit
from services.ports.jobs import JobKind, UsesLanes

_LIMIT = re.compile(
    r"(?P<name>[a-z][a-z0-9_-]{0,31})=(?P<at_once>\d+)?(?:,(?P<starts>\d+)/(?P<seconds>\d+(?:\.\d+)?))?"
)
_LONGEST_PERIOD_SECONDS = 3600.0


def parse_lane_limits(text: str) -> dict[str, LaneLimit]:
    """Limits by backend from a text such as ``bedrock=4,30/60; openai=8; rekognition=,5/1``.

    After the name stands how many items may run at once over all workers, then, after a comma, how many may begin
    within how many seconds; either may be left out, not both.

    Raises:
        ConfigurationError: the text cannot be read so.
    """
    limits: dict[str, LaneLimit] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = _LIMIT.fullmatch(re.sub(r"\s+", "", part))
        if match is None:
            raise _unreadable(part)
        at_once, starts = (int(match[name]) if match[name] else None for name in ("at_once", "starts"))
        seconds = float(match["seconds"] or 60)
        if at_once == 0 or starts == 0 or (at_once, starts) == (None, None) or match["name"] in limits:
            raise _unreadable(part)
        if not 0 < seconds <= _LONGEST_PERIOD_SECONDS:
            raise _unreadable(part)
        limits[match["name"]] = LaneLimit(at_once, starts, seconds)
    return limits


def lane_of(kind: JobKind | None, job: Job, item: JobItem) -> str:
    """The lane that the kind names for the item; empty for none."""
    return (kind.lane(job, item) or "") if isinstance(kind, UsesLanes) else ""


def _unreadable(part: str) -> ConfigurationError:
    return ConfigurationError(
        f"FRONTLINE_LANE_LIMITS: {part!r} is not a limit.",
        code="invalid-setting",
        remedy="Write bedrock=4,30/60 for 4 at once and 30 begun within 60 seconds; a semicolon between two limits.",
    )
