"""The pieces that every format is taken apart into, and the cleaning of their text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Deeper list items stand at this indent: a list nested a thousand times would become mostly spaces.
DEEPEST_INDENT = 8
# Horizontal space in every script, plus the control characters that str.split would also take for space.
_SPACES = re.compile(r"[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ud800-\udfff\ufffe\uffff]")
_LINE_BREAK = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line.

    Attributes:
        level: 0 is the document's title, 1 the outermost heading; greater is deeper.
    """

    level: int
    text: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A paragraph, a list item, a table row or a block of code.

    Attributes:
        tight: Follows the body before it on the next line, without a blank line (list items, table rows).
    """

    text: str
    page: int | None = None
    tight: bool = False


Block = Heading | Body


def one_line(text: str) -> str:
    """The text on one line: every run of space is one space, what cannot be seen is gone."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def several_lines(text: str) -> str:
    """The text with its line breaks kept, each line cleaned, empty lines dropped."""
    lines = (one_line(line) for line in _LINE_BREAK.split(text))
    return "\n".join(line for line in lines if line)


def verbatim_lines(text: str) -> str:
    """Code: indentation and inner space stay, control characters and outer blank lines go."""
    lines = (_INVISIBLE.sub("", line).replace("\t", "    ").rstrip() for line in _LINE_BREAK.split(text))
    return "\n".join(lines).strip("\n")


def has_words(text: str) -> bool:
    """Whether there is at least one letter or digit to be found."""
    return any(unicodedata.category(char)[0] in "LN" for char in text)


def same_words(left: str, right: str) -> bool:
    """Whether two titles differ in case and space only."""
    return one_line(left).casefold() == one_line(right).casefold()


def title_from_name(name: str) -> str:
    """A title out of a file name: ``returns-policy_2025.md`` becomes ``Returns policy 2025``."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = stem.rsplit(".", 1)[0] if "." in stem.lstrip(".") else stem
    words = one_line(re.sub(r"[-_]+", " ", stem)) or one_line(name) or "Untitled"
    words = re.sub(r"\bfaqs?\b", lambda found: "FAQ" + found.group()[3:], words)
    return words[0].upper() + words[1:]
