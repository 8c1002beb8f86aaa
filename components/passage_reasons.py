"""Why a passage was found, in words and small bars instead of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from components.markdown_text import in_one_line
from services.knowledge.models import SearchType
from services.ports.explanations import ExplainedPassage

# Cosines of the packaged model; from one step to the next people see a difference.
_CLOSENESS = ((0.7, "says nearly the same as"), (0.5, "is close to"), (0.3, "touches on"))
_SHARED_WORDS = ((0.8, "Shares the most telling words"), (0.4, "Shares several words"), (1e-9, "Shares a few words"))
_GOOD_RANK = 5
_LEGS = {SearchType.SEMANTIC: "by meaning", SearchType.KEYWORD: "by words"}
_LEG_ICONS = {SearchType.SEMANTIC: ":material/psychology:", SearchType.KEYWORD: ":material/match_word:"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for a passage.

    Attributes:
        share: How much of what is possible it has, in [0, 1]; what the bar shows.
        part: What it adds to the score; only for telling which reason counts most.
    """

    name: str
    words: str
    share: float
    part: float


def reasons(explained: ExplainedPassage, codes: tuple[str, ...], phrasing: str | None) -> list[Reason]:
    """Everything that hybrid search adds up for a passage.

    Args:
        codes: Codes and names in the question.
        phrasing: The words of the phrasing closest to the question, where there is one.
    """
    similarity = explained.passage.similarity
    by_phrasing = phrasing is not None and explained.phrasing_similarity >= explained.text_similarity
    what = f"The phrasing “{phrasing}”" if by_phrasing else "The text"
    found = [
        Reason("meaning", f"{what} {_closeness(similarity)} the question.", similarity, explained.text_part),
        Reason(
            "heading",
            f"Its heading {_closeness(explained.heading_similarity)} the question.",
            explained.heading_similarity,
            explained.heading_part,
        ),
        Reason(
            "words",
            f"{_words(explained.passage.keyword_share)}.",
            explained.passage.keyword_share,
            explained.keyword_part,
        ),
    ]
    if codes:
        held = ", ".join(code.upper() for code in explained.held_codes)
        words = f"Holds {held}, as in the question." if held else f"Does not hold {', '.join(codes).upper()}."
        found.append(Reason("codes", words, len(explained.held_codes) / len(codes), explained.code_part))
    return found


def draw_legs(explained: ExplainedPassage, asked: Sequence[SearchType]) -> None:
    """Draw which of the searches that were asked found the passage, and at what place."""
    badges = [
        f":{_color(explained.ranks[leg])}-badge[{_LEG_ICONS[leg]} {ordinal(explained.ranks[leg])} {words}]"
        if leg in explained.ranks
        else f":gray-badge[{_LEG_ICONS[leg]} not {words}]"
        for leg, words in _LEGS.items()
        if leg in asked
    ]
    if explained.held_codes:
        badges.append(":green-badge[:material/tag: by code]")
    st.markdown(" ".join(badges))


def draw_reasons(explained: ExplainedPassage, codes: tuple[str, ...], phrasing: str | None) -> None:
    """Draw what speaks for the passage and which of it counts most in hybrid search."""
    found = reasons(explained, codes, phrasing)
    for reason in found:
        st.progress(min(1.0, max(0.0, reason.share)), text=in_one_line(reason.words))
    most = max(found, key=lambda reason: reason.part)
    place = ordinal(explained.ranks[SearchType.HYBRID]) if SearchType.HYBRID in explained.ranks else "no"
    st.caption(f"Hybrid search adds these up and puts it in {place} place. What counts most here: {most.name}.")


def ordinal(number: int) -> str:
    """A place as people say it: 1st, 2nd, 11th."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def _color(rank: int) -> str:
    return "green" if rank <= _GOOD_RANK else "gray"


def _closeness(cosine: float) -> str:
    return next((words for least, words in _CLOSENESS if cosine >= least), "is about something else than")


def _words(share: float) -> str:
    return next(
        (f"{words} with the question" for least, words in _SHARED_WORDS if share >= least),
        "Shares no telling word with the question",
    )
