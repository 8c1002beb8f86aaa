"""What changed between two texts of a document, place by place; what stayed is left out."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

import streamlit as st

from components.difference_view import difference
from components.document_words import counted

MOST_PLACES = 30
# Word by word takes the square of the length; beyond this the two texts stand one after the other.
_LONGEST_BY_WORD_CHARACTERS = 12_000
_LONGEST_SHOWN_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class ChangedPlace:
    """Lines that differ, with one line of what stayed around them."""

    before: str
    after: str


def changed_places(before: str, after: str) -> list[ChangedPlace]:
    """Where two texts differ, in reading order; empty lines do not count."""
    old, new = _lines(before), _lines(after)
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > 20_000)
    places = []
    for group in matcher.get_grouped_opcodes(1):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        places.append(ChangedPlace("\n".join(old[old_start:old_end]), "\n".join(new[new_start:new_end])))
    return places


def draw_document_difference(before: str, after: str) -> None:
    """Draw the changed places of a document, each with its words struck through and put in."""
    places = changed_places(before, after)
    if not places:
        st.caption("The text is the same.")
        return
    st.caption(
        f"{counted(len(places), 'place')} changed. :red[~~Struck through~~]: taken out. "
        ":green-background[**Bold**]: put in."
    )
    for place in places[:MOST_PLACES]:
        with st.container(border=True):
            st.markdown(_words(place))
    if len(places) > MOST_PLACES:
        st.caption(f"The first {MOST_PLACES} places are shown.")


def _words(place: ChangedPlace) -> str:
    if len(place.before) + len(place.after) <= _LONGEST_BY_WORD_CHARACTERS:
        return difference(place.before, place.after)
    parts = [_cut(place.before, ""), _cut("", place.after)]
    return "\n\n".join(parts)


def _cut(before: str, after: str) -> str:
    longest = _LONGEST_SHOWN_CHARACTERS
    ellipsis = " …" if max(len(before), len(after)) > longest else ""
    return difference(before[:longest], after[:longest]) + ellipsis


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip()]
