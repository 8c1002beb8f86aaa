"""Check quality: an admin tries questions, keeps golden ones, and holds a draft against what answers now."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.frame import viewer
from components.golden_comparison import COMPARE_TAB, draw_comparison
from components.golden_table import GOLDEN_TAB, draw_golden_questions
from components.knowledge_window import draw_notice, draw_open_window
from components.question_trial import TRY_TAB, draw_question_trial
from components.wiring import services

app, person = services(), viewer()

with st.container(gap=None):
    st.title("Check quality", anchor=False)
    st.caption("See what a question finds and why, and prove that a draft answers better before agents use it.")

versions = app.quality.versions(person.account, person.tenant.id)
draw_notice()
if versions.live is None and versions.draft is None:
    st.info(
        f"**{person.tenant.name} has no knowledge base yet.**  \nLoad documents and build a version under “Manage "
        "knowledge”. Then you can check here what it answers.",
        icon=":material/library_books:",
    )
else:
    trial, golden, comparison = st.tabs(
        [TRY_TAB, GOLDEN_TAB, COMPARE_TAB], key=session_keys.QUALITY_TAB, bind="query-params"
    )
    # Only what is open is drawn: each tab asks the knowledge base something.
    if trial.open:
        with trial:
            draw_question_trial(app, person, versions)
    elif golden.open:
        with golden:
            draw_golden_questions(app, person, versions)
    else:
        with comparison:
            draw_comparison(app, person, versions)
draw_open_window()
