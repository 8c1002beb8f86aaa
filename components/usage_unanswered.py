"""What people ask most that the knowledge base does not answer."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from components.frame import Viewer
from components.wiring import Services
from services.answers.feedback_models import CaseState, FeedbackFilter, FeedbackKind

CLUSTERS_LISTED = 8


def draw_unanswered(app: Services, person: Viewer, days: int) -> None:
    """The largest groups of declined questions that nobody has settled yet, and the way to settle them."""
    st.subheader("What can we not answer?", anchor=False)
    chosen = FeedbackFilter(
        days=days,
        kinds=frozenset({FeedbackKind.UNANSWERED}),
        states=frozenset({CaseState.OPEN, CaseState.IN_PROGRESS}),
    )
    overview = app.feedback.overview(person.account, person.tenant.id, chosen)
    if not overview.clusters:
        st.caption(":material/check: No declined question of this period is waiting for an answer.")
        return
    clusters = overview.clusters[:CLUSTERS_LISTED]
    st.dataframe(
        pd.DataFrame(
            {
                "Question": [cluster.question for cluster in clusters],
                "Asked": [len(cluster.cases) for cluster in clusters],
                "This week": [cluster.this_week for cluster in clusters],
                "Week before": [cluster.week_before for cluster in clusters],
            }
        ),
        hide_index=True,
        height="content",
        column_config={
            "Question": st.column_config.TextColumn(width="medium"),
            "Asked": st.column_config.NumberColumn(width="small", format="localized"),
            "This week": st.column_config.NumberColumn(width="small", format="localized"),
            "Week before": st.column_config.NumberColumn(width="small", format="localized"),
        },
    )
    more = len(overview.clusters) - len(clusters)
    st.page_link(
        "../pages/improve_answers.py",
        label=f"Write answers to these{f' and {more:,} more' if more else ''}",
        icon=":material/reviews:",
    )
