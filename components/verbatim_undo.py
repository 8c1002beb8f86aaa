"""Takes the last change of many responses back."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.frame import Viewer
from components.wiring import Services
from services.surveys.exploring.explorer import RunView
from services.surveys.label_models import LabelChange, ResponseLabel


@dataclass(frozen=True, slots=True)
class LastChange:
    """What the last change of many did.

    Attributes:
        changed: Keys of the texts whose correction it made, replaced or forgot.
        before: The corrections that these had.
    """

    words: str
    changed: tuple[str, ...]
    before: tuple[ResponseLabel, ...]


def draw_last_change(app: Services, person: Viewer, view: RunView) -> None:
    """Offer to take back the last change of many."""
    last: LastChange | None = st.session_state.get(f"{session_keys.VERBATIM_LAST}{view.run.id}")
    if last is None:
        return

    def take_back() -> str:
        restore(app, person, view.run.id, last)
        _forget_last(view.run.id)
        return f"{counted(len(last.changed), 'text')} as before."

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":green-badge[:material/check_circle: {last.words}]", width="content")
        action_button(
            "Take it back",
            take_back,
            key=f"{session_keys.VERBATIM_BUTTON}last.undo",
            icon=":material/undo:",
            help_text="Everything as it was before this change, earlier corrections too",
        )
        st.button(
            "Put away",
            key=f"{session_keys.VERBATIM_BUTTON}last.done",
            type="tertiary",
            on_click=_forget_last,
            args=(view.run.id,),
        )


def restore(app: Services, person: Viewer, run_id: str, last: LastChange) -> None:
    """Make the corrections of the texts what they were before a change."""
    labels, account, tenant_id = app.surveys.labels, person.account, person.tenant.id
    if last.changed:
        labels.undo(account, tenant_id, run_id, last.changed)
    alike: dict[tuple[object, object], list[ResponseLabel]] = {}
    for label in last.before:
        alike.setdefault((label.topics, label.sentiment), []).append(label)
    for same in alike.values():
        change = LabelChange(topics=same[0].topics, sentiment=same[0].sentiment)
        labels.correct(account, tenant_id, run_id, [label.text_key for label in same], change)


def corrections_of(app: Services, person: Viewer, view: RunView) -> dict[str, ResponseLabel]:
    """The corrections of the run's question by the keys of their texts."""
    labels = app.surveys.labels.corrections(person.tenant.id, view.run.survey_id, view.run.question)
    return {label.text_key: label for label in labels}


def remember(run_id: str, last: LastChange) -> None:
    """Keep what a change did; for callbacks."""
    st.session_state[f"{session_keys.VERBATIM_LAST}{run_id}"] = last


def _forget_last(run_id: str) -> None:
    st.session_state.pop(f"{session_keys.VERBATIM_LAST}{run_id}", None)
