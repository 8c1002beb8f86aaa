"""Recognizes questions in a language other than the knowledge base's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from bm25s.stopwords import STOPWORDS_EN_PLUS

NAMES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "ht": "Haitian Creole",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tl": "Tagalog",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
# Short agents' questions are full of names and codes; only a clear lead counts (natural logarithm of the odds).
CLEAR_LEAD = 15.0
FEWEST_LETTERS = 10
# "is", "will" and "to" are words of other languages too: one English word among many proves nothing.
ENGLISH_SHARE = 1 / 3
_ENGLISH = frozenset(word for word in STOPWORDS_EN_PLUS if len(word) > 1) - {
    *("me", "no", "on", "so", "can", "he", "as", "do", "was", "in", "an", "ma", "re", "ve", "ll"),
}


def other_language(text: str) -> str | None:
    """The English name of the language when the text is clearly not English; None when it is, or when unsure."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    if not words or (sum(map(len, words)) < FEWEST_LETTERS and text.isascii()):
        return None
    if sum(word in _ENGLISH for word in words) >= ENGLISH_SHARE * len(words):
        return None
    ranking = dict(_identifier().rank(text))
    best = max(ranking, key=lambda code: ranking[code])
    scripted = sum(ord(character) > 0x2FF for character in text) > 2
    if best == "en" or (ranking[best] - ranking["en"] < CLEAR_LEAD and not scripted):
        return None
    return NAMES[best]


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(NAMES))
    return identifier
