"""JSONL: text to the letter, bad lines by number, memory that does not grow with the file."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from services.knowledge.loading import load_path
from tests.unit.knowledge.loading.samples import LIMIT_BYTES, assert_sections_hold, load


def line(**fields: object) -> str:
    return json.dumps(fields) + "\n"


def test_text_is_kept_to_the_letter() -> None:
    text = "  Two  spaces,\ttab,\r\n\u00a0\x07 and *marks*.\n\n"

    (document,) = load("a.jsonl", line(id="x/1", title="T", text=text, url="https://x.example")).documents

    assert document.text == text
    assert (document.id, document.title, document.url) == ("x/1", "T", "https://x.example")
    assert document.text[document.sections[0].start : document.sections[0].end] == text.strip()
    assert_sections_hold(document)


def test_questions_are_phrasings_and_question_is_left_alone() -> None:
    (document,) = load("a.jsonl", line(id=1, text="T", question="Q?", questions=["A?", "A?", " "])).documents

    assert (document.id, document.title) == ("1", "1")
    assert document.sections[0].questions == ("A?",)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"not json\n", "bad-line"),
        (b"[1]\n", "bad-line"),
        (b'{"id": "a"', "bad-line"),
        (b'{"text": "no id"}\n', "bad-line"),
        (b'{"id": " ", "text": "x"}\n', "bad-line"),
        (b'{"id": "a"}\n', "bad-line"),
        (b'{"id": "a", "text": 5}\n', "bad-line"),
        (b'{"id": "a", "text": "nul \\u0000"}\n', "bad-line"),
        (b'{"id": "a", "text": "half \\ud800"}\n', "bad-line"),
        (b'{"id": "a\\n", "text": "x"}\n', "bad-line"),
        (b'{"id": "a", "text": "x", "questions": "Q?"}\n', "bad-line"),
        (b'{"id": "a", "text": "caf\xe9"}\n', "bad-line"),
        (b"[" * 100_000 + b"\n", "bad-line"),
        (b'{"id": "a", "text": " \\n"}\n', "no-text"),
        (b'{"id": "good", "text": "again"}\n', "duplicate-id"),
    ],
)
def test_bad_line_is_named_and_the_other_lines_load(bad: bytes, code: str) -> None:
    loaded = load("a.jsonl", b'{"id": "good", "text": "Good."}\n\n' + bad)

    assert [document.id for document in loaded.documents] == ["good"]
    assert [failure.code for failure in loaded.failures] == [code]
    assert "Line 3" in loaded.failures[0].cause


def test_address_that_is_none_is_a_warning() -> None:
    loaded = load("a.jsonl", line(id=1, text="T", url="javascript:alert(1)"))

    assert loaded.documents[0].url is None
    assert [warning.code for warning in loaded.warnings] == ["bad-url"]


def test_line_over_the_limit_is_skipped_and_the_next_line_loads(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line(id=1, text="x" * 5_000) + line(id=2, text="Short."))

    (loaded,) = load_path(path, max_file_bytes=1_000)

    assert [document.id for document in loaded.documents] == ["2"]
    assert [failure.code for failure in loaded.failures] == ["too-large"]


def test_utf16_is_a_mismatch() -> None:
    assert load("a.jsonl", line(id=1, text="T").encode("utf-16")).failures[0].code == "content-mismatch"


def test_large_file_comes_in_batches_within_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("w") as stream:
        for number in range(20_000):
            stream.write(line(id=f"d{number}", text=f"{number} " + "x" * 1_500))
    seen = []

    tracemalloc.start()
    for loaded in load_path(path, max_file_bytes=LIMIT_BYTES):
        seen.append((loaded.part, len(loaded.documents), loaded.data_sha256))
        assert loaded.original == path
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [part for part, _, _ in seen] == list(range(20))
    assert sum(count for _, count, _ in seen) == 20_000
    assert len({sha256 for _, _, sha256 in seen}) == 1
    assert path.stat().st_size > 30_000_000
    assert peak_bytes < 15_000_000
