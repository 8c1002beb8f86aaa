"""Texts of people and documents as Markdown that shows them letter by letter, with parts marked."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_SPACES = re.compile(r"[^\S\n]+")


def plain(text: str) -> str:
    """The text as it is: no character of it means anything to Markdown; line breaks stay."""
    return "\n\n".join(
        "  \n".join(_line(line) for line in paragraph.split("\n") if line.strip())
        for paragraph in re.split(r"\n\s*\n", text.strip())
    )


def in_one_line(text: str, longest_characters: int | None = None) -> str:
    """The text as it is for a label: one line, cut with an ellipsis where it is too long."""
    words = " ".join(text.split())
    if longest_characters is not None and len(words) > longest_characters:
        words = words[: longest_characters - 1].rstrip() + "…"
    return _line(words)


def highlighted(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text as it is, with the spans marked; a mark never crosses a line."""
    return marked(text, [(start, end, "green") for start, end in spans])


def marked(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """As :func:`highlighted`, with a color of Streamlit's for each span."""
    lines: list[str] = []
    offset = 0
    for line in text.split("\n"):
        lines.append(_marked_line(line, [(start - offset, end - offset, color) for start, end, color in spans]))
        offset += len(line) + 1
    paragraphs = re.split(r"\n{2,}", "\n".join(lines))
    return "\n\n".join("  \n".join(paragraph.split("\n")) for paragraph in paragraphs if paragraph.strip())


def _marked_line(line: str, spans: Sequence[tuple[int, int, str]]) -> str:
    pieces: list[str] = []
    at = 0
    for left, right, color in spans:
        start, end = max(left, at), min(right, len(line))
        if start >= end:
            continue
        pieces.append(_line(line[at:start]))
        words = line[start:end]
        if words.strip():
            before = " " if words[0].isspace() else ""
            after = " " if words[-1].isspace() else ""
            pieces.append(f"{before}:{color}-background[{_line(words.strip())}]{after}")
        at = end
    pieces.append(_line(line[at:]))
    return "".join(pieces).strip()


def _line(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", _SPACES.sub(" ", text.replace("\n", " ")))
