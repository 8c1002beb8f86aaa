"""What an agent must know of a question and its draft, and the searched question itself, open to correction."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.ask_queue import AskRequest
from components.asking import request
from components.backend_words import writer_words
from components.failure_words import failure_words
from components.markdown_text import in_one_line
from services.answers.models import Answer, Band, Notice, NoticeKind

_ICONS = {
    NoticeKind.MASKED: ":material/visibility_off:",
    NoticeKind.CONDENSED: ":material/compress:",
    NoticeKind.FOLLOW_UP: ":material/subdirectory_arrow_right:",
    NoticeKind.LANGUAGE: ":material/translate:",
    NoticeKind.UNKNOWN_CODE: ":material/help:",
    NoticeKind.CUT_SHORT: ":material/content_cut:",
    NoticeKind.FALLBACK: ":material/format_quote:",
}


def notice_words(notice: Notice) -> str:
    """One sentence for a notice, as Markdown."""
    detail = in_one_line(notice.detail)
    match notice.kind:
        case NoticeKind.MASKED:
            return f"Masked before the search: {detail or 'personal details'}."
        case NoticeKind.CONDENSED:
            return "Your message was long, so only its question was searched."
        case NoticeKind.FOLLOW_UP:
            return "Read as a follow-up to your question before."
        case NoticeKind.LANGUAGE:
            return f"The question seems to be in {detail or 'another language'}; the procedures may not be."
        case NoticeKind.UNKNOWN_CODE:
            return f"Not in the knowledge base: **{detail or 'a code of the question'}**. Check it before you answer."
        case NoticeKind.CUT_SHORT:
            return "The model stopped at its length limit. The sentence that it had begun was left out."
        case NoticeKind.FALLBACK:
            return f"{_capitalized(in_one_line(writer_words(notice.detail)))} could not answer."


def fallback_words(answer: Answer, notice: Notice) -> str:
    """Who could not answer and why, and what stands here instead, as Markdown."""
    reason = in_one_line(failure_words(answer.error_code).message)
    instead = "This draft is quoted from the knowledge base instead." if answer.band is Band.DRAFT else ""
    return " ".join(part for part in (notice_words(notice), reason, instead) if part)


def draw_notices(answer: Answer) -> None:
    """Draw the notices and, where it differs from the question, what was searched for."""
    lines = [f":small[{_ICONS[notice.kind]} {_words(answer, notice)}]" for notice in answer.notices]
    searched = answer.searched_question.strip()
    differs = bool(searched) and searched != answer.question.strip()
    if differs:
        lines.append(f":small[:material/search: Searched for: “{in_one_line(searched)}”]")
    if not lines:
        return
    with st.container(gap="xsmall"):
        st.markdown("  \n".join(lines))
        if differs:
            _draw_correction(answer)


def _words(answer: Answer, notice: Notice) -> str:
    return fallback_words(answer, notice) if notice.kind is NoticeKind.FALLBACK else notice_words(notice)


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _draw_correction(answer: Answer) -> None:
    with st.popover("Search for something else", type="tertiary", icon=":material/manage_search:"):
        st.text_area(
            "Search for this instead", value=answer.searched_question, key=session_keys.SEARCHED_FIELD + answer.id
        )
        st.button(
            "Search again",
            type="primary",
            icon=":material/search:",
            key=session_keys.SEARCH_AGAIN_BUTTON + answer.id,
            on_click=_search_again,
            args=(answer,),
        )


def _search_again(answer: Answer) -> None:
    searched = (st.session_state.get(session_keys.SEARCHED_FIELD + answer.id) or "").strip()
    if searched:
        request(AskRequest(answer.question, searched_question=searched))
