"""The fields of a curated answer; what is typed stays until it is saved, on whatever page one is meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.markdown_text import in_one_line
from services.answers.feedback_models import SuggestedPhrasing
from services.knowledge.curated_words import (
    LONGEST_ANSWER_CHARACTERS,
    LONGEST_OWNER_CHARACTERS,
    LONGEST_PHRASING_CHARACTERS,
    CuratedWords,
    phrasing_key,
)

_FIELD_HEIGHT_PIXELS = 160


def field_key(form_id: str, name: str) -> str:
    """The session key of one field of a form."""
    return f"{session_keys.CURATED_FIELD}{form_id}.{name}"


def draw_curated_form(
    form_id: str, initial: CuratedWords, suggested: Sequence[SuggestedPhrasing] = ()
) -> tuple[str, ...]:
    """Draw the fields and return the suggested phrasings that are on offer; :func:`written_words` reads the form.

    Args:
        form_id: Whose form it is; what was typed is kept under it.
        initial: What stands in the fields at first; its first phrasing is the title.
        suggested: Further phrasings to choose from.
    """
    st.text_area(
        "Answer",
        value=initial.text,
        height=_FIELD_HEIGHT_PIXELS,
        max_chars=LONGEST_ANSWER_CHARACTERS,
        key=field_key(form_id, "text"),
        persist_state="session",
        placeholder="What agents should tell, in whole sentences. No names or numbers of patients.",
    )
    st.text_input(
        "Question, as agents see it",
        value=initial.phrasings[0] if initial.phrasings else "",
        max_chars=LONGEST_PHRASING_CHARACTERS,
        key=field_key(form_id, "first"),
        persist_state="session",
    )
    offered = tuple(phrasing.text for phrasing in suggested)
    if suggested:
        st.caption("Also asked as: every phrasing that is chosen is found by its own meaning.")
        with st.container(gap=None):
            for phrasing in suggested:
                st.checkbox(
                    in_one_line(phrasing.text),
                    value=phrasing.chosen,
                    key=_choice_key(form_id, phrasing.text),
                    persist_state="session",
                )
    st.text_area(
        "More phrasings" if suggested else "Also asked as",
        value="\n".join(initial.phrasings[1:]),
        height=90,
        key=field_key(form_id, "more"),
        persist_state="session",
        placeholder="One per line.",
    )
    with st.expander("Source, owner, dates", icon=":material/tune:"):
        _draw_details(form_id, initial)
    return offered


def written_words(form_id: str, offered: Sequence[str] = ()) -> CuratedWords:
    """What stands in the fields now; for callbacks.

    Args:
        offered: What :func:`draw_curated_form` returned.
    """
    value = st.session_state.get
    first = value(field_key(form_id, "first")) or ""
    # The title can be worded like one of the questions it was made from; that is no phrasing twice.
    chosen = [
        text for text in offered if value(_choice_key(form_id, text)) and phrasing_key(text) != phrasing_key(first)
    ]
    more = (value(field_key(form_id, "more")) or "").splitlines()
    return CuratedWords(
        text=value(field_key(form_id, "text")) or "",
        phrasings=(first, *chosen, *(line for line in more if line.strip())),
        url=value(field_key(form_id, "url")) or None,
        owner=value(field_key(form_id, "owner")) or None,
        valid_from=value(field_key(form_id, "valid_from")),
        valid_until=value(field_key(form_id, "valid_until")),
    )


def forget_form(form_id: str) -> None:
    """Empty the fields; for callbacks."""
    for key in [key for key in st.session_state if str(key).startswith(field_key(form_id, ""))]:
        del st.session_state[key]


def _draw_details(form_id: str, initial: CuratedWords) -> None:
    st.text_input(
        "Source",
        value=initial.url or "",
        key=field_key(form_id, "url"),
        persist_state="session",
        placeholder="https://…  Optional.",
    )
    st.text_input(
        "Owner",
        value=initial.owner or "",
        max_chars=LONGEST_OWNER_CHARACTERS,
        key=field_key(form_id, "owner"),
        persist_state="session",
        placeholder="Who answers for it. Optional.",
    )
    first, last = st.columns(2)
    first.date_input(
        "Answers from",
        value=initial.valid_from,
        key=field_key(form_id, "valid_from"),
        persist_state="session",
        format="YYYY-MM-DD",
    )
    last.date_input(
        "Answers until",
        value=initial.valid_until,
        key=field_key(form_id, "valid_until"),
        persist_state="session",
        format="YYYY-MM-DD",
    )


def _choice_key(form_id: str, phrasing: str) -> str:
    return field_key(form_id, f"choice.{phrasing_key(phrasing)}")
