"""The questions of a group with the answers they got: the draft, what the agent made of it, and why it was reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from components import session_keys
from components.difference_view import draw_difference
from components.feedback_words import KINDS, STATES, WRITE
from components.markdown_text import in_one_line, plain
from components.rating_control import REASON_WORDS
from components.times import ago
from services.answers.feedback_models import CaseState, FeedbackCase, FeedbackKind, QuestionCluster
from services.answers.history import RatingReason
from services.answers.models import Answer, Band

SHOWN_AT_FIRST = 5
_LONGEST_LABEL_CHARACTERS = 90


def shown_cases(cluster: QuestionCluster) -> Sequence[FeedbackCase]:
    """The cases whose answers are on the screen: the newest, or all when that was asked for."""
    everything = st.session_state.get(session_keys.CASES_SHOWN_BUTTON + cluster.id, False)
    return cluster.cases if everything else cluster.cases[:SHOWN_AT_FIRST]


def draw_questions(
    cluster: QuestionCluster, answers: Mapping[str, Answer], names: Mapping[str, str], field: str
) -> list[FeedbackCase]:
    """Draw the questions and return the cases that were not taken out of the group.

    Args:
        answers: By id, those of :func:`shown_cases`.
        names: Display names by user name.
        field: Session key of the text of the curated answer, which an agent's words can be taken over into.
    """
    left_out: set[str] = set()
    for position, case in enumerate(shown_cases(cluster)):
        answer = answers.get(case.answer_id)
        if answer is None:
            continue
        icon = next(KINDS[kind].icon for kind in KINDS if kind in case.kinds)
        label = in_one_line(case.question, _LONGEST_LABEL_CHARACTERS)
        with st.expander(label, icon=icon, expanded=position == 0, key=f"improve.case.{case.answer_id}"):
            _draw_case(case, answer, names)
            _draw_what_the_agent_made_of_it(answer, cluster.id, field)
            if len(cluster.cases) > 1 and not st.checkbox(
                "Asks the same as the others",
                value=True,
                key=session_keys.CASE_INCLUDED + case.answer_id,
                persist_state="session",
                help="Without the mark, nothing that you do here applies to this question.",
            ):
                left_out.add(case.answer_id)
    hidden = len(cluster.cases) - len(shown_cases(cluster))
    if hidden:
        st.button(
            f"Show {hidden:,} more",
            key=f"{session_keys.CASES_SHOWN_BUTTON}{cluster.id}.all",
            type="tertiary",
            icon=":material/expand_more:",
            on_click=_show_all,
            args=(cluster.id,),
        )
    return [case for case in cluster.cases if case.answer_id not in left_out]


def _draw_case(case: FeedbackCase, answer: Answer, names: Mapping[str, str]) -> None:
    badges = [KINDS[kind].badge for kind in FeedbackKind if kind in case.kinds]
    if case.state is not CaseState.OPEN:
        badges.append(STATES[case.state].badge)
    st.markdown(" ".join(badges))
    if len(case.question) > _LONGEST_LABEL_CHARACTERS:
        st.markdown(plain(case.question))
    if case.searched_question and case.searched_question != case.question:
        st.caption(f"Searched for: “{in_one_line(case.searched_question)}”")
    if answer.text:
        st.markdown(plain(answer.text))
    else:
        st.markdown(
            "*No draft: nothing in the procedures fitted.*"
            if answer.band is Band.NOT_FOUND
            else "*No draft: only sources were shown.*"
        )
    if answer.rating_reason or answer.rating_comment:
        reason = REASON_WORDS.get(RatingReason(answer.rating_reason), "") if answer.rating_reason else ""
        comment = f"“{in_one_line(answer.rating_comment)}”" if answer.rating_comment else ""
        st.markdown(f":material/thumb_down: {' · '.join(part for part in (reason, comment) if part)}")
    if answer.escalation_note:
        st.markdown(f":material/outgoing_mail: “{in_one_line(answer.escalation_note)}”")
    version = f" · version {answer.snapshot}" if answer.snapshot is not None else ""
    who = in_one_line(names.get(case.username, case.username))
    st.caption(f"{who} · {ago(case.asked_at)}{version}")


def _draw_what_the_agent_made_of_it(answer: Answer, cluster_id: str, field: str) -> None:
    written = answer.copied_text or answer.edited_text
    if written is None or " ".join(written.split()) == " ".join(answer.text.split()):
        return
    st.markdown("**What the agent sent**" if answer.copied_text else "**What the agent wrote**")
    if answer.text:
        draw_difference(answer.text, written)
    else:
        st.markdown(plain(written))
    st.button(
        "Start from these words",
        key=session_keys.TAKE_OVER_BUTTON + answer.id,
        icon=":material/content_paste_go:",
        type="tertiary",
        on_click=_take_over,
        args=(cluster_id, field, written),
    )


def _take_over(cluster_id: str, field: str, text: str) -> None:
    st.session_state[field] = text
    st.session_state[session_keys.CLUSTER_ACTION + cluster_id] = WRITE


def _show_all(cluster_id: str) -> None:
    st.session_state[session_keys.CASES_SHOWN_BUTTON + cluster_id] = True
