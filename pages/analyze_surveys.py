"""Analyze surveys: an analyst gets topics and sentiment out of open-ended responses."""

from __future__ import annotations

import streamlit as st

from components.batch_actions import draw_outcome
from components.frame import viewer
from components.knowledge_window import draw_notice, draw_open_window
from components.survey_link import opened_survey, settle_address
from components.survey_list import draw_surveys
from components.survey_page import draw_back_button, draw_survey
from components.wiring import services

app, person = services(), viewer()
settle_address(person.tenant.id)

survey_id = opened_survey()

heading, beside = st.columns([4, 1], vertical_alignment="bottom")
with heading.container(gap=None):
    st.title("Analyze surveys", anchor=False)
    st.caption("Find topics and sentiment in what people wrote, see why, correct it, and compare.")
if survey_id is not None:
    with beside.container(horizontal=True, horizontal_alignment="right"):
        draw_back_button()
draw_notice()

if survey_id is not None:
    draw_survey(app, person, survey_id)
else:
    draw_outcome()
    draw_surveys(app, person)
draw_open_window()
