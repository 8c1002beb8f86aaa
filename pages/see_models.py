"""Models and spend: which model does what, what there is to choose from, and what it all costs."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.frame import viewer
from components.model_capabilities import draw_capabilities
from components.model_catalogue import draw_catalogue
from components.model_spend import draw_spend
from components.model_trial import draw_model_trial
from components.wiring import services

NOW, SPEND, TRY, CATALOGUE = "In use", "Spend", "Try a prompt", "Catalogue"

app, person = services(), viewer()

with st.container(gap=None):
    st.title("Models and spend", anchor=False)
    st.caption("Which model serves what, what it costs, and what else there is.")

labels = [NOW, SPEND, TRY, CATALOGUE]
for label, tab in zip(labels, st.tabs(labels, key=session_keys.MODELS_TAB, bind="query-params"), strict=True):
    # Only what is open is drawn: some tabs ask AWS something.
    if tab.open:
        with tab:
            if label == SPEND:
                draw_spend(app, person)
                continue
            overview = app.operations.catalogue.overview(person.account)
            if label == NOW:
                draw_capabilities(overview)
            elif label == TRY:
                draw_model_trial(app, person, overview)
            else:
                draw_catalogue(app, person, overview)
