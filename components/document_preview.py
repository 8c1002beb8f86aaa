"""A document as questions meet it: its text, cut into numbered chunks, with what neighbors share."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.markdown_text import in_one_line, marked
from services.knowledge.models import Chunk, DocumentVersion
from services.knowledge.sentences import sentence_spans

CHUNKS_SHOWN = 12
CHUNKS, TEXT = "In chunks", "As text"
_LONGEST_UNCUT_CHARACTERS = 20_000
_LONGEST_HEADING_CHARACTERS = 90


@st.fragment
def draw_preview(stored: DocumentVersion, chunks: Sequence[Chunk], place: int | None) -> None:
    """Draw the document, from the place on when one is given.

    Args:
        place: Offset in the document's text, in characters, whose sentence is to be marked.
    """
    if not chunks:
        st.warning(
            "**Nothing of this document can be found.**  \nNo chunk could be made of it: it has no text below its "
            "headings. Edit the text, or replace the file.",
            icon=":material/warning:",
        )
        st.markdown(marked(stored.document.text[:_LONGEST_UNCUT_CHARACTERS], []))
        return
    first = _first_shown(stored, chunks, place)
    last = min(first + CHUNKS_SHOWN, len(chunks))
    form = _draw_controls(stored, chunks, first, last)
    sentence = _sentence_at(stored.document.text, place)
    if form == TEXT:
        start, end = chunks[first].start, max(chunk.end for chunk in chunks[first:last])
        spans = [(sentence[0] - start, sentence[1] - start, "green")] if sentence else []
        st.markdown(marked(stored.document.text[start:end], spans))
    else:
        for at in range(first, last):
            _draw_chunk(chunks[at], chunks[at - 1] if at else None, sentence)
    _draw_steps(stored, len(chunks), first, last, "below")


def chunk_holding(chunks: Sequence[Chunk], place: int) -> int:
    """Position of the first chunk that holds the character, or else of the last one before it."""
    for at, chunk in enumerate(chunks):
        if chunk.start <= place < chunk.end:
            return at
    return max((at for at, chunk in enumerate(chunks) if chunk.start <= place), default=0)


def shared_start(chunk: Chunk, before: Chunk | None) -> int:
    """How many characters at the start of a chunk stand at the end of the one before, too."""
    return max(0, before.end - chunk.start) if before is not None else 0


def _first_shown(stored: DocumentVersion, chunks: Sequence[Chunk], place: int | None) -> int:
    """Where the view begins; a new place moves it there, after that the person moves it."""
    key = session_keys.DOCUMENT_PREVIEW + stored.document.id
    kept: tuple[int, int | None, int] | None = st.session_state.get(key)
    if kept is None or kept[:2] != (stored.version, place):
        kept = (stored.version, place, chunk_holding(chunks, place) if place is not None else 0)
        st.session_state[key] = kept
    return min(kept[2], len(chunks) - 1)


def _move(stored: DocumentVersion, first: int) -> None:
    key = session_keys.DOCUMENT_PREVIEW + stored.document.id
    version, place, _ = st.session_state[key]
    st.session_state[key] = (version, place, max(0, first))


def _draw_controls(stored: DocumentVersion, chunks: Sequence[Chunk], first: int, last: int) -> str:
    key = session_keys.DOCUMENT_PREVIEW + stored.document.id
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        form = st.segmented_control(
            "Form",
            [CHUNKS, TEXT],
            default=CHUNKS,
            required=True,
            key=f"{key}.form",
            label_visibility="collapsed",
        )
        if len(chunks) > CHUNKS_SHOWN:
            headings = _headings(chunks)
            st.selectbox(
                "Go to",
                list(headings),
                index=None,
                format_func=lambda at: headings[at],
                placeholder="Go to …",
                label_visibility="collapsed",
                width=260,
                key=f"{key}.go",
                on_change=_go,
                args=(stored, f"{key}.go"),
            )
            _draw_steps(stored, len(chunks), first, last, "above")
    pages = f" · page {chunks[first].page}" if chunks[first].page is not None else ""
    shown = "" if len(chunks) <= CHUNKS_SHOWN else f" · shown: {first + 1:,} to {last:,}{pages}"
    legend = ""
    if form != TEXT and any(shared_start(chunks[at], chunks[at - 1]) for at in range(max(first, 1), last)):
        legend = " · :blue-background[underlaid words] also end the chunk before"
    st.caption(f"{counted(len(chunks), 'chunk')}{shown}{legend}")
    return str(form)


def _go(stored: DocumentVersion, key: str) -> None:
    chosen: int | None = st.session_state.get(key)
    if chosen is not None:
        _move(stored, chosen)
        st.session_state[key] = None


def _draw_steps(stored: DocumentVersion, count: int, first: int, last: int, where: str) -> None:
    if count <= CHUNKS_SHOWN:
        return
    key = f"{session_keys.DOCUMENT_PREVIEW}{stored.document.id}.{where}"
    with st.container(horizontal=True, gap="xsmall", width="content"):
        st.button(
            "Back",
            key=f"{key}.back",
            icon=":material/arrow_upward:",
            disabled=first == 0,
            on_click=_move,
            args=(stored, first - CHUNKS_SHOWN),
        )
        st.button(
            "On",
            key=f"{key}.on",
            icon=":material/arrow_downward:",
            disabled=last >= count,
            on_click=_move,
            args=(stored, last),
        )


def _draw_chunk(chunk: Chunk, before: Chunk | None, sentence: tuple[int, int] | None) -> None:
    here = sentence is not None and sentence[0] < chunk.end and sentence[1] > chunk.start
    facts = [f"**{chunk.ordinal + 1}**", in_one_line(chunk.section, _LONGEST_HEADING_CHARACTERS)]
    if chunk.page is not None:
        facts.append(f"page {chunk.page}")
    facts.append(counted(len(chunk.text.split()), "word"))
    if here:
        facts.append(":green-badge[:material/place: the place you came for]")
    with st.container(border=True, gap="xsmall"):
        st.caption(" · ".join(fact for fact in facts if fact))
        st.markdown(marked(chunk.text, _spans(chunk, before, sentence)))
        if chunk.questions:
            st.caption("Also found as: " + in_one_line(" / ".join(chunk.questions)))


def _spans(chunk: Chunk, before: Chunk | None, sentence: tuple[int, int] | None) -> list[tuple[int, int, str]]:
    """What to mark in the chunk: the shared start in blue, the sentence in green where they meet."""
    shared = shared_start(chunk, before)
    if sentence is None or sentence[1] <= chunk.start or sentence[0] >= chunk.end:
        return [(0, shared, "blue")] if shared else []
    start, end = max(0, sentence[0] - chunk.start), min(len(chunk.text), sentence[1] - chunk.start)
    spans = [(0, min(shared, start), "blue"), (start, end, "green"), (end, shared, "blue")]
    return [span for span in spans if span[0] < span[1]]


def _sentence_at(text: str, place: int | None) -> tuple[int, int] | None:
    if place is None or not 0 <= place < len(text):
        return None
    start, end = text.rfind("\n", 0, place) + 1, text.find("\n", place)
    line = (start, end if end >= 0 else len(text))
    spans = sentence_spans(text, *line)
    return next((span for span in spans if span[0] <= place < span[1]), line)


def _headings(chunks: Sequence[Chunk]) -> dict[int, str]:
    """The first chunk of every section and page, by position, with what it is called."""
    headings: dict[int, str] = {}
    previous: tuple[str, int | None] | None = None
    for at, chunk in enumerate(chunks):
        if (chunk.section, chunk.page) != previous:
            page = f"Page {chunk.page}" if chunk.page is not None else ""
            section = " ".join(chunk.section.split())[:_LONGEST_HEADING_CHARACTERS]
            headings[at] = " · ".join(part for part in (page, section) if part) or f"Chunk {at + 1}"
        previous = (chunk.section, chunk.page)
    return headings
