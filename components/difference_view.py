"""What an edit changed, word by word: taken out words are struck through, new ones underlaid."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

import streamlit as st

from components.markdown_text import in_one_line

_WORDS = re.compile(r"\w[\w'’-]*|[^\w\s]|[^\S\n]+|\n+")
_LINE_BREAK = "  \n"


def draw_difference(draft: str, edited: str) -> None:
    """Draw both versions in one text."""
    st.markdown(difference(draft, edited))
    st.caption(":red[~~Struck through~~]: taken out. :green-background[**Bold**]: put in.")


def difference(draft: str, edited: str) -> str:
    """Markdown with the removed words struck through and the added ones bold and underlaid."""
    before, after = _WORDS.findall(draft.strip()), _WORDS.findall(edited.strip())
    pieces: list[str] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(_in_form("".join(after[j1:j2]), "{}"))
            continue
        removed, added = "".join(before[i1:i2]), "".join(after[j1:j2])
        pieces.append(_in_form(removed.replace("\n", " "), ":red[~~{}~~]"))
        if removed.strip() and added.strip():
            pieces.append(" ")
        pieces.append(_in_form(added, ":green-background[**{}**]"))
    return "".join(pieces)


def _in_form(text: str, form: str) -> str:
    """The words of each line in the form, with the spaces and line breaks around them left outside it."""
    lines = []
    for line in text.split("\n"):
        words = line.strip()
        if words:
            before, after = line[: len(line) - len(line.lstrip())], line[len(line.rstrip()) :]
            lines.append(f"{before}{form.format(in_one_line(words))}{after}")
        else:
            lines.append(line)
    return _LINE_BREAK.join(lines)
