"""Replace backgrounds: a marketer gives a whole batch of product photos new backgrounds."""

from __future__ import annotations

import streamlit as st

from components.batch_actions import draw_outcome
from components.batch_link import opened_batch, settle_address
from components.batch_list import draw_batches
from components.batch_page import draw_back_button, draw_batch
from components.frame import viewer
from components.knowledge_window import draw_notice, draw_open_window
from components.wiring import services

app, person = services(), viewer()
settle_address(person.tenant.id)

batch_id = opened_batch()

heading, beside = st.columns([4, 1], vertical_alignment="bottom")
with heading.container(gap=None):
    st.title("Replace backgrounds", anchor=False)
    st.caption("Give a whole batch of product photos new backgrounds; the products stay as they are.")
if batch_id is not None:
    with beside.container(horizontal=True, horizontal_alignment="right"):
        draw_back_button()
draw_notice()

if batch_id is not None:
    draw_batch(app, person, batch_id)
else:
    draw_outcome()
    draw_batches(app, person)
draw_open_window()
