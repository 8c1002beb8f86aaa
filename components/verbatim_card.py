"""One response: what was written, what was found in it and why, and what can be done about it."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.explore_words import OTHER_SENTENCES, review_sentence
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.times import ago
from components.verbatim_bulk import choose_text, chosen_texts
from components.verbatim_edit import draw_edit
from components.verbatim_markup import evidence_markdown, facts_line, is_cut, overall_badge, topic_badges
from components.verbatim_traces import draw_traces
from components.wiring import Services
from services.surveys.exploring.explorer import RunView
from services.surveys.exploring.models import Verbatim
from services.surveys.label_models import ResponseLabel

EDIT, FOUND = "edit", "found"


def draw_card(app: Services, person: Viewer, view: RunView, verbatim: Verbatim, label: ResponseLabel | None) -> None:
    """Draw the response.

    Args:
        label: What a person said about it, if anybody did.
    """
    name = f"{view.run.id}.{verbatim.row}"
    with st.container(border=True, gap="xsmall"):
        _draw_text(view, verbatim, name)
        _draw_why(verbatim, label)
        _draw_actions(app, person, view, verbatim, name)
        opened = opened_part(name)
        if opened == EDIT:
            draw_edit(app, person, view, verbatim, lambda: _open(name, None))
        elif opened == FOUND:
            draw_traces(app, person, view.run, verbatim.response_id)


def opened_part(name: str) -> str | None:
    """What is open below the card of that name."""
    row, part = st.session_state.get(session_keys.VERBATIM_OPEN, (None, None))
    return part if row == name else None


def _draw_text(view: RunView, verbatim: Verbatim, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="top", gap="small", wrap=False):
        pick = f"{session_keys.VERBATIM_FIELD}pick.{name}"
        st.session_state[pick] = verbatim.text_key in chosen_texts(view.run.id)
        st.checkbox(
            f"Select the response {verbatim.response_id}",
            key=pick,
            label_visibility="collapsed",
            on_change=lambda: choose_text(view.run.id, verbatim.text_key, wanted=bool(st.session_state[pick])),
        )
        whole_key = f"{session_keys.VERBATIM_FIELD}whole.{name}"
        whole = bool(st.session_state.get(whole_key))
        with st.container(gap="xsmall"):
            st.markdown(evidence_markdown(verbatim.text, verbatim.topics, whole=whole))
            if is_cut(verbatim.text, verbatim.topics):
                st.toggle(f"Show all {len(verbatim.text):,} characters", key=whole_key)
            badges = [topic_badges(verbatim)]
            if verbatim.sentiment is not None and len(verbatim.topics) != 1:
                badges.append(overall_badge(verbatim.sentiment))
            st.markdown(" ".join(badges))


def _draw_why(verbatim: Verbatim, label: ResponseLabel | None) -> None:
    if label is not None:
        st.markdown(
            f":blue-badge[:material/edit: Corrected or confirmed] :small[:gray[by {in_one_line(label.username)}, "
            f"{ago(label.labeled_at)}]]"
        )
    elif verbatim.review:
        st.markdown(f":orange-badge[:material/visibility: To be reviewed] :small[{review_sentence(verbatim.review)}]")
    if verbatim.other_reason is not None and not verbatim.topics:
        st.caption(OTHER_SENTENCES[verbatim.other_reason])
    st.caption(facts_line(verbatim))


def _draw_actions(app: Services, person: Viewer, view: RunView, verbatim: Verbatim, name: str) -> None:
    account, tenant_id, run_id, keys = person.account, person.tenant.id, view.run.id, [verbatim.text_key]
    labels = app.surveys.labels
    key = f"{session_keys.VERBATIM_BUTTON}{name}"
    opened = opened_part(name)
    with st.container(horizontal=True, gap="small"):
        _toggle_button("Correct", ":material/edit:", EDIT, name, opened)
        if verbatim.corrected:
            action_button(
                "Undo correction",
                lambda: f"{counted(labels.undo(account, tenant_id, run_id, keys), 'response')} as the run found it.",
                key=f"{key}.undo",
                icon=":material/undo:",
                kind="tertiary",
                help_text="What the run found holds again",
            )
        elif verbatim.sentiment is not None:
            action_button(
                "This is right",
                lambda: f"{counted(labels.confirm(account, tenant_id, run_id, keys), 'response')} confirmed.",
                key=f"{key}.confirm",
                icon=":material/check:",
                kind="tertiary",
                help_text="Keep what was found as your word; the next run learns from it",
            )
        _toggle_button("How was this found?", ":material/account_tree:", FOUND, name, opened)


def _toggle_button(label: str, icon: str, part: str, name: str, opened: str | None) -> None:
    st.button(
        "Close" if opened == part else label,
        key=f"{session_keys.VERBATIM_BUTTON}{name}.{part}",
        icon=":material/close:" if opened == part else icon,
        type="tertiary",
        on_click=_open,
        args=(name, None if opened == part else part),
    )


def _open(name: str, part: str | None) -> None:
    st.session_state[session_keys.VERBATIM_OPEN] = (name, part)
