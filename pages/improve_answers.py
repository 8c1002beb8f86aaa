"""Improve answers: what was answered badly or not at all, grouped by meaning, becomes curated answers."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.curated_list import draw_curated_answers
from components.feedback_export import draw_export
from components.feedback_queue import draw_queue, forget_other_tenant
from components.frame import viewer
from components.wiring import services
from services.access.permissions import require_admin

TO_IMPROVE, CURATED, EXPORT = "To improve", "Curated answers", "Export"

app, person = services(), viewer()
require_admin(person.account, person.tenant.id)
forget_other_tenant(person.tenant.id)

with st.container(gap=None):
    st.title("Improve answers", anchor=False)
    st.caption(
        "What was answered badly or not at all, grouped by meaning: write the answer, fix the document, or close it."
    )

labels = [TO_IMPROVE, CURATED, EXPORT]
tabs = st.tabs(labels, key=session_keys.IMPROVE_TAB, bind="query-params")
for label, tab in zip(labels, tabs, strict=True):
    if tab.open:
        with tab:
            if label == CURATED:
                draw_curated_answers(app, person)
            elif label == EXPORT:
                draw_export(app, person)
            else:
                draw_queue(app, person)
