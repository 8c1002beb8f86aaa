"""What holds for every input: sections that fit their text, and no file that raises."""

from __future__ import annotations

import csv
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.knowledge.loading.samples import assert_sections_hold, load, make_docx, make_pdf, make_xlsx

LINES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "# Heading",
            "## Deeper",
            "HEADING",
            "=====",
            "-----",
            "- item",
            "  - nested",
            "1. item",
            "| a | b |",
            "|---|---|",
            "```",
            "> quote",
            "<p>html",
            "---",
            "title: x",
            "",
            "Plain words here.",
            "1.2 LOUD WORDS",
            "\u2028",
            "\x0c",
        ]
    ),
)


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(LINES, max_size=15), name=st.sampled_from(["a.md", "a.txt", "a.html"]))
def test_sections_are_ordered_and_filled_for_any_text(lines: list[str], name: str) -> None:
    loaded = load(name, "\n".join(lines).encode("utf-8", errors="replace"))

    assert bool(loaded.documents) != bool(loaded.failures)
    for document in loaded.documents:
        assert_sections_hold(document)
        assert document.title
        document.text.encode("utf-8")


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60)), max_size=8))
def test_sections_are_ordered_and_filled_for_any_table(rows: list[tuple[str, str]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(("question", "answer"))
    writer.writerows(rows)

    loaded = load("a.csv", stream.getvalue().encode("utf-8", errors="replace"))

    assert bool(loaded.documents) != bool(loaded.failures)
    for document in loaded.documents:
        assert_sections_hold(document)
        for section in document.sections:
            assert document.text[: section.start].endswith(f"{section.path[0]}\n")


ORIGINALS = {
    "a.pdf": make_pdf(["# Title", "Text of the page. " * 20, [["A", "B"], ["1", "2"]]], ["More text."]),
    "a.docx": make_docx(),
    "a.xlsx": make_xlsx(("question", "answer"), ("How?", "So."), ("Why?", "Because.")),
    "a.html": b"<html><head><title>T</title></head><body><table><tr><th>a<td>b</table><ul><li>x<p>y</ul></body></html>",
    "a.md": b"---\ntitle: x\n---\n# T\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- x\n  1. y\n\n<div>z</div>\n",
    "a.txt": "TITLE\n\nText – mit Ümlaut.\n\n1. ITEM\n\nMore.\n".encode("cp1252"),
    "a.csv": b'question,answer\n"How?","So, ""yes""."\nWhy?,Because.\n',
    "a.jsonl": b'{"id": "1", "text": "One."}\n{"id": "2", "text": "Two."}\n',
}


@pytest.mark.parametrize("name", ORIGINALS)
def test_mutated_file_ends_as_documents_or_failures(name: str) -> None:
    chance = random.Random(f"mutation of {name}")
    for _ in range(25):
        data = bytearray(ORIGINALS[name])
        for _ in range(chance.randint(1, 12)):
            place = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[place] = chance.randrange(256)
                case 1:
                    del data[place : place + chance.randint(1, 40)]
                case 2:
                    data[place:place] = chance.randbytes(chance.randint(1, 20))
                case 3:
                    data[place:place] = data[: chance.randint(1, 60)]
            if not data:
                data = bytearray(b"x")

        loaded = load(name, bytes(data))

        assert loaded.documents or loaded.failures
        for document in loaded.documents:
            assert_sections_hold(document)
