"""Words as the keyword index sees them, and the identifiers in a question that must match exactly."""

from __future__ import annotations

import re
import threading
from functools import lru_cache

import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS

_TOKEN = re.compile(r"[^\W_]+(?:[-./'’][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_STOP_WORDS = frozenset(STOPWORDS_EN_PLUS)
# A bare number is an identifier only behind a word that says so: "reject 75" is a code, "75 years" is not.
_CODE_CUE = re.compile(
    r"\b(?:rejects?|rejected|rejection|codes?|forms?|errors?|polic(?:y|ies)|procedures?|steps?|daw|dur|ncpdp|msg|message|"
    r"transaction|status|ext|extension)\b(?:\s+(?:code|number|no\.?|nr\.?|with|is|of))*\s*[:#]?\s*([a-z]?\d{1,6}[a-z]?)\b",
    re.IGNORECASE,
)
_LETTERS_AND_DIGITS = re.compile(r"\b[A-Za-z]{1,6}-?\d{1,6}[A-Za-z]?\b|#\s?\d{2,}")
_DIGIT_GROUPS = re.compile(r"\+?\(?\d{1,4}\)?(?:[-.\s]\(?\d{2,4}\)?){2,}")
# Measures and ordinary words with a number in them are no codes.
_MEASURE = re.compile(
    r"^(?:\d+(?:st|nd|rd|th|mg|mcg|ml|kg|g|am|pm|h|hr|hrs|x|d|k|f|c)|covid-?19|b-?(?:1|2|3|6|12)|h1n1)$"
)
_stemming = threading.local()


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    if not hasattr(_stemming, "stemmer"):
        _stemming.stemmer = Stemmer.Stemmer("english")
    stem: str = _stemming.stemmer.stemWord(word)
    return stem


def keyword_tokens(text: str) -> list[str]:
    """Lower-case stems without stop words; a compound such as ``PA-100`` yields itself and its parts."""
    tokens: list[str] = []
    for match in _TOKEN.finditer(text.lower().replace("’", "'")):
        token = match.group()
        if token in _STOP_WORDS:
            continue
        if token.isalpha():
            tokens.append(_stem(token))
            continue
        tokens.append(token)
        parts = _PART.findall(token)
        if len(parts) > 1:
            tokens.extend(_stem(part) for part in parts if part not in _STOP_WORDS and len(part) > 1)
    return tokens


def identifiers(text: str) -> tuple[str, ...]:
    """Codes, form names and phone numbers in ``text``, lower-case, without separators, in reading order, each once."""
    found: dict[str, None] = {}
    for match in _DIGIT_GROUPS.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if len(digits) >= 7:
            found[digits] = None
    for match in _CODE_CUE.finditer(text):
        found[match.group(1).lower()] = None
    for match in _LETTERS_AND_DIGITS.finditer(text):
        token = match.group().lower().lstrip("# ")
        if not _MEASURE.match(token):
            found[re.sub(r"[^a-z0-9]", "", token)] = None
    return tuple(found)


def holds_identifier(text: str, identifier: str) -> bool:
    """Whether ``text`` holds the identifier as a whole, however it is separated: ``pa100`` is in "form PA-100"."""
    pattern = r"[\s().\-]{0,2}".join(re.escape(character) for character in identifier)
    return re.search(rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])", text, re.IGNORECASE) is not None
