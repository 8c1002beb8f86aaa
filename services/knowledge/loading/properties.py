"""What documents say about themselves: addresses and dates, checked before they are believed."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from services.knowledge.loading.blocks import one_line
from services.knowledge.models import LoadFailure

_LONGEST_URL = 2_000


def checked_url(value: str) -> str | None:
    """The address if it is one that a browser may be sent to (http or https), else None."""
    url = one_line(value)
    if not url or len(url) > _LONGEST_URL or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def checked_date(value: str) -> date | None:
    """The date if it is written as ``2025-12-31`` (a time behind it is ignored), else None."""
    try:
        return date.fromisoformat(one_line(value)[:10])
    except ValueError:
        return None


def url_warning(source_name: str, place: str = "") -> LoadFailure:
    """The warning for an address that was not taken over."""
    return LoadFailure(
        source_name,
        "bad-url",
        f"{place}The address (url) is not a web address, so it was left out.",
        "Write it in full, starting with https://.",
    )


def date_warning(source_name: str, field: str) -> LoadFailure:
    """The warning for a date that was not taken over."""
    return LoadFailure(
        source_name,
        "bad-date",
        f"The date in “{field}” could not be read, so it was left out.",
        "Write dates as year, month, day: 2025-12-31.",
    )
