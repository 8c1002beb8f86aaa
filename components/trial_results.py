"""What one question finds in one version: the band, and the passages of three searches side by side."""

from __future__ import annotations

import re

import streamlit as st

from components import session_keys
from components.answer_card import BANDS
from components.frame import Viewer
from components.markdown_text import highlighted, in_one_line
from components.passage_reasons import draw_legs, draw_reasons
from components.sources import Source
from components.whole_document import show_document
from components.wiring import Services
from services.answers.quality import PASSAGES_EXPLAINED, Trial
from services.errors import NotFoundError
from services.knowledge.models import Passage, SearchType
from services.knowledge.tokens import keyword_tokens
from services.ports.explanations import ExplainedPassage

_COLUMNS = {
    SearchType.HYBRID: ("Hybrid", "What agents get: all together."),
    SearchType.SEMANTIC: ("By meaning alone", "Finds other words for the same thing."),
    SearchType.KEYWORD: ("By words alone", "Finds the very words, stems included."),
    SearchType.AUTO: ("As the service chooses", "The knowledge base decides how to search."),
}
_EXCERPT_CHARACTERS = 220
_WORD = re.compile(r"[^\W_]+(?:[-.'’][^\W_]+)*")


def draw_trial(app: Services, person: Viewer, trial: Trial) -> None:
    """Draw the band that an agent would see, then each search's best passages."""
    band = BANDS[trial.band]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(band.label, icon=band.icon, color=band.color)
        st.markdown(f":small[What an agent would see with version {trial.snapshot.number}. {band.meaning}]")
    if trial.searched != trial.question:
        st.caption(f"Searched for: “{in_one_line(trial.searched)}”")
    offered = trial.explanation.search_types
    if SearchType.KEYWORD not in offered:
        st.caption(":material/info: Searching by words alone is not offered where this knowledge base is kept.")
    for column, search_type in zip(st.columns(len(offered), gap="medium"), offered, strict=True):
        title, meaning = _COLUMNS[search_type]
        with column:
            st.subheader(title, anchor=False)
            st.caption(meaning)
            found = trial.explanation.found_by(search_type)[:PASSAGES_EXPLAINED]
            for place, explained in enumerate(found, start=1):
                _draw_passage(app, person, trial, explained, search_type, place)
            if not found:
                st.info("Nothing was found this way.", icon=":material/search_off:")


def _draw_passage(
    app: Services, person: Viewer, trial: Trial, explained: ExplainedPassage, search_type: SearchType, place: int
) -> None:
    passage = explained.passage
    with st.container(border=True, gap="xsmall"):
        section = f" › {in_one_line(passage.section)}" if passage.section else ""
        st.markdown(f"**{place} · {in_one_line(passage.title)}{section}**")
        st.markdown(f":small[{_excerpt(passage, trial.searched)}]")
        draw_legs(explained, trial.explanation.search_types)
        key = f"{search_type.value}.{passage.chunk_id}"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.popover("Why here", type="tertiary", icon=":material/help:"):
                draw_reasons(explained, trial.explanation.codes, trial.phrasings.get(passage.chunk_id))
            if st.button(
                "In its document", key=session_keys.TRIAL_DOCUMENT + key, type="tertiary", icon=":material/article:"
            ):
                _show_in_document(app, person, passage)


def _excerpt(passage: Passage, question: str) -> str:
    """The beginning of the passage in one paragraph, with the words of the question marked."""
    text = " ".join(passage.text.split())
    cut = len(text) > _EXCERPT_CHARACTERS
    text = text[:_EXCERPT_CHARACTERS].rsplit(" ", 1)[0] if cut else text
    return highlighted(text, _shared_words(text, question)) + (" …" if cut else "")


def _shared_words(text: str, question: str) -> list[tuple[int, int]]:
    asked = set(keyword_tokens(question))
    return [match.span() for match in _WORD.finditer(text) if asked.intersection(keyword_tokens(match.group()))]


def _show_in_document(app: Services, person: Viewer, passage: Passage) -> None:
    try:
        stored = app.knowledge.get_document(person.tenant.id, passage.document_id, passage.document_version)
    except NotFoundError:
        st.warning("This document is no longer kept.", icon=":material/delete:")
        return
    source = Source(
        (),
        passage.document_id,
        passage.document_version,
        passage.title,
        passage.section,
        passage.page,
        passage.url,
        (),
        ((passage.start, passage.end),),
        stored,
        None,
    )
    show_document(app, person.tenant.id, source)
