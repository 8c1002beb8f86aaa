"""What became of a golden question, in words and an icon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from components.passage_reasons import ordinal
from services.answers.golden_models import GoldenOutcome
from services.answers.golden_runs import FIRST_PLACES, ProgressListener
from services.answers.models import Band
from services.knowledge.models import GoldenQuestion

_BANDS = {Band.DRAFT: "draft", Band.SOURCES_ONLY: "sources only", Band.NOT_FOUND: "declined"}


class Standing(StrEnum):
    """How a question fares, for the table and its filter."""

    RIGHT = "Right"
    NOT_FIRST = "Right document not first"
    WRONG = "Wrong"
    NOT_RUN = "Not run yet"


@dataclass(frozen=True, slots=True)
class ResultWords:
    """A standing with what it is about, for a cell of a table."""

    standing: Standing
    words: str


def result_words(question: GoldenQuestion, outcome: GoldenOutcome | None) -> ResultWords:
    """How a question fared; what is wrong is said first."""
    if outcome is None:
        return ResultWords(Standing.NOT_RUN, "○ Not run yet")
    if not question.answerable:
        if outcome.band is Band.DRAFT:
            return ResultWords(Standing.WRONG, "✕ Gets a draft, must not")
        return ResultWords(Standing.RIGHT, f"✓ Rightly {'declined' if outcome.band is Band.NOT_FOUND else 'no draft'}")
    if outcome.band is Band.NOT_FOUND:
        return ResultWords(Standing.WRONG, "✕ Declined, must not be")
    if outcome.rank is None or outcome.rank > FIRST_PLACES:
        return ResultWords(Standing.WRONG, f"✕ {_place(outcome)}, {_BANDS[outcome.band]}")
    if outcome.rank > 1:
        return ResultWords(Standing.NOT_FIRST, f"△ {_place(outcome)}, {_BANDS[outcome.band]}")
    return ResultWords(Standing.RIGHT, f"✓ {_place(outcome)}, {_BANDS[outcome.band]}")


def outcome_words(question: GoldenQuestion, outcome: GoldenOutcome) -> str:
    """Where the right document stands and what the agent gets, such as "2nd place, draft"."""
    if not question.answerable or outcome.band is Band.NOT_FOUND:
        return _BANDS[outcome.band]
    return f"{_place(outcome)}, {_BANDS[outcome.band]}"


@contextmanager
def progress_shown(words: str) -> Iterator[ProgressListener]:
    """A bar for a long run; yields what the run reports to."""
    bar = st.progress(0.0, text=words)

    def listen(done: int, total: int) -> None:
        if done == total or done % 5 == 0:
            bar.progress(done / total, text=f"{words} {done:,} of {total:,}")

    try:
        yield listen
    finally:
        bar.empty()


def _place(outcome: GoldenOutcome) -> str:
    return f"{ordinal(outcome.rank)} place" if outcome.rank is not None else "not in the first ten"
