"""The second step: the topics that the responses to a question are analyzed with."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components import session_keys
from components.frame import Viewer
from components.markdown_text import in_one_line
from components.taxonomy_bulk import draw_bulk
from components.taxonomy_choice import choice_places, chosen_taxonomy, draw_question, draw_taxonomy
from components.taxonomy_drafts import TaxonomyDraft, drafts, evidence_of, new_name
from components.taxonomy_history import draw_history
from components.taxonomy_open import OpenTaxonomy
from components.taxonomy_saving import draw_saving
from components.taxonomy_start import draw_start
from components.taxonomy_suggestions import draw_suggesting
from components.taxonomy_table import draw_table
from components.taxonomy_topic import draw_evidence
from components.times import ago
from components.wiring import Services
from services.errors import InputError
from services.surveys.suggestion_files import TopicSuggestions
from services.surveys.taxonomy_edits import add
from services.surveys.topic_words import name_key, new_topic_id


def draw_topics(app: Services, person: Viewer, survey_id: str) -> None:
    """Draw the step."""
    survey = app.surveys.library.get(person.tenant.id, survey_id)
    left, right = choice_places(survey)
    with left:
        question = draw_question(survey)
    choice = chosen_taxonomy(app, person, survey, question)
    draft = drafts().get(person, new_name(survey_id))
    label = f"New: {draft.name} (not saved)" if draft is not None else "New taxonomy"
    if choice.stored or draft is not None:
        with right:
            draw_taxonomy(choice, survey_id, new_label=label)
    if choice.chosen is not None:
        version = app.surveys.taxonomies.get(person.tenant.id, choice.chosen.id)
        opened = OpenTaxonomy(person, survey_id, question, choice.chosen.id, version)
        st.caption(
            f"Version {version.number}, saved {ago(version.created_at)} by {in_one_line(version.username)}. "
            "A run keeps the version that it began with."
        )
        _draw_editor(app, opened)
        with st.expander(
            "Add suggested topics",
            icon=":material/lightbulb:",
            key=f"{session_keys.SUGGESTION_FIELD}more.{opened.name}",
            on_change="rerun",
        ) as suggesting:
            if suggesting.open:
                draw_suggesting(app, opened, lambda found: _add_suggested(opened, found), label="Add them")
        draw_history(app, opened, choice.chosen, version)
        return
    opened = OpenTaxonomy(person, survey_id, question, new_name(survey_id), None)
    if draft is None:
        draw_start(app, opened, survey.title)
    else:
        _draw_editor(app, opened)


def _draw_editor(app: Services, opened: OpenTaxonomy) -> None:
    typed = opened.typed()
    draw_saving(app, opened, typed.draft)
    if typed.problem is not None:
        st.warning(
            f"**{in_one_line(typed.problem.message_for_user)}**  \n{in_one_line(typed.problem.remedy)} Until then the "
            "last change is not taken over.",
            icon=":material/warning:",
        )
    draw_table(opened.name, typed.draft)
    draw_bulk(app, opened, typed.picked)
    draw_evidence(opened, typed.draft)


def _add_suggested(opened: OpenTaxonomy, found: TopicSuggestions) -> str:
    """Add the suggestions that the taxonomy does not have by name; what speaks for them is shown with them."""
    added: list[str] = []

    def change(draft: TaxonomyDraft) -> TaxonomyDraft:
        edit, evidence = draft.edit, dict(draft.evidence)
        known = {name_key(topic.name) for topic in edit.taxonomy.topics}
        for one in found.topics:
            if name_key(one.topic.name) in known:
                continue
            taken = {topic.id for topic in (*edit.taxonomy.topics, *edit.base.topics)}
            topic = replace(one.topic, id=new_topic_id(one.topic.name, taken))
            edit = add(edit, topic)
            evidence |= evidence_of([replace(one, topic=topic)])
            added.append(topic.id)
        if not added:
            raise InputError(
                "The taxonomy has all of these topics already.",
                code="nothing-to-add",
                remedy="Suggest again with another number, or leave it as it is.",
            )
        return draft.with_edit(edit, evidence)

    opened.change(change)
    return f"{len(added):,} added. Look at them, then save."
