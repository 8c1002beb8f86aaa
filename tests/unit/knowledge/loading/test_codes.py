"""The vocabulary of failures and warnings is complete and has no word too many."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from services.knowledge import loading
from services.knowledge.loading.codes import FAILURES, WARNINGS

_CODE = re.compile(r"[a-z]+(?:-[a-z]+)+")
# Hyphenated words in the source that are no codes.
_OTHER_WORDS = frozenset(
    {"utf-sig", "utf-le", "utf-be", "header-only", "parser-not-started", "mime-version", "message-id", "return-path",
     "content-type", "aria-hidden"}
)  # fmt: skip


def words_in_source(pattern: re.Pattern[str] = _CODE) -> set[str]:
    words = set()
    for path in Path(str(loading.__file__)).parent.glob("*.py"):
        if path.name == "codes.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and pattern.fullmatch(node.value):
                words.add(node.value)
    return words


def test_every_code_in_the_source_is_in_the_vocabulary() -> None:
    assert words_in_source() - set(FAILURES) - set(WARNINGS) - _OTHER_WORDS == set()


def test_every_code_of_the_vocabulary_is_used() -> None:
    assert set(FAILURES) | set(WARNINGS) <= words_in_source(re.compile(r"[a-z-]+"))


def test_meanings_are_sentences() -> None:
    assert all(meaning.endswith(".") for meaning in (*FAILURES.values(), *WARNINGS.values()))
