"""A document becomes Markdown to edit and comes back as the same document with the changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.sample_tenants import SAMPLE_DATA
from services.errors import InputError
from services.knowledge.loading import load_bytes, load_path
from services.knowledge.markdown_editing import document_from_markdown, markdown_of_document
from services.knowledge.models import Document, Section


def document(*sections: tuple[tuple[str, ...], str], title: str = "Returns", **fields: object) -> Document:
    """A document whose sections hold these bodies; every section has a page of its own."""
    text, made = "", []
    for page, (path, body) in enumerate(sections, start=1):
        text += f"{path[-1]}\n" if path else ""
        made.append(Section(path, len(text), len(text) + len(body), page, (f"Question {page}?",), f"https://kb/{page}"))
        text += f"{body}\n\n"
    return replace(Document("returns.pdf", title, text, tuple(made), "application/pdf"), **fields)  # type: ignore[arg-type]


def edited(before: Document, markdown: str, title: str | None = None) -> Document:
    return document_from_markdown(before.id, markdown, title=title or before.title, url=before.url, before=before)


def parts(made: Document) -> list[tuple[object, ...]]:
    """What readers and the index see of the sections."""
    return [
        (section.path, made.text[section.start : section.end].strip(), section.page, section.questions, section.url)
        for section in made.sections
    ]


@pytest.mark.parametrize("tenant", ["pharmacy", "clinic"])
def test_every_sample_document_comes_back_unchanged(tenant: str) -> None:
    loaded = load_path(SAMPLE_DATA / tenant / "documents", max_file_bytes=10_000_000)
    for before in (made for file in loaded for made in file.documents):
        again = edited(before, markdown_of_document(before))
        assert (again.title, parts(again)) == (before.title, parts(before)), before.id


@pytest.mark.parametrize(
    "body",
    [
        "Two lines\nof one paragraph.",
        "A # that is no heading\n# nor is this one",
        "5 * 3 * 2 is _thirty_, [not] <b>bold</b> & so on",
        "- one\n- two\n  - three\n\nAnd after the list.",
        "1. first\n2. second",
        "1986. A year that is no list.",
        "> quoted?\n\n| a | b |",
        "Call `reset` or \\n.",
        "Price: $5 ~ $6 = cheap\n===\nnot a heading",
        "----\nText",
    ],
)
def test_text_that_looks_like_markdown_comes_back_as_it_was(body: str) -> None:
    before = document((("Deadline",), body), (("Refunds",), "In a week."))
    assert parts(edited(before, markdown_of_document(before))) == parts(before)


def test_headings_go_as_deep_as_the_sections_and_are_named_once() -> None:
    before = document((("A",), "One."), (("A", "B"), "Two."), (("A", "C"), "Three."), (("D",), "Four."))
    headings = [line for line in markdown_of_document(before).splitlines() if line.startswith("#")]
    assert headings == ["# Returns", "## A", "### B", "### C", "## D"]


def test_text_after_a_deeper_section_stays_under_its_own_heading() -> None:
    before = document((("A",), "One."), (("A", "B"), "Two."), (("A",), "Three."))
    assert [path for path, *_ in parts(edited(before, markdown_of_document(before)))] == [("A",), ("A", "B"), ("A",)]


def test_changed_body_keeps_page_address_and_questions_of_its_section() -> None:
    before = document((("Deadline",), "Within 30 days."), (("Refunds",), "In a week."))
    after = edited(before, markdown_of_document(before).replace("30 days", "60 days"))
    assert parts(after)[0] == (("Deadline",), "Within 60 days.", 1, ("Question 1?",), "https://kb/1")
    assert parts(after)[1] == parts(before)[1]


def test_renamed_section_starts_without_page_and_questions() -> None:
    before = document((("Deadline",), "Within 30 days."), (("Refunds",), "In a week."))
    after = edited(before, markdown_of_document(before).replace("## Deadline", "## Time limit"))
    assert parts(after)[0] == (("Time limit",), "Within 30 days.", None, (), None)
    assert parts(after)[1] == parts(before)[1]


def test_pages_of_a_text_without_headings_are_found_again() -> None:
    before = document(((), "Page one says this."), ((), "Page two says that.\n\nAnd more."), ((), "Page three ends."))
    after = edited(before, markdown_of_document(before).replace("And more.", "And much more."))
    assert [(body, page) for _, body, page, *_ in parts(after)] == [
        ("Page one says this.", 1),
        ("Page two says that.\n\nAnd much more.", 2),
        ("Page three ends.", 3),
    ]


def test_added_and_removed_sections_are_added_and_removed() -> None:
    before = document((("Deadline",), "Within 30 days."), (("Refunds",), "In a week."))
    after = edited(before, "# Returns\n\n## Refunds\n\nIn a week.\n\n## Exchange\n\nAt any counter.\n")
    assert [path for path, *_ in parts(after)] == [("Refunds",), ("Exchange",)]
    assert parts(after)[0] == parts(before)[1]


@pytest.mark.parametrize(
    ("given", "heading", "title"),
    [("Returns", "Returns", "Returns"), ("Sendings", "Returns", "Sendings"), ("Returns", "Sendings", "Sendings")],
)
def test_title_changes_where_the_admin_changed_it(given: str, heading: str, title: str) -> None:
    before = document((("Deadline",), "Within 30 days."))
    after = edited(before, f"# {heading}\n\n## Deadline\n\nWithin 30 days.\n", given)
    assert (after.title, [path for path, *_ in parts(after)]) == (title, [("Deadline",)])


def test_text_without_a_title_line_keeps_the_title() -> None:
    before = document((("Deadline",), "Within 30 days."))
    after = edited(before, "Just a sentence.")
    assert (after.title, parts(after)) == ("Returns", [((), "Just a sentence.", None, (), None)])


def test_second_top_heading_is_a_section_like_the_others() -> None:
    before = document((("Deadline",), "Within 30 days."))
    after = edited(before, "# Returns\n\nFirst.\n\n# Another\n\nSecond.\n")
    assert [path for path, *_ in parts(after)] == [(), ("Another",)]


def test_rule_at_the_start_is_not_taken_for_properties() -> None:
    after = document_from_markdown("x.md", "---\ntitle: Trick\n---\nText.", title="Mine", url=None)
    assert after.title == "Mine"
    assert "Text." in after.text


@pytest.mark.parametrize("markdown", ["", "   \n\n", "---"])
def test_text_without_words_is_refused(markdown: str) -> None:
    with pytest.raises(InputError) as caught:
        document_from_markdown("x.md", markdown, title="Mine", url=None)
    assert caught.value.code == "no-text"


def test_questions_of_a_table_of_answers_stay_with_their_rows() -> None:
    data = b"question,answer\nHow long?,Thirty days.\nBy post?,By any carrier.\n"
    (before,) = load_bytes("faq.csv", data, max_file_bytes=10_000).documents
    after = edited(before, markdown_of_document(before).replace("Thirty", "Sixty"))
    assert [questions for *_, questions, _ in parts(after)] == [questions for *_, questions, _ in parts(before)]
    assert "Sixty days." in after.text
