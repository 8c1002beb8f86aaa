"""One group of questions: what is asked, whose it is, the answers that were given, and what to do about it."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.cluster_actions import draw_cluster_actions
from components.cluster_questions import draw_questions, shown_cases
from components.curated_form import field_key
from components.document_words import counted
from components.error_notice import show_error
from components.feedback_words import KINDS, STATES, trend_words
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.wiring import Services
from services.access.models import Account
from services.answers.feedback_models import QuestionCluster
from services.errors import AppError

_NOBODY = ""


def draw_cluster(app: Services, person: Viewer, cluster: QuestionCluster) -> None:
    """Draw the group."""
    names = {account.username: account.display_name for account in app.accounts.list_accounts()}
    assignees = app.feedback.assignees(person.account, person.tenant.id)
    answers = app.feedback.answers_of(person.account, person.tenant.id, shown_cases(cluster))
    heading, beside = st.columns([3, 2], vertical_alignment="top")
    with heading.container(gap="xsmall"):
        _draw_heading(cluster)
    with beside:
        _draw_assignee(app, person, cluster, assignees)
    form_id = _form_id(cluster)
    place_of_actions = st.container()
    st.markdown("**What was asked, and what was answered**")
    with st.container(gap="xsmall"):
        included = draw_questions(cluster, {answer.id: answer for answer in answers}, names, field_key(form_id, "text"))
    with place_of_actions:
        draw_cluster_actions(app, person, cluster, included, answers, form_id)


def _draw_heading(cluster: QuestionCluster) -> None:
    st.subheader(in_one_line(cluster.question), anchor=False)
    kinds = " ".join(
        f":{words.color}-badge[{words.icon} {cluster.kinds[kind]:,} {words.name.lower()}]"
        for kind, words in KINDS.items()
        if cluster.kinds.get(kind)
    )
    st.markdown(f"{STATES[cluster.state].badge} {kinds}")
    st.caption(f"{counted(len(cluster.cases), 'question')} · {trend_words(cluster)}")


def _form_id(cluster: QuestionCluster) -> str:
    """What the text in the making is kept under: the id of the group may change when an older question joins it."""
    begun = (member for member in cluster.member_ids if field_key(member, "text") in st.session_state)
    return next(begun, cluster.id)


def _draw_assignee(app: Services, person: Viewer, cluster: QuestionCluster, assignees: list[Account]) -> None:
    names = {_NOBODY: "Nobody yet"} | {
        account.username: f"{account.display_name} (me)" if account == person.account else account.display_name
        for account in assignees
    }
    taken = cluster.assignees[0] if len(cluster.assignees) == 1 else _NOBODY
    key = f"{session_keys.CLUSTER_ASSIGNEE}{cluster.id}"
    st.selectbox(
        "Assigned to",
        list(names),
        index=list(names).index(taken) if taken in names else 0,
        format_func=lambda username: names[username],
        key=f"{key}.{taken}",
        on_change=_assign,
        args=(app, person, cluster, f"{key}.{taken}"),
    )


def _assign(app: Services, person: Viewer, cluster: QuestionCluster, key: str) -> None:
    username = st.session_state[key] or None
    try:
        app.feedback.assign(person.account, person.tenant.id, cluster.cases, username)
    except AppError as error:
        show_error(error)
