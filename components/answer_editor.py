"""The agent's own version of an answer: written in place, kept at every change, beside the draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from components import session_keys
from components.difference_view import draw_difference
from components.error_notice import show_error
from components.frame import Viewer
from services.access.models import Account
from services.answers.history import LONGEST_EDIT_CHARACTERS, AnswerHistory
from services.answers.models import Answer
from services.errors import AppError

_FIELD_HEIGHT_PIXELS = 180


def is_editing(answer: Answer) -> bool:
    """Whether this answer is open for editing in this tab."""
    return bool(st.session_state.get(session_keys.EDITING + answer.id))


def draw_edit_button(answer: Answer, *, newest: bool) -> None:
    """Draw the button that opens the editor."""
    st.button(
        "Edit" if answer.current_text else "Write an answer",
        key=session_keys.EDIT_BUTTON + answer.id,
        icon=":material/edit:",
        shortcut="Alt+W" if newest else None,
        on_click=_open,
        args=(answer,),
    )


def draw_editor(history: AnswerHistory, account: Account, answer: Answer) -> None:
    """Draw the field, the way out, and what was changed so far."""
    st.text_area(
        "Your version",
        value=answer.current_text,
        height=_FIELD_HEIGHT_PIXELS,
        max_chars=LONGEST_EDIT_CHARACTERS,
        key=session_keys.EDIT_FIELD + answer.id,
        placeholder="Write what you will tell the patient.",
        on_change=_save,
        args=(history, account, answer),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Done",
            key=session_keys.EDIT_DONE_BUTTON + answer.id,
            type="primary",
            icon=":material/check:",
            on_click=_close,
            args=(answer,),
        )
        st.caption("Kept when you leave the field, and over a reload. The draft stays beside it.")
    draw_changes(history, account, answer)


def draw_changes(history: AnswerHistory, account: Account, answer: Answer) -> None:
    """Draw what the agent's version changed of the draft, where there is one of each, and the way back."""
    if answer.edited_text is None or not answer.text:
        return
    with st.expander("What you changed", expanded=True, icon=":material/difference:"):
        draw_difference(answer.text, answer.edited_text)
        st.button(
            "Back to the draft",
            key=session_keys.EDIT_BACK_BUTTON + answer.id,
            icon=":material/undo:",
            type="tertiary",
            on_click=_back,
            args=(history, account, answer),
        )


def keep_unsaved_edits(
    history: AnswerHistory, person: Viewer, answers: Sequence[Answer], edits: Mapping[str, str]
) -> None:
    """Keep what was being typed when the page was loaded anew, and open its fields again; for callbacks.

    Args:
        answers: What the open conversation holds; of these it is known whether the text is kept already.
        edits: The texts by the ids of their answers.
    """
    kept = {answer.id: answer.current_text for answer in answers}
    for answer_id, text in edits.items():
        if kept.get(answer_id) == text:
            continue
        try:
            history.save_edit(person.account, person.tenant.id, answer_id, text)
        except AppError as error:
            show_error(error)
        else:
            st.session_state[session_keys.EDITING + answer_id] = True


def _open(answer: Answer) -> None:
    st.session_state[session_keys.EDITING + answer.id] = True


def _close(answer: Answer) -> None:
    st.session_state[session_keys.EDITING + answer.id] = False


def _save(history: AnswerHistory, account: Account, answer: Answer) -> None:
    try:
        text = st.session_state[session_keys.EDIT_FIELD + answer.id]
        history.save_edit(account, answer.tenant_id, answer.id, text)
    except AppError as error:
        show_error(error)


def _back(history: AnswerHistory, account: Account, answer: Answer) -> None:
    history.save_edit(account, answer.tenant_id, answer.id, answer.text)
    st.session_state.pop(session_keys.EDIT_FIELD + answer.id, None)
    _close(answer)
