"""Check backends: whether each is configured, reachable, permitted, and its model active."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.backend_checks import draw_checks, draw_summary
from components.frame import viewer
from components.times import ago
from components.wiring import services

app, person = services(), viewer()

heading, beside = st.columns([3, 1], vertical_alignment="bottom")
with heading.container(gap=None):
    st.title("Check backends", anchor=False)
    st.caption("Whether everything that the app relies on can work now, and what to do where it cannot.")
with beside:
    again = st.button(
        "Check again", key=session_keys.CHECK_AGAIN_BUTTON, icon=":material/refresh:", type="primary", width="stretch"
    )

if again or session_keys.CHECK_REPORT not in st.session_state:
    with st.spinner("Asking every backend"):
        st.session_state[session_keys.CHECK_REPORT] = app.operations.checks.report_for(person.account)
report = st.session_state[session_keys.CHECK_REPORT]
st.caption(f":material/schedule: Checked {ago(report.at)}.")
draw_summary(report)
draw_checks(report)
