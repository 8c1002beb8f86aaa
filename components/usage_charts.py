"""Charts of a period, each under the question that it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from services.usage.models import UsageReport

# From a quarter on, weeks are legible and days are not.
DAYS_SHOWN_SINGLY = 45


def draw_questions_by_day(report: UsageReport) -> None:
    """How many came, and what became of them."""
    st.subheader("How many questions came, and were they answered?", anchor=False)
    table = _table(
        report,
        {
            "Draft": [entry.figures.drafted for entry in report.days],
            "Sources only": [entry.figures.sources_only for entry in report.days],
            "Not found": [entry.figures.declined for entry in report.days],
            "Error": [entry.figures.failed for entry in report.days],
        },
    )
    colors = {"Draft": "primary", "Sources only": "blue", "Not found": "orange", "Error": "red"}
    _draw_bars(table, colors, "questions", 380)


def draw_trust_by_day(report: UsageReport) -> None:
    """Whether agents rate answers up or down."""
    st.subheader("Do agents find the answers helpful?", anchor=False)
    table = _table(
        report,
        {
            "Rated up": [entry.figures.rated_up for entry in report.days],
            "Rated down": [entry.figures.rated_down for entry in report.days],
        },
    )
    if not table.to_numpy().any():
        st.caption("No answer of this period was rated.")
        return
    _draw_bars(table, {"Rated up": "green", "Rated down": "red"}, "ratings", 165)


def draw_waits_by_day(report: UsageReport) -> None:
    """How long agents wait for an answer."""
    st.subheader("How long do agents wait?", anchor=False)
    waits = pd.DataFrame(
        {
            "Half": [_seconds(entry.figures.median_ms) for entry in report.days],
            "95 in 100": [_seconds(entry.figures.p95_ms) for entry in report.days],
        },
        index=pd.to_datetime([entry.day for entry in report.days]),
    )
    _draw_line(waits.dropna())
    seconds = report.figures.median_seconds_to_copy
    if seconds is not None:
        st.caption(f"From the question until the answer was copied: half within {_duration(seconds)}.")


def _draw_bars(table: pd.DataFrame, colors: Mapping[str, str], unit: str, height: int) -> None:
    shown = [name for name in colors if table[name].any()]
    st.bar_chart(
        table.reset_index(),
        x="day",
        y=shown,
        color=[colors[name] for name in shown],
        x_label="",
        y_label=unit,
        sort=False,
        height=height,
    )


def _draw_line(table: pd.DataFrame) -> None:
    st.line_chart(table, color=["primary", "orange"], x_label="", y_label="seconds", height=165)


def _seconds(milliseconds: float | None) -> float | None:
    return milliseconds / 1000 if milliseconds is not None else None


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def _table(report: UsageReport, columns: Mapping[str, Sequence[int]]) -> pd.DataFrame:
    table = pd.DataFrame(columns, index=pd.to_datetime([entry.day for entry in report.days]))
    if len(table) > DAYS_SHOWN_SINGLY:
        table = table.resample("W-MON", label="left", closed="left").sum()
    # Words instead of times: one bar per day, with no hours between them.
    table.index = pd.Index([f"{moment:%b} {moment.day}" for moment in table.index], name="day")
    return table
