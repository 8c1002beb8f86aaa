"""One topic: the responses that made it be suggested, and its examples, to be added and removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from components import session_keys
from components.batch_actions import action_button
from components.document_words import counted
from components.markdown_text import in_one_line
from components.taxonomy_drafts import TaxonomyDraft, TopicEvidence
from components.taxonomy_open import OpenTaxonomy
from services.errors import InputError
from services.surveys.models import Example, Topic
from services.surveys.taxonomy_edits import add_examples, remove_examples

CARDS_PER_PAGE = 8
_QUOTES = 3
_LONGEST_QUOTE_CHARACTERS = 240
_MOST_EXAMPLES = 200


def draw_topic(opened: OpenTaxonomy, topic: Topic) -> None:
    """Draw what teaches a topic."""
    draft = opened.draft()
    examples = [one for one in draft.edit.taxonomy.examples if topic.id in one.topic_ids]
    with st.expander(f"Examples of “{in_one_line(topic.name, 60)}”: {len(examples):,}", icon=":material/school:"):
        st.caption("Responses that belong to the topic. They teach the run: five or more make it much surer.")
        if topic.id in draft.evidence:
            _draw_suggested(opened, topic, draft.evidence[topic.id], {one.text for one in examples})
        _draw_examples(opened, topic, examples)


def draw_evidence(opened: OpenTaxonomy, draft: TaxonomyDraft) -> None:
    """Draw a card for each suggested topic: how many responses, and some that show what it is about."""
    cards = [topic for topic in draft.edit.taxonomy.topics if topic.id in draft.evidence]
    if not cards:
        return
    st.markdown("**The responses behind the topics**")
    pages = -(-len(cards) // CARDS_PER_PAGE)
    key = f"{session_keys.SUGGESTION_FIELD}page.{opened.name}"
    page = min(st.session_state.get(key, 1), pages)
    columns = st.columns(2)
    for place, topic in enumerate(cards[(page - 1) * CARDS_PER_PAGE : page * CARDS_PER_PAGE]):
        with columns[place % 2].container(border=True, gap="xsmall"):
            _draw_card(topic, draft.evidence[topic.id])
    if pages > 1:
        st.pagination(pages, key=key, persist_state="session")


def _draw_card(topic: Topic, evidence: TopicEvidence) -> None:
    count = f"  :small[:gray[about {counted(evidence.response_count, 'response')}]]" if evidence.response_count else ""
    st.markdown(f"**{in_one_line(topic.name, 80)}**{count}")
    if topic.keywords:
        st.markdown(f":small[:gray[{in_one_line(', '.join(topic.keywords[:10]))}]]")
    for response in evidence.representative[:_QUOTES]:
        st.markdown(f":small[“{in_one_line(response.text, _LONGEST_QUOTE_CHARACTERS)}”]")


def _draw_suggested(opened: OpenTaxonomy, topic: Topic, evidence: TopicEvidence, known: Iterable[str]) -> None:
    offered = [one.text for one in evidence.representative if one.text not in set(known)]
    if not offered:
        return
    key = f"{session_keys.TAXONOMY_FIELD}representative.{opened.name}.{topic.id}"
    st.pills(
        "Responses that speak of it",
        offered,
        selection_mode="multi",
        format_func=lambda text: f":small[{in_one_line(text, _LONGEST_QUOTE_CHARACTERS)}]",
        key=key,
    )
    action_button(
        "Make them examples",
        lambda: _add(opened, topic, st.session_state.get(key) or []),
        key=f"{session_keys.TAXONOMY_BUTTON}representative.{opened.name}",
        icon=":material/school:",
    )


def _draw_examples(opened: OpenTaxonomy, topic: Topic, examples: Sequence[Example]) -> None:
    written = f"{session_keys.TAXONOMY_FIELD}example.{opened.name}.{topic.id}"
    st.text_area("Add examples, one per line", key=written, height=80)

    def add() -> None:
        _add(opened, topic, (st.session_state.get(written) or "").splitlines())
        st.session_state[written] = ""

    action_button(
        "Add examples", add, key=f"{session_keys.TAXONOMY_BUTTON}example.{opened.name}", icon=":material/add:"
    )
    if not examples:
        return
    chosen = f"{session_keys.TAXONOMY_FIELD}unlearn.{opened.name}.{topic.id}"
    st.pills(
        "Examples; pick those that are wrong",
        [one.text for one in examples[:_MOST_EXAMPLES]],
        selection_mode="multi",
        format_func=lambda text: f":small[{in_one_line(text, _LONGEST_QUOTE_CHARACTERS)}]",
        key=chosen,
    )
    if len(examples) > _MOST_EXAMPLES:
        st.caption(f"The first {_MOST_EXAMPLES:,} are listed; export the taxonomy to see all.")
    if st.session_state.get(chosen):
        action_button(
            "Remove these examples",
            lambda: opened.change(
                lambda draft: draft.with_edit(remove_examples(draft.edit, st.session_state.get(chosen) or []))
            ),
            key=f"{session_keys.TAXONOMY_BUTTON}unlearn.{opened.name}",
            icon=":material/delete:",
        )


def _add(opened: OpenTaxonomy, topic: Topic, texts: Iterable[str]) -> None:
    """Add examples of one topic; a text that is an example of others already is one of this topic as well."""
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise InputError(
            "There is no example to add.", code="empty-example", remedy="Pick responses, or write some, one per line."
        )

    def change(draft: TaxonomyDraft) -> TaxonomyDraft:
        before = {one.text: one for one in draft.edit.taxonomy.examples}
        added = []
        for text in texts:
            known = before.get(text.strip())
            others = known.topic_ids if known else ()
            added.append(Example(text, (*others, topic.id), known.sentiment if known else None))
        return draft.with_edit(add_examples(draft.edit, added))

    opened.change(change)
