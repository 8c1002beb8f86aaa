"""Markdown becomes plain text with sections."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.knowledge.loading.samples import bodies, load, only_document


def test_front_matter_gives_the_properties() -> None:
    document = only_document(
        "a.md",
        "---\ntitle: Returns\nurl: https://kb.example/returns\nowner: Billing\nreviewed: 2026-03-01\n"
        "valid_until: 2027-02-28\n---\n# Returns\n\nText.\n",
    )

    assert (document.title, document.url, document.owner) == ("Returns", "https://kb.example/returns", "Billing")
    assert (document.reviewed_on, document.valid_until) == (date(2026, 3, 1), date(2027, 2, 28))
    assert document.text == "Returns\nText."


def test_title_with_a_colon_is_understood() -> None:
    loaded = load("a.md", "---\ntitle: Returns: how they work\n---\nText.\n")

    assert loaded.documents[0].title == "Returns: how they work"
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("reviewed: 2026-13-45", "bad-date"),
        ("valid_until: soon", "bad-date"),
        ("url: javascript:alert(1)", "bad-url"),
        ("title: [open\nowner", "bad-properties"),
    ],
)
def test_property_that_cannot_be_used_is_a_warning_and_the_text_still_loads(line: str, code: str) -> None:
    loaded = load("a.md", f"---\n{line}\n---\nText.\n")

    assert [warning.code for warning in loaded.warnings] == [code]
    assert loaded.documents[0].text == "Text."


def test_rulers_around_a_paragraph_are_not_properties() -> None:
    assert only_document("a.md", "---\nJust a paragraph.\n---\nText.\n").text.startswith("Just a paragraph.")


def test_only_top_heading_is_the_title_and_not_in_the_paths() -> None:
    document = only_document("x.md", "Before.\n\n# Returns\n\nIntro.\n\n## Steps\n\nPack.\n\n### Labels\n\nPrint.\n")

    assert document.title == "Returns"
    assert bodies(document) == [
        ((), "Before."),
        ((), "Intro."),
        (("Steps",), "Pack."),
        (("Steps", "Labels"), "Print."),
    ]


def test_several_top_headings_stay_in_the_paths() -> None:
    document = only_document("store-faq.md", "# Returns\n\nOne.\n\n# Shipping\n\nTwo.\n")

    assert document.title == "Store FAQ"
    assert bodies(document) == [(("Returns",), "One."), (("Shipping",), "Two.")]


def test_markup_and_link_targets_are_removed_and_code_is_kept() -> None:
    document = only_document("a.md", "Use *the* **form** [PA-100](https://x.example) and `x *= 2`<br>now.\n")

    assert document.text == "Use the form PA-100 and x *= 2\nnow."


def test_list_items_are_lines_with_their_marks() -> None:
    document = only_document("a.md", "3. Call.\n   - Ask.\n   - Listen.\n4. Write.\n\n   Twice.\n\nEnd.\n")

    assert document.text == "3. Call.\n  - Ask.\n  - Listen.\n4. Write.\n  Twice.\n\nEnd."


def test_deeply_nested_lists_are_kept() -> None:
    text = "".join(f"{'  ' * depth}- level {depth}\n" for depth in range(30))

    assert "level 29" in only_document("a.md", text).text


def test_table_rows_are_statements_without_doubled_punctuation() -> None:
    document = only_document(
        "a.md", "| Code | Meaning | Note |\n|---|---|---|\n| 75 | PA needed. | |\n| 76 | Why? | Ask! |\n"
    )

    assert document.text == "Code: 75; Meaning: PA needed.\nCode: 76; Meaning: Why? Note: Ask!"


def test_code_blocks_keep_their_lines() -> None:
    assert only_document("a.md", "```\nif x:\n    go()\n```\n").text == "if x:\n    go()"


def test_html_inside_is_read_and_scripts_are_not() -> None:
    document = only_document("a.md", "<div><p>Shown.</p><script>alert(1)</script></div>\n\nText <b>bold</b>.\n")

    assert document.text == "Shown.\n\nText bold."


def test_heading_without_text_is_a_warning() -> None:
    loaded = load("a.md", "# T\n\n## We do not ship abroad\n\n## Hours\n\nNine to five.\n")

    assert [warning.code for warning in loaded.warnings] == ["empty-section"]
    assert "We do not ship abroad" in loaded.warnings[0].cause


def test_file_of_headings_only_is_still_found() -> None:
    assert bodies(only_document("a.md", "# Closed on Mondays\n")) == [((), "Closed on Mondays")]


def test_control_characters_are_removed() -> None:
    assert only_document("a.md", "Te\x07xt\u200b here\u00a0now.").text == "Text here now."
