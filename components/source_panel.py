"""The sources of an answer: the quoted words where they stand, and the way to the whole document."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from components import session_keys
from components.markdown_text import highlighted, in_one_line
from components.sources import Source, anchor_of, cited_sources, uncited_sources
from components.times import ago, day
from components.whole_document import show_document
from components.wiring import Services
from services.answers.excerpts import Excerpt
from services.answers.models import Answer
from services.knowledge.curated_words import CURATED_MEDIA_TYPE


def draw_sources(app: Services, answer: Answer) -> None:
    """Draw every source of the answer, then what was found besides."""
    sources = cited_sources(app, answer)
    if not sources:
        return
    for position, source in enumerate(sources):
        _draw_source(app, answer, source, position)
    others = uncited_sources(app, answer)
    if others:
        with st.expander(f"Also found ({len(others)})", icon=":material/more_horiz:"):
            for position, source in enumerate(others, start=len(sources)):
                _draw_source(app, answer, source, position)


def _draw_source(app: Services, answer: Answer, source: Source, position: int) -> None:
    with st.container(border=True, gap="xsmall"):
        numbers = ", ".join(str(number) for number in source.numbers)
        place = f" › {in_one_line(source.section)}" if source.section else ""
        st.subheader(
            (f"{numbers} · " if numbers else "") + f"{in_one_line(source.title)}{place}",
            anchor=anchor_of(answer, source.numbers[0]) if source.numbers else False,
        )
        for excerpt in source.excerpts:
            st.markdown(_excerpt_markdown(excerpt))
        st.caption(_origin(source))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            key = f"{answer.id}.{position}"
            if source.stored is not None and st.button(
                "Whole document",
                key=session_keys.DOCUMENT_BUTTON + key,
                type="tertiary",
                icon=":material/article:",
            ):
                show_document(app, answer.tenant_id, source)
            if source.link:
                st.link_button("Open original", source.link, type="tertiary", icon=":material/open_in_new:")


def _excerpt_markdown(excerpt: Excerpt) -> str:
    before = "… " if excerpt.cut_before else ""
    after = " …" if excerpt.cut_after else ""
    return before + highlighted(excerpt.text, excerpt.spans) + after


def _origin(source: Source) -> str:
    parts = [f"Version {source.version}"]
    if source.page is not None:
        parts.append(f"page {source.page}")
    if source.stored is not None:
        document = source.stored.document
        if document.media_type == CURATED_MEDIA_TYPE:
            parts.insert(0, "Curated answer")
        today = datetime.now(UTC).date()
        if document.reviewed_on is not None:
            reviewed = datetime.combine(document.reviewed_on, datetime.min.time(), UTC)
            parts.append(f"reviewed {'today' if document.reviewed_on == today else ago(reviewed)}")
        if document.valid_until is not None and document.valid_until < today:
            parts.append(f":orange-badge[:material/event_busy: expired on {day(document.valid_until)}]")
        elif document.valid_until is not None:
            parts.append(f"valid until {day(document.valid_until)}")
    if source.newest_version is None:
        parts.append(":orange-badge[:material/delete: no longer in the knowledge base]")
    elif source.newest_version > source.version:
        parts.append(":orange-badge[:material/update: there is a newer version]")
    return " · ".join(parts)
