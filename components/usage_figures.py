"""The figures of a period at a glance, each beside the period before."""

from __future__ import annotations

import streamlit as st

from components.times import took
from services.usage.models import UsageReport

PERIODS = (7, 30, 90)


def period_name(days: int) -> str:
    """What a period is called on the screen."""
    return f"{days} days"


def draw_nothing_asked(report: UsageReport, period: str) -> None:
    """What there is to say when nobody asked anything."""
    st.info(
        f"**Nobody asked a question in the last {period}.**  \nFigures appear here as soon as agents ask. "
        "Choose a longer period to look further back.",
        icon=":material/hourglass_empty:",
    )
    if report.before.asked:
        st.caption(f"In the {period} before, agents asked {report.before.asked:,} questions.")


def draw_figures(report: UsageReport) -> None:
    """Five figures with the change against the period before."""
    now, before = report.figures, report.before
    with st.container(horizontal=True, gap="small"):
        _metric("Questions", f"{now.asked:,}", _change(now.asked, before.asked), "What agents asked in this period.")
        _metric(
            "Answered",
            _percent(now.answered_share),
            _points(now.answered_share, before.answered_share),
            f"A draft or sources were shown. {now.declined:,} were declined, {now.failed:,} ended in an error.",
        )
        _metric(
            "Rated helpful",
            _percent(now.up_share),
            _points(now.up_share, before.up_share),
            f"Of {now.rated_up + now.rated_down:,} rated answers.",
        )
        _metric(
            "Edited",
            _percent(now.edited_share),
            _points(now.edited_share, before.edited_share),
            f"Of {now.copied:,} answers that agents copied, those changed before.",
            good_when_lower=True,
        )
        _metric(
            "Time to answer",
            took(now.median_ms) if now.median_ms is not None else "–",
            None,
            f"Half of the answers came faster; 95 in 100 came within {took(now.p95_ms or 0)}.",
        )


def _metric(label: str, value: str, change: str | None, explanation: str, *, good_when_lower: bool = False) -> None:
    st.metric(
        label,
        value,
        change,
        help=explanation,
        border=True,
        delta_color="inverse" if good_when_lower else "normal",
        width=152,
    )


def _percent(share: float | None) -> str:
    return f"{share:.0%}" if share is not None else "–"


def _points(share: float | None, before: float | None) -> str | None:
    if share is None or before is None:
        return None
    points = round((share - before) * 100)
    return f"{points:+d} points" if points else None


def _change(count: int, before: int) -> str | None:
    return f"{count - before:+,}" if before and count != before else None
