"""Takes a response apart into what the models read, and says what cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

from services.backends.local.surveys.cleaning import mark_of, text_key
from services.backends.local.surveys.statements import MOST_STATEMENTS, Span, statement_spans
from services.surveys.marks import Mark, mark_text
from services.surveys.models import OtherReason

# The embedder reads 256 tokens; more characters than this never reach it.
MOST_CHARACTERS = 2_000
_REASONS = {Mark.EMPTY: OtherReason.EMPTY, Mark.JUNK: OtherReason.JUNK}


@dataclass(frozen=True, slots=True)
class ReadResponse:
    """A response as the models see it.

    Attributes:
        whole: Its text, without the statements that say nothing; empty when nothing is said.
        statements: What is said, one by one, at least one unless ``reason`` is set; keys of their texts.
        spans: Where each statement stands in the response.
        reason: Why nobody can find a topic in it; None when somebody may.
        is_foreign: Whether it is clearly written in another language than English.
        is_cut: Whether its end was not read.
    """

    whole: str
    statements: tuple[str, ...]
    spans: tuple[Span, ...]
    reason: OtherReason | None = None
    is_foreign: bool = False
    is_cut: bool = False


def read_response(text: str, *, keep_junk: bool = False) -> ReadResponse:
    """Take a response apart.

    Args:
        keep_junk: Whether phrases such as "don't know" are statements like others: some taxonomy has a topic for them.
    """
    marks = mark_text(text)
    for mark, reason in _REASONS.items():
        if mark in marks and not (keep_junk and reason is OtherReason.JUNK):
            return ReadResponse("", (), (), reason)
    spans = statement_spans(text)
    keys = [text_key(text[start:end]) for start, end in spans]
    kept = list(range(len(keys))) if keep_junk else [row for row, key in enumerate(keys) if mark_of(key) is None]
    if not kept:
        return ReadResponse("", (), (), OtherReason.JUNK if text.strip() else OtherReason.EMPTY)
    interviewed = len(kept) < len(keys) or "//" in text
    whole = _joined([keys[row] for row in kept]) if interviewed else text_key(text[: 2 * MOST_CHARACTERS])
    return ReadResponse(
        whole=whole[:MOST_CHARACTERS],
        statements=tuple(keys[row] for row in kept),
        spans=tuple(spans[row] for row in kept),
        is_foreign=Mark.NON_ENGLISH in marks,
        is_cut=len(spans) == MOST_STATEMENTS,
    )


def _joined(statements: list[str]) -> str:
    return " ".join(one if one[-1] in ".!?," else f"{one}." for one in statements)
