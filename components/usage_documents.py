"""Which documents carry the answers, which nobody needed, and which expire soon."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components.times import ago, day
from services.knowledge.models import DocumentEntry
from services.usage.models import UsageReport
from services.usage.reports import EXPIRING_DAYS


def draw_soon_expiring(report: UsageReport) -> None:
    """Documents that stop answering within a month."""
    st.subheader("What expires soon?", anchor=False)
    if not report.expiring:
        st.caption(f":material/check: No document expires within {EXPIRING_DAYS} days.")
        return
    _draw(report.expiring, "Last valid day", [_last_day(entry) for entry in report.expiring])


def draw_never_cited(report: UsageReport, period: str) -> None:
    """Documents that no answer quoted or showed."""
    st.subheader("What did nobody need?", anchor=False)
    if not report.document_count:
        st.caption("There are no documents in use yet.")
        return
    if not report.never_cited_count:
        st.caption(f":material/check: Every document was a source of at least one answer in the last {period}.")
        return
    st.caption(
        f"{report.never_cited_count:,} of {report.document_count:,} documents were a source of no answer in the last "
        f"{period}. Those changed longest ago come first: check whether they still hold."
    )
    _draw(report.never_cited, "Changed", [ago(entry.changed_at) for entry in report.never_cited])


def draw_most_cited(report: UsageReport) -> None:
    """Documents that most answers rest on."""
    if not report.most_cited:
        return
    st.subheader("What do most answers rest on?", anchor=False)
    st.dataframe(
        pd.DataFrame(report.most_cited, columns=["Document", "Answers"]),
        hide_index=True,
        column_config={
            "Document": st.column_config.TextColumn(width="medium"),
            "Answers": st.column_config.ProgressColumn(
                width="small", format="%d", min_value=0, max_value=max(count for _, count in report.most_cited)
            ),
        },
    )


def _draw(entries: Sequence[DocumentEntry], column: str, values: Sequence[str]) -> None:
    table = pd.DataFrame(
        {
            "Document": [entry.title for entry in entries],
            column: values,
            "Owner": [entry.details.owner or "–" for entry in entries],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            "Document": st.column_config.TextColumn(width="medium"),
            column: st.column_config.TextColumn(width="small"),
            "Owner": st.column_config.TextColumn(width="small"),
        },
    )


def _last_day(entry: DocumentEntry) -> str:
    return day(entry.details.valid_until) if entry.details.valid_until else "–"
