"""Tells answers from what was typed to get past the question."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from services.surveys.models import OtherReason

_ASCII_CONTROLS = dict.fromkeys((*range(9), *range(14, 28), 127))
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# "I do not know", "none", "n/a": whatever the question was, this answers it with nothing.
_NOTHING_SAID = re.compile(
    r"n\W?a|nil|null|nothing|nothin|none|non|no|nope|nah|not?\W*applicable|no\W*(?:comments?|answers?|ideal?|opinion)"
    r"|no (?:response|reply|clue|thanks|thank you|thoughts|suggestions?)|nothing (?:else|more|really|at all|to add)"
    r"|nothing (?:to say|comes to mind|in particular|specific)|(?:nothing|none) (?:that )?(?:i|we) can think of"
    r"|same|same as (?:above|before)|see above|as above|ditto|idk|dk|dunno|not sure|unsure|refused?|skip|pass|blank"
    r"|(?:do|does|would|did)\W?n\W?t\W*know|(?:do|does|would|did)\W?not\W*know|test|testing|no one|nobody|anything"
    r"|can\W?t (?:think of|say)|cannot (?:think of|say)|whatever|that\W?s (?:it|all)|x+|anything else"
)
_FILLER = re.compile(
    r"(?:(?:i|we|he|she|r|respondent|you|it|me|well|oh|um+|uh+|hmm+|ok|okay|yeah|yes|just|really|realy|honestly"
    r"|actually|sorry|at all|right now|at the moment|off hand|offhand|at this time|that|as|of|the|a|any|anything|else"
    r"|more|have|has|had|got|am|m|for sure|to be honest|about (?:it|that|this)|earthly|what|with|thank you|thanks"
    r"|please|probably|still|do|know|don\W?t|not|no|idea|clue|sure|think|cant|can\W?t|even|anymore|and)\b\W*)*"
)
_ROWS_OF_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm")
_VOWEL = re.compile(r"[aeiouy]")


def cleaned(text: str) -> str:
    """The text as models read it: composed characters, plain spaces, no characters that cannot be seen."""
    if text.isascii():
        return " ".join(text.translate(_ASCII_CONTROLS).split())
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(one for one in composed if one.isspace() or _is_visible(one)).split())


def text_key(text: str) -> str:
    """Texts with the same key are one text to the models: they are embedded once."""
    return cleaned(text).lower()


def _is_visible(character: str) -> bool:
    # The joiner holds emoji such as families together.
    return character == "\u200d" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co"}


@lru_cache(maxsize=16384)
def mark_of(text: str) -> OtherReason | None:
    """What is wrong with a response or one of its statements; None when it can be read.

    Returns:
        EMPTY without any word or sign, JUNK for keyboard noise and for phrases that say nothing ("n/a", "don't know").
    """
    words = _WORD.findall(text.casefold())
    if not words:
        return None if any(unicodedata.category(character) == "So" for character in text) else OtherReason.EMPTY
    if len(words) > 14:
        return None
    if says_nothing(text) or all(_is_noise(word) for word in words):
        return OtherReason.JUNK
    return None


def says_nothing(text: str) -> bool:
    """Whether it is one of the phrases that answer any question with nothing."""
    phrase = " ".join(_WORD.findall(text.casefold().replace("’", "'")))
    if not phrase:
        return False
    found = _NOTHING_SAID.fullmatch(phrase)
    if found:
        return True
    rest = _FILLER.match(phrase)
    begin = rest.end() if rest else 0
    core = phrase
    # Filler before the phrase ("well i really") and behind it ("at the moment").
    for left in _word_starts(phrase, begin):
        core = phrase[left:]
        for right in _word_ends(core):
            if _NOTHING_SAID.fullmatch(core[:right]) and _is_filler(core[right:].strip()):
                return True
    return False


def _word_starts(phrase: str, limit: int) -> list[int]:
    starts = [0, *(match.end() for match in re.finditer(" ", phrase))]
    return [start for start in starts if start <= limit and _is_filler(phrase[:start].strip())]


def _word_ends(phrase: str) -> list[int]:
    return [*(match.start() for match in re.finditer(" ", phrase)), len(phrase)]


def _is_filler(phrase: str) -> bool:
    return not phrase or _FILLER.fullmatch(phrase + " ") is not None


def _is_noise(word: str) -> bool:
    """Whether a word was typed by running over the keys."""
    if word.isdigit():
        return False
    letters = "".join(character for character in word if character.isalpha() and character.isascii())
    if len(letters) != len(word):
        return False
    if len(letters) >= 3 and len(set(letters)) == 1:
        return True
    if len(letters) < 4:
        return letters in {"asd", "sdf", "dfg", "fgh", "ghj", "hjk", "jkl", "qwe", "zxc", "xcv"}
    if any(letters in row or letters in row[::-1] for row in _ROWS_OF_KEYS) and letters not in _WORDS_ON_A_ROW:
        return True
    pieces = {letters[left : left + 3] for left in range(len(letters) - 2)}
    on_rows = sum(any(piece in row or piece in row[::-1] for row in _ROWS_OF_KEYS) for piece in pieces)
    if on_rows >= max(2, 0.5 * len(pieces)):
        return True
    return len(letters) >= 5 and not _VOWEL.search(letters)


_WORDS_ON_A_ROW = frozenset({"rewrite", "pop", "were", "power", "poi", "tyre", "tree", "wert", "trew", "oi"})
