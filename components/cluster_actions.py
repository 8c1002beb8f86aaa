"""What to do about a group of questions: write the answer, fix the document, or close it with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from components import session_keys
from components.curated_form import draw_curated_form, forget_form, written_words
from components.document_words import counted
from components.error_notice import show_error
from components.feedback_words import CLOSE, FIX, REASONS, WRITE
from components.frame import Viewer, tenant_address
from components.markdown_text import in_one_line
from components.places_to_fix import MANAGE_PAGE, draw_places_to_fix
from components.wiring import Services
from services.answers.feedback import LONGEST_OUTCOME_CHARACTERS
from services.answers.feedback_models import CaseState, CloseReason, FeedbackCase, QuestionCluster
from services.answers.feedback_suggestions import suggest_phrasings
from services.answers.models import Answer
from services.errors import AppError, ConflictError
from services.knowledge.curated_words import CuratedWords

_ICONS = {WRITE: ":material/edit_note:", FIX: ":material/build:", CLOSE: ":material/block:"}
_SETTLED = {CaseState.RESOLVED, CaseState.DISMISSED}


def draw_cluster_actions(
    app: Services,
    person: Viewer,
    cluster: QuestionCluster,
    included: Sequence[FeedbackCase],
    answers: Sequence[Answer],
    form_id: str,
) -> None:
    """Draw the actions.

    Args:
        included: The cases that actions apply to.
        answers: Answers of the cases on the screen.
        form_id: What the text of a curated answer in the making is kept under.
    """
    cases = [case for case in included if case.state not in _SETTLED]
    _draw_begun(app, person, cluster, included)
    if not cases:
        if not included:
            st.info("Every question is taken out of the group: mark those that ask the same.", icon=":material/info:")
        return
    action = st.segmented_control(
        "What to do",
        [WRITE, FIX, CLOSE],
        # In the primary color, which is the default of what is chosen, the words would be too faint on dark.
        format_func=lambda name: f":gray[{_ICONS[name]} {name}]",
        key=session_keys.CLUSTER_ACTION + cluster.id,
        persist_state="session",
        label_visibility="collapsed",
    )
    if action is not None:
        with st.container(border=True):
            if action == WRITE:
                _draw_writing(app, person, cluster, cases, form_id)
            elif action == FIX:
                draw_places_to_fix(app, person, cases, answers, session_keys.CLUSTER_FAILURE + cluster.id)
            else:
                _draw_closing(app, person, cluster, cases)
    _draw_failure(cluster)


def _draw_begun(app: Services, person: Viewer, cluster: QuestionCluster, included: Sequence[FeedbackCase]) -> None:
    """Say what was done before, where something was, and offer to take it back."""
    begun = [case for case in included if case.state is not CaseState.OPEN]
    if not begun:
        return
    outcomes = list(dict.fromkeys(case.record.outcome for case in begun if case.record.outcome))
    words = " · ".join(in_one_line(outcome, 120) for outcome in outcomes[:2])
    waiting = any(case.state is CaseState.IN_PROGRESS and case.record.document_id for case in begun)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if waiting:
            st.markdown(f":material/hourglass_top: **{words}** answers this as soon as it is published.")
            st.page_link(
                MANAGE_PAGE,
                label="Publish",
                icon=":material/publish:",
                query_params=tenant_address(person),
            )
        elif words:
            st.markdown(f":material/task_alt: {words}")
        st.button(
            "Reopen",
            key=session_keys.REOPEN_BUTTON + cluster.id,
            icon=":material/undo:",
            type="tertiary",
            on_click=_act,
            args=(
                cluster,
                lambda: app.feedback.reopen(person.account, person.tenant.id, begun),
                f"Reopened {counted(len(begun), 'question')}.",
            ),
        )


def _draw_writing(
    app: Services, person: Viewer, cluster: QuestionCluster, cases: Sequence[FeedbackCase], form_id: str
) -> None:
    suggested = suggest_phrasings(cluster.question, cases)
    title = suggested[0].text if suggested else ""
    offered = draw_curated_form(form_id, CuratedWords("", (title,)), suggested[1:])
    st.button(
        f"Save for {counted(len(cases), 'question')}",
        key=session_keys.CURATED_SAVE_BUTTON + cluster.id,
        type="primary",
        icon=":material/save:",
        on_click=_act,
        args=(
            cluster,
            lambda: _save(app, person, cases, form_id, offered),
            "Saved. It answers as soon as it is published.",
        ),
    )


def _save(app: Services, person: Viewer, cases: Sequence[FeedbackCase], form_id: str, offered: Sequence[str]) -> None:
    saved = app.curated.add(person.account, person.tenant.id, written_words(form_id, offered))
    forget_form(form_id)
    try:
        app.feedback.answered_by(person.account, person.tenant.id, cases, saved.document_id, saved.version)
    except ConflictError as error:
        raise ConflictError(
            "The curated answer is saved, but somebody else worked on these questions in the meantime.",
            code=error.code,
            remedy="Look at what they did. Your answer stands under Curated answers.",
        ) from error


def _draw_closing(app: Services, person: Viewer, cluster: QuestionCluster, cases: Sequence[FeedbackCase]) -> None:
    reason = st.pills(
        "Why?",
        list(REASONS),
        format_func=lambda reason: f":gray[{REASONS[reason]}]",
        wrap=True,
        key=session_keys.CLOSE_REASON + cluster.id,
        persist_state="session",
    )
    st.text_input(
        "Words for the agents who reported it",
        key=session_keys.CLOSE_COMMENT + cluster.id,
        max_chars=LONGEST_OUTCOME_CHARACTERS,
        persist_state="session",
        placeholder="They read this under their answer. Optional, but for another reason.",
    )
    st.button(
        f"Close {counted(len(cases), 'question')}",
        key=session_keys.CLOSE_BUTTON + cluster.id,
        type="primary",
        icon=":material/block:",
        disabled=reason is None,
        on_click=_act,
        args=(cluster, lambda: _close(app, person, cluster, cases), f"Closed {counted(len(cases), 'question')}."),
    )


def _close(app: Services, person: Viewer, cluster: QuestionCluster, cases: Sequence[FeedbackCase]) -> None:
    # Read here: what was typed just before the click is not known to the run that drew the button.
    reason = st.session_state.get(session_keys.CLOSE_REASON + cluster.id) or CloseReason.OTHER
    comment = st.session_state.get(session_keys.CLOSE_COMMENT + cluster.id) or ""
    app.feedback.close(person.account, person.tenant.id, cases, reason, comment)


def _act(cluster: QuestionCluster, action: Callable[[], None], done: str) -> None:
    """Do it before the page is drawn again; what went wrong is shown beside the button."""
    try:
        action()
    except AppError as error:
        st.session_state[session_keys.CLUSTER_FAILURE + cluster.id] = error
    else:
        st.toast(done, icon=":material/check:")


def _draw_failure(cluster: QuestionCluster) -> None:
    error = st.session_state.pop(session_keys.CLUSTER_FAILURE + cluster.id, None)
    if error is not None:
        show_error(error)
