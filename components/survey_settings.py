"""Name, earlier wave and deletion of a survey."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.frame import Viewer
from components.knowledge_window import confirm
from components.markdown_text import in_one_line
from components.survey_link import close_survey
from components.taxonomy_drafts import drafts, new_name
from components.wiring import Services
from services.surveys.library import LONGEST_TITLE_CHARACTERS
from services.surveys.survey_models import Survey

_FIELD = session_keys.SURVEY_FIELD
_BUTTON = session_keys.SURVEY_BUTTON


def draw_settings(app: Services, person: Viewer, survey: Survey) -> None:
    """Draw the fields and the buttons."""
    library, tenant_id = app.surveys.library, person.tenant.id
    others = {one.id: one for one in library.list(tenant_id) if one.id != survey.id}
    name, wave = st.columns(2)
    title = name.text_input(
        "Name of the survey",
        value=survey.title,
        key=f"{_FIELD}title.{survey.id}",
        max_chars=LONGEST_TITLE_CHARACTERS,
        persist_state="session",
    )
    earlier_id = wave.selectbox(
        "Earlier wave",
        list(others),
        index=list(others).index(survey.earlier_wave_id) if survey.earlier_wave_id in others else None,
        format_func=lambda survey_id: others[survey_id].title if survey_id in others else "",
        key=f"{_FIELD}wave.{survey.id}",
        placeholder="None: this is the first wave",
        help="The survey that asked the same before; results can be compared with its results.",
    )

    def save() -> str:
        value = st.session_state.get  # as it is at the click
        library.update(
            person.account,
            tenant_id,
            survey.id,
            title=value(f"{_FIELD}title.{survey.id}", survey.title),
            earlier_wave_id=value(f"{_FIELD}wave.{survey.id}"),
        )
        return "Saved."

    with st.container(horizontal=True):
        action_button(
            "Save",
            save,
            key=f"{_BUTTON}save.{survey.id}",
            icon=":material/save:",
            disabled=(title, earlier_id) == (survey.title, survey.earlier_wave_id),
            redraws_page=True,
        )
        action_button(
            "Delete survey",
            lambda: _ask_before_deleting(app, person, survey),
            key=f"{_BUTTON}delete.{survey.id}",
            icon=":material/delete:",
            kind="tertiary",
            redraws_page=True,
        )


def _ask_before_deleting(app: Services, person: Viewer, survey: Survey) -> None:
    runs = len(app.surveys.runs.list(person.tenant.id, survey.id))

    def delete() -> str:
        app.surveys.library.delete(person.account, person.tenant.id, survey.id)
        drafts().forget(person, new_name(survey.id))  # it may show responses
        close_survey()
        return f"Deleted “{in_one_line(survey.title, 80)}”."

    confirm(
        "Delete this survey?",
        f"**{in_one_line(survey.title)}** with its {counted(survey.facts.row_count, 'response')}, "
        f"{counted(runs, 'run')}, corrections and gold labels will be gone for everybody. Taxonomies stay. This "
        "cannot be undone.",
        "Delete survey",
        delete,
        icon=":material/delete:",
    )
