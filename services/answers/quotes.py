"""Whether a text holds an expected sentence."""

from __future__ import annotations

import re

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def holds_quote(text: str, quote: str) -> bool:
    """Whether the words of ``quote`` stand in ``text`` one after the other; spaces, punctuation and case aside.

    A quote without a letter or digit is held by every text.
    """
    return holds_words(plain_words(text), quote)


def holds_words(plain: str, quote: str) -> bool:
    """As :func:`holds_quote`, of a text that went through :func:`plain_words` already, for many quotes of one text."""
    words = plain_words(quote)
    return not words or f" {words} " in f" {plain} "


def plain_words(text: str) -> str:
    """The words of a text, one space between them, without case and punctuation."""
    return _BETWEEN_WORDS.sub(" ", text).strip().casefold()
