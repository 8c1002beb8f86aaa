"""What holds for every input: sections that fit their text, and no file that raises."""

from __future__ import annotations

import csv
import io
import random
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.knowledge.loading.archives import ArchiveLimits, load_archive
from services.knowledge.loading.files import InProcessParser
from tests.unit.knowledge.loading.samples import (
    LIMIT_BYTES,
    assert_sections_hold,
    load,
    make_docx,
    make_pdf,
    make_pptx,
    make_xlsx,
    make_zip,
)

LIMITS = ArchiveLimits(file_bytes=LIMIT_BYTES)
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
    "a.pptx": make_pptx(),
    "a.eml": b"Subject: Fees\r\nFrom: A <a@b.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n"
    b"\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<h2>Fees</h2><p>Five.\r\n--x\r\n"
    b"Content-Type: text/plain; name=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\nU29tZSB0ZXh0Lg==\r\n--x--\r\n",
    "a.tsv": b"Form\tPurpose\nCG-3\tComplaints\nAE-5\tEvents\n",
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


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.lists(st.text(max_size=20), max_size=5), min_size=1, max_size=8))
def test_sections_are_ordered_and_filled_for_any_rows(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)

    loaded = load("a.csv", stream.getvalue().encode("utf-8", errors="replace"))

    assert bool(loaded.documents) != bool(loaded.failures)
    for document in loaded.documents:
        assert_sections_hold(document)


@settings(max_examples=100, deadline=None)
@given(
    headers=st.lists(
        st.tuples(st.sampled_from(["Subject", "From", "Date", "Content-Type", "MIME-Version"]), st.text(max_size=40)),
        max_size=6,
    ),
    text=st.text(max_size=80),
)
def test_any_mail_ends_as_a_document_or_a_failure(headers: list[tuple[str, str]], text: str) -> None:
    lines = [f"{name}: {value}" for name, value in headers]

    loaded = load("a.eml", "\r\n".join(["Subject: x", *lines, "", text]).encode("utf-8", errors="replace"))

    assert bool(loaded.documents) != bool(loaded.failures)
    for document in loaded.documents:
        assert_sections_hold(document)


@settings(max_examples=60, deadline=None)
@given(
    # zipfile itself cannot write a name that begins with a NUL or holds half a surrogate pair.
    names=st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30), max_size=6
    ),
    damage=st.integers(min_value=0, max_value=2_000),
)
def test_any_archive_accounts_for_every_entry_it_shows(names: list[str], damage: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = bytearray(make_zip({f"{name}.md": b"Some text." for name in names}))
    data[damage % len(data)] ^= 1 + damage % 255

    loaded = list(load_archive("a.zip", io.BytesIO(bytes(data)), limits=LIMITS, parser=InProcessParser(LIMIT_BYTES)))

    assert loaded
    for file in loaded:
        assert bool(file.documents) != bool(file.failures)
        assert all(part not in {"..", ""} for document in file.documents for part in document.id.split("/"))
