"""The curated answers of a tenant: find, write, edit and delete them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from components import session_keys
from components.curated_form import draw_curated_form, forget_form, written_words
from components.document_words import counted
from components.error_notice import show_error
from components.frame import Viewer
from components.markdown_text import in_one_line, plain
from components.times import ago, day
from components.wiring import Services
from services.errors import AppError
from services.knowledge.curated import CuratedAnswer
from services.knowledge.curated_words import CuratedWords
from services.knowledge.models import DocumentState

SHOWN_AT_FIRST = 15
NEW = "new"
_STATE_BADGES = {
    DocumentState.UPCOMING: ":blue-badge[:material/event_upcoming: Not yet]",
    DocumentState.EXPIRED: ":orange-badge[:material/event_busy: Expired]",
    DocumentState.DISABLED: ":gray-badge[:material/visibility_off: Disabled]",
}


def draw_curated_answers(app: Services, person: Viewer) -> None:
    """Draw the search, the list, and the form of the one that is open."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search",
            key=session_keys.CURATED_SEARCH,
            persist_state="session",
            placeholder="Search answers and phrasings",
            label_visibility="collapsed",
            icon=":material/search:",
        )
        st.button(
            "Write a curated answer",
            key=session_keys.CURATED_NEW_BUTTON,
            icon=":material/add:",
            on_click=_open,
            args=(NEW, 0),
        )
    opened = st.session_state.get(session_keys.CURATED_OPEN)
    if opened == NEW:
        with st.container(border=True):
            _draw_form(app, person, NEW, CuratedWords("", ()))
    found = app.curated.list_answers(person.account, person.tenant.id, words)
    if not found:
        if opened != NEW:
            _draw_none(words)
        return
    shown = st.session_state.get(session_keys.CURATED_SHOWN, SHOWN_AT_FIRST)
    st.caption(f"{counted(len(found), 'curated answer')}, the last changed first.")
    for curated in found[:shown]:
        with st.container(border=True, gap="xsmall"):
            if curated.document_id == opened:
                _draw_form(app, person, curated.document_id, curated.words)
            else:
                _draw_entry(app, person, curated)
    if len(found) > shown:
        st.button(
            f"Show more ({len(found) - shown:,})",
            key=session_keys.CURATED_MORE_BUTTON,
            type="tertiary",
            icon=":material/expand_more:",
            on_click=_show_more,
            args=(shown,),
        )


def _draw_none(words: str) -> None:
    if words.strip():
        st.info("**Nothing found.**  \nTry fewer words, or another spelling.", icon=":material/search_off:")
    else:
        st.info(
            "**There are no curated answers yet.**  \nWrite one here, or from a group of questions under To improve. "
            "Each way to ask is found by its own meaning.",
            icon=":material/edit_note:",
        )


def _draw_entry(app: Services, person: Viewer, curated: CuratedAnswer) -> None:
    words = curated.words
    badge = _STATE_BADGES.get(curated.state)
    st.markdown(f"**{in_one_line(curated.title)}**{f' {badge}' if badge else ''}")
    st.markdown(plain(words.text))
    others = len(words.phrasings) - 1
    if others:
        with st.expander(f"Also asked in {counted(others, 'other way')}", icon=":material/forum:"):
            st.markdown("\n".join(f"- {in_one_line(phrasing)}" for phrasing in words.phrasings[1:]))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_facts(curated))
        st.button(
            "Edit",
            key=session_keys.CURATED_EDIT_BUTTON + curated.document_id,
            icon=":material/edit:",
            type="tertiary",
            on_click=_open,
            args=(curated.document_id, curated.version),
        )
        with st.popover("Delete", icon=":material/delete:", type="tertiary"):
            st.markdown("It stops answering at once. Answers that were given keep their source.")
            st.button(
                "Delete it",
                key=session_keys.CURATED_DELETE_BUTTON + curated.document_id,
                icon=":material/delete:",
                type="primary",
                on_click=_act,
                args=(
                    curated.document_id,
                    lambda: app.curated.delete(person.account, person.tenant.id, curated.document_id),
                    "Deleted.",
                ),
            )
    _draw_failure(curated.document_id)


def _facts(curated: CuratedAnswer) -> str:
    words = curated.words
    parts = [f"Version {curated.version}", f"changed {ago(curated.changed_at)}"]
    if words.owner:
        parts.append(f"owner {in_one_line(words.owner)}")
    if words.valid_from:
        parts.append(f"from {day(words.valid_from)}")
    if words.valid_until:
        parts.append(f"until {day(words.valid_until)}")
    return " · ".join(parts)


def _draw_form(app: Services, person: Viewer, form_id: str, initial: CuratedWords) -> None:
    draw_curated_form(form_id, initial)
    _draw_failure(form_id)
    with st.container(horizontal=True):
        st.button(
            "Save",
            key=session_keys.CURATED_SAVE_BUTTON + form_id,
            type="primary",
            icon=":material/save:",
            on_click=_act,
            args=(form_id, lambda: _save(app, person, form_id), "Saved. It answers as soon as it is published."),
        )
        st.button(
            "Cancel",
            key=session_keys.CURATED_CANCEL_BUTTON + form_id,
            type="tertiary",
            icon=":material/close:",
            on_click=_close,
            args=(form_id,),
        )


def _save(app: Services, person: Viewer, form_id: str) -> None:
    words = written_words(form_id)
    if form_id == NEW:
        app.curated.add(person.account, person.tenant.id, words)
    else:
        base = st.session_state[session_keys.CURATED_BASE + form_id]
        app.curated.edit(person.account, person.tenant.id, form_id, words, expected_version=base)
    _close(form_id)


def _open(form_id: str, version: int) -> None:
    st.session_state[session_keys.CURATED_OPEN] = form_id
    st.session_state[session_keys.CURATED_BASE + form_id] = version


def _close(form_id: str) -> None:
    forget_form(form_id)
    st.session_state.pop(session_keys.CURATED_OPEN, None)


def _show_more(shown: int) -> None:
    st.session_state[session_keys.CURATED_SHOWN] = shown + SHOWN_AT_FIRST


def _act(form_id: str, action: Callable[[], None], done: str) -> None:
    try:
        action()
    except AppError as error:
        st.session_state[session_keys.CLUSTER_FAILURE + form_id] = error
    else:
        st.toast(done, icon=":material/check:")


def _draw_failure(form_id: str) -> None:
    error = st.session_state.pop(session_keys.CLUSTER_FAILURE + form_id, None)
    if error is not None:
        show_error(error)
