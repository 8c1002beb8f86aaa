"""The passages that bad answers rest on, and the way to the document at that place."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.frame import Viewer, tenant_address
from components.markdown_text import in_one_line
from components.wiring import Services
from services.answers.feedback_models import FeedbackCase, PlaceToFix
from services.answers.feedback_suggestions import places_to_fix
from services.answers.models import Answer
from services.errors import AppError

MANAGE_PAGE = "../pages/manage_knowledge.py"
_LONGEST_EXCERPT_CHARACTERS = 320


def draw_places_to_fix(
    app: Services, person: Viewer, cases: Sequence[FeedbackCase], answers: Sequence[Answer], failure: str
) -> None:
    """Draw the passages.

    Args:
        cases: The cases that a revised document settles.
        answers: The answers that the passages are taken from.
        failure: Session key of the error that the next run shows.
    """
    places = places_to_fix(answers)
    if not places:
        st.markdown("No passage was found for these questions: write the answer here, or add a document.")
        st.page_link(MANAGE_PAGE, label="Add a document", icon=":material/note_add:", query_params=_address(person))
        return
    st.caption("Open the document at the place, change it, and publish. Until then the questions are in progress.")
    for number, place in enumerate(places):
        with st.container(border=True, gap="xsmall"):
            section = f" › {in_one_line(place.section)}" if place.section else ""
            st.markdown(f"**{in_one_line(place.title)}{section}**")
            st.markdown(in_one_line(place.text, _LONGEST_EXCERPT_CHARACTERS))
            st.caption(f"Version {place.document_version} · in {counted(place.answer_count, 'answer')}")
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.page_link(
                    MANAGE_PAGE,
                    label="Open at this place",
                    icon=":material/edit_document:",
                    query_params=_address(person, place),
                )
                st.button(
                    f"I revise it for {counted(len(cases), 'question')}",
                    key=f"{session_keys.REVISE_BUTTON}{cases[0].answer_id}.{number}",
                    icon=":material/hourglass_top:",
                    on_click=_revise,
                    args=(app, person, cases, place, failure),
                )


def _address(person: Viewer, place: PlaceToFix | None = None) -> dict[str, str]:
    address = tenant_address(person)
    if place is not None:
        address |= {session_keys.OPEN_DOCUMENT: place.document_id, session_keys.DOCUMENT_PLACE: str(place.start)}
    return address


def _revise(app: Services, person: Viewer, cases: Sequence[FeedbackCase], place: PlaceToFix, failure: str) -> None:
    try:
        app.feedback.answered_by(person.account, person.tenant.id, cases, place.document_id)
    except AppError as error:
        st.session_state[failure] = error
    else:
        st.toast("In progress until the revised document is published.", icon=":material/hourglass_top:")
