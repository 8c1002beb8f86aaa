"""Splits a topic into parts that a person names, or that the responses of a run suggest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.job_progress import draw_job
from components.markdown_text import in_one_line
from components.taxonomy_drafts import TaxonomyDraft, evidence_of
from components.taxonomy_open import OpenTaxonomy
from components.wiring import Services
from services.errors import InputError
from services.jobs.models import JobStatus
from services.surveys.models import Topic
from services.surveys.suggestions import SuggestedTopic
from services.surveys.topic_words import new_topic_id, one_line

_KEY = session_keys.TAXONOMY_FIELD
_MOST_QUOTES = 2
_LONGEST_QUOTE_CHARACTERS = 160


def draw_split(app: Services, opened: OpenTaxonomy, topic: Topic) -> None:
    """Draw how one topic is split."""
    place = f"{opened.name}.{topic.id}"
    with st.expander(
        f"Split “{in_one_line(topic.name, 60)}”", icon=":material/call_split:", key=f"{_KEY}split.{place}"
    ):
        _draw_suggested_parts(app, opened, topic)
        st.text_area(
            "Its parts, one per line",
            key=f"{_KEY}parts.{place}",
            height=100,
            placeholder="Waiting at the counter\nWaiting for a table",
        )
        st.checkbox(
            f"Keep “{in_one_line(topic.name, 60)}” above its parts",
            value=True,
            key=f"{_KEY}above.{place}",
            help="Without it, responses of earlier runs lose the topic until you run again.",
        )

        def part() -> None:
            names = [name for name in map(one_line, st.session_state[f"{_KEY}parts.{place}"].splitlines()) if name]
            taken = {one.id for one in opened.draft().edit.taxonomy.topics}
            parts = []
            for name in names:
                parts.append(Topic(new_topic_id(name, taken), name))
                taken.add(parts[-1].id)
            keep_above = bool(st.session_state[f"{_KEY}above.{place}"])
            opened.change(lambda draft: draft.parted(topic.id, parts, keep_above=keep_above))

        action_button(
            "Split", part, key=f"{session_keys.TAXONOMY_BUTTON}split.{opened.name}", icon=":material/call_split:"
        )


def _draw_suggested_parts(app: Services, opened: OpenTaxonomy, topic: Topic) -> None:
    run_id = _run_that_knows(app, opened, topic)
    if run_id is None:
        return
    tenant_id = opened.person.tenant.id
    key = f"{session_keys.SUGGESTION_FIELD}within.{opened.name}.{topic.id}"
    job_id: str | None = st.session_state.get(key)

    def suggest() -> None:
        job = app.surveys.suggestions.start(
            opened.person.account, tenant_id, opened.survey_id, opened.question, within=(run_id, topic.id)
        )
        st.session_state[key] = job.id

    if job_id is not None:
        if app.jobs.get(tenant_id, job_id).status is JobStatus.DONE:
            _draw_found(opened, topic, app.surveys.suggestions.read(tenant_id, job_id), key)
            return
        job = draw_job(app.jobs, tenant_id, job_id, describe=lambda _: "")
        if job is not None and job.status.live:
            return
    action_button(
        "Suggest parts from its responses",
        suggest,
        key=f"{session_keys.SUGGESTION_BUTTON}within.{opened.name}",
        icon=":material/lightbulb:",
    )


def _draw_found(opened: OpenTaxonomy, topic: Topic, found: Sequence[SuggestedTopic], job_key: str) -> None:
    """Draw the parts that a job found, each to be taken or left.

    Args:
        job_key: Where the job is remembered until its parts are taken or put away.
    """

    def chosen_key(one: SuggestedTopic) -> str:
        return f"{job_key}.part.{one.topic.id}"

    for one in found:
        st.checkbox(
            f"**{in_one_line(one.topic.name, 80)}** :small[:gray[about {counted(one.response_count, 'response')}]]",
            value=True,
            key=chosen_key(one),
        )
        for response in one.representative[:_MOST_QUOTES]:
            st.markdown(f":small[“{in_one_line(response.text, _LONGEST_QUOTE_CHARACTERS)}”]")

    def take() -> None:
        keep_above = bool(st.session_state.get(f"{_KEY}above.{opened.name}.{topic.id}", True))
        chosen = [one for one in found if st.session_state.get(chosen_key(one), True)]
        opened.change(lambda draft: _parted(draft, topic, chosen, keep_above=keep_above))
        st.session_state.pop(job_key, None)

    with st.container(horizontal=True):
        action_button(
            "Split into the ticked ones",
            take,
            key=f"{session_keys.SUGGESTION_BUTTON}take_parts.{opened.name}",
            icon=":material/call_split:",
            kind="primary",
        )
        action_button(
            "Put away",
            lambda: st.session_state.pop(job_key, None) and None,
            key=f"{session_keys.SUGGESTION_BUTTON}leave_parts.{opened.name}",
            icon=":material/close:",
            kind="tertiary",
        )


def _parted(draft: TaxonomyDraft, topic: Topic, chosen: Sequence[SuggestedTopic], *, keep_above: bool) -> TaxonomyDraft:
    if len(chosen) < 2:
        raise InputError(
            "A topic is split into two parts or more.",
            code="nothing-to-split",
            remedy="Tick two or more, name parts yourself, or leave the topic as it is.",
        )
    known = {one.id for one in draft.edit.taxonomy.topics}
    renamed = []
    for one in chosen:
        topic_id = new_topic_id(one.topic.name, known)
        known.add(topic_id)
        renamed.append(replace(one, topic=replace(one.topic, id=topic_id, parent=None)))
    parted = draft.parted(topic.id, [one.topic for one in renamed], keep_above=keep_above)
    return replace(parted, evidence={**parted.evidence, **evidence_of(renamed)})


def _run_that_knows(app: Services, opened: OpenTaxonomy, topic: Topic) -> str | None:
    """The newest finished run of the question that looked for the topic."""
    if opened.version is None:
        return None
    for state in app.surveys.runs.list(opened.person.tenant.id, opened.survey_id):
        run = state.run
        if (run.question, run.taxonomy_id) == (opened.question, opened.version.taxonomy_id):
            if state.job.status is not JobStatus.DONE:
                continue
            frozen = app.surveys.runs.taxonomy_of(run.tenant_id, run.id)
            return run.id if any(one.id == topic.id for one in frozen.topics) else None
    return None
