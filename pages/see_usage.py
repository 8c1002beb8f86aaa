"""See usage: what agents ask, what is answered, and which documents carry the answers."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.frame import viewer
from components.times import browser_zone
from components.usage_charts import draw_questions_by_day, draw_trust_by_day, draw_waits_by_day
from components.usage_documents import draw_most_cited, draw_never_cited, draw_soon_expiring
from components.usage_figures import PERIODS, draw_figures, draw_nothing_asked, period_name
from components.usage_unanswered import draw_unanswered
from components.wiring import services
from services.usage.reports import usage_csv

app, person = services(), viewer()

heading, beside = st.columns([2, 1], vertical_alignment="bottom")
with heading.container(gap=None):
    st.title("See usage", anchor=False)
    st.caption("What agents ask, what the knowledge base answers, and which documents carry it.")
with beside:
    days = st.segmented_control(
        "Period",
        PERIODS,
        default=PERIODS[1],
        required=True,
        format_func=period_name,
        key=session_keys.USAGE_DAYS,
        bind="query-params",
        label_visibility="collapsed",
        width="stretch",
    )

report = app.usage.report(person.account, person.tenant.id, days=days, zone=browser_zone())
if not report.figures.asked:
    draw_nothing_asked(report, period_name(days))
else:
    draw_figures(report)
    left, right = st.columns(2, gap="medium")
    with left:
        draw_questions_by_day(report)
        draw_unanswered(app, person, days)
    with right:
        draw_trust_by_day(report)
        draw_waits_by_day(report)
    st.download_button(
        "Download the figures per day",
        lambda: usage_csv(report),
        f"usage-{person.tenant.id}-{report.since}-{report.until}.csv",
        "text/csv",
        key=session_keys.USAGE_DOWNLOAD_BUTTON,
        icon=":material/download:",
    )

st.header("Documents", anchor=False)
left, right = st.columns(2, gap="medium")
with left:
    draw_soon_expiring(report)
    draw_most_cited(report)
with right:
    draw_never_cited(report, period_name(days))
