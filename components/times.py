"""Moments and durations in the words that people use."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, or from a week on the day, in the zone of the person's browser."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    for unit, length, most in (("minute", 60, 3600), ("hour", 3600, 86_400), ("day", 86_400, 7 * 86_400)):
        if seconds < most:
            count = int(seconds // length)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return day(moment.astimezone(browser_zone()).date())


def day(value: date) -> str:
    """A day, such as "Mar 2, 2026"."""
    return f"{value:%b} {value.day}, {value.year}"


def took(milliseconds: float) -> str:
    """A duration with one decimal, such as "0.2 s"."""
    return f"{max(milliseconds / 1000, 0.1):.1f} s"


def browser_zone() -> ZoneInfo:
    """The zone of the person's browser; UTC where it does not tell."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
