"""How a taxonomy begins: suggested from the responses, from a template, from a file, from another one, or empty."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.markdown_text import in_one_line
from components.survey_link import open_taxonomy
from components.taxonomy_choice import NEW
from components.taxonomy_drafts import TaxonomyDraft, new_draft, suggested_draft
from components.taxonomy_open import OpenTaxonomy
from components.taxonomy_suggestions import draw_suggesting
from components.wiring import Services
from services.surveys.models import Taxonomy
from services.surveys.taxonomy_exchange import import_taxonomy
from services.surveys.taxonomy_templates import templates

SUGGEST, TEMPLATE, FILE, COPY, EMPTY = "Suggest", "Template", "File", "Copy", "Empty"
_KEY = session_keys.TAXONOMY_FIELD
_ICONS = {
    SUGGEST: ":material/lightbulb:",
    TEMPLATE: ":material/dashboard_customize:",
    FILE: ":material/upload_file:",
    COPY: ":material/content_copy:",
    EMPTY: ":material/add:",
}
_MEANINGS = {
    SUGGEST: "Groups the responses by what they speak of and names the groups. You decide what becomes a topic.",
    TEMPLATE: "Topics that surveys of an industry usually bring.",
    FILE: "A taxonomy as YAML, JSON or CSV, such as one that was exported here.",
    COPY: "Another taxonomy, to be changed without changing that one.",
    EMPTY: "Write the topics yourself.",
}
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What every way to begin needs.

    Attributes:
        title: What the taxonomy is called when it has no name of its own.
        taken: The names of all taxonomies, in lower case.
    """

    app: Services
    opened: OpenTaxonomy
    title: str
    taken: Collection[str]


def draw_start(app: Services, opened: OpenTaxonomy, title: str) -> None:
    """Draw the ways to begin.

    Args:
        title: Of the survey; a new taxonomy is called after it at first.
    """
    stored = app.surveys.taxonomies.list(opened.person.tenant.id)
    with st.container(border=True):
        st.subheader("Where do the topics come from?", anchor=False)
        way = st.segmented_control(
            "Where the topics come from",
            [SUGGEST, TEMPLATE, FILE, *([COPY] if stored else []), EMPTY],
            default=SUGGEST,
            required=True,
            format_func=lambda value: f"{_ICONS[value]} {value}",
            key=f"{_KEY}way.{opened.survey_id}",
            label_visibility="collapsed",
            persist_state="session",
        )
        st.caption(_MEANINGS[way or SUGGEST])
        beginning = _Beginning(app, opened, title, {one.name.casefold() for one in stored})
        {TEMPLATE: _draw_template, FILE: _draw_file, COPY: _draw_copy, EMPTY: _draw_empty}.get(
            way or SUGGEST, _draw_suggestions
        )(beginning)


def begin(opened: OpenTaxonomy, draft: TaxonomyDraft) -> None:
    """Open a new taxonomy to be edited; for callbacks."""
    opened.keep(draft)
    open_taxonomy(NEW)


def free_name(wanted: str, taken: Collection[str]) -> str:
    """A name that no taxonomy has yet.

    Args:
        taken: Names in lower case.
    """
    name, number = wanted, 2
    while name.casefold() in taken:
        name, number = f"{wanted} {number}", number + 1
    return name


def _draw_suggestions(at: _Beginning) -> None:
    draw_suggesting(
        at.app,
        at.opened,
        lambda found: begin(
            at.opened,
            suggested_draft(free_name(at.title, at.taken), found.topics, "Suggested from the responses."),
        ),
        label="Look at them",
    )


def _draw_template(at: _Beginning) -> None:
    by_id = {one.id: one for one in templates()}
    key = f"{_KEY}template.{at.opened.survey_id}"
    chosen = st.selectbox(
        "Template",
        list(by_id),
        format_func=lambda value: by_id[value].name,
        key=key,
        index=None,
        placeholder="Choose an industry",
        persist_state="session",
    )
    template = by_id.get(chosen or "")
    if template is not None:
        st.markdown(
            f"{in_one_line(template.description)}  \n"
            f":small[:gray[{counted(len(template.taxonomy.topics), 'topic')}: {_names(template.taxonomy)}]]"
        )

    def use() -> None:
        template = by_id[st.session_state[key]]
        begin(
            at.opened,
            new_draft(free_name(template.name, at.taken), template.taxonomy, f"From template {template.name}."),
        )

    _draw_begin("Use this template", use, at.opened, disabled=template is None)


def _draw_file(at: _Beginning) -> None:
    key = f"{_KEY}file.{at.opened.survey_id}"
    file = st.file_uploader("Taxonomy file", key=key, label_visibility="collapsed")

    def use() -> None:
        uploaded = st.session_state[key]
        taxonomy = import_taxonomy(uploaded.name, uploaded.getvalue())
        name = free_name(" ".join(uploaded.name.rsplit(".", 1)[0].replace("_", " ").split()) or at.title, at.taken)
        begin(at.opened, new_draft(name, taxonomy, f"From the file {uploaded.name}."))

    _draw_begin("Use this file", use, at.opened, disabled=file is None)


def _draw_copy(at: _Beginning) -> None:
    tenant_id = at.opened.person.tenant.id
    stored = {one.id: one for one in at.app.surveys.taxonomies.list(tenant_id)}
    key = f"{_KEY}copy.{at.opened.survey_id}"
    chosen = st.selectbox(
        "Taxonomy to copy",
        list(stored),
        format_func=lambda value: f"{stored[value].name} ({counted(stored[value].topic_count, 'topic')})",
        key=key,
        index=None,
        placeholder="Choose a taxonomy",
    )

    def use() -> None:
        copied = stored[st.session_state[key]]
        taxonomy = at.app.surveys.taxonomies.get(tenant_id, copied.id).taxonomy
        begin(
            at.opened,
            new_draft(
                free_name(f"{copied.name} (copy)", at.taken),
                taxonomy,
                f"Copied from {copied.name}, version {copied.latest_version}.",
            ),
        )

    _draw_begin("Copy it", use, at.opened, disabled=chosen is None)


def _draw_empty(at: _Beginning) -> None:
    _draw_begin(
        "Begin with an empty table",
        lambda: begin(at.opened, new_draft(free_name(at.title, at.taken), Taxonomy(()), "Written by hand.")),
        at.opened,
    )


def _draw_begin(label: str, use: Callable[[], None], opened: OpenTaxonomy, *, disabled: bool = False) -> None:
    action_button(
        label,
        use,
        key=f"{session_keys.TAXONOMY_BUTTON}begin.{opened.survey_id}",
        icon=":material/edit_note:",
        kind="primary",
        disabled=disabled,
    )


def _names(taxonomy: Taxonomy) -> str:
    names = [in_one_line(topic.name, 60) for topic in taxonomy.topics[:_MOST_NAMED]]
    rest = len(taxonomy.topics) - len(names)
    return ", ".join(names) + (f" and {rest:,} more" if rest else "")
