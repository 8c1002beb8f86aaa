"""Tables of questions and answers."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.knowledge.loading.samples import bodies, load, make_xlsx, make_zip, only_code, only_document

ROWS = (
    "Question,ANSWER,question_2,questions\n"
    "May I return it?,Yes.,Can I send it back?,Return ok? | Refund?\n"
    "How?,By mail.,,\n"
)


def test_each_row_is_a_section_whose_body_is_the_answer() -> None:
    document = only_document("faq.csv", ROWS)

    assert document.text == "May I return it?\nYes.\n\nHow?\nBy mail."
    assert bodies(document) == [(("May I return it?",), "Yes."), (("How?",), "By mail.")]
    assert document.sections[0].questions == ("May I return it?", "Can I send it back?", "Return ok?", "Refund?")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiter_and_encoding_are_found(delimiter: str, encoding: str) -> None:
    text = f'question{delimiter}answer\nWas kostet die Rückgabe?{delimiter}"Fünf Euro, wenn der Beleg fehlt."\n'

    assert bodies(only_document("faq.csv", text.encode(encoding)))[0][1] == "Fünf Euro, wenn der Beleg fehlt."


def test_delimiter_line_of_excel_is_understood() -> None:
    assert len(only_document("faq.csv", "sep=;\nquestion;answer\nHow?;By mail.\n").sections) == 1


def test_line_ends_of_old_macs_are_understood() -> None:
    assert bodies(only_document("faq.csv", "question,answer\rHow?,By mail.\r")) == [(("How?",), "By mail.")]


@pytest.mark.parametrize("data", ["question,answer\n", "\n\n", "question,answer\nHow?,\n", ",,\n;;\n"])
def test_table_without_a_full_row_is_a_failure(data: str) -> None:
    assert only_code("faq.csv", data) == "no-rows"


def test_rows_that_lack_something_are_warnings_that_name_the_line() -> None:
    loaded = load("faq.csv", 'question,answer\nHow?,"By\nmail."\nWhy?,\n,So.\n,\n')

    assert [(warning.code, warning.cause[:6]) for warning in loaded.warnings] == [
        ("empty-answer", "Line 4"),
        ("empty-question", "Line 5"),
    ]
    assert bodies(loaded.documents[0]) == [(("How?",), "By\nmail.")]


def test_forgotten_quotation_mark_is_a_failure_that_names_the_line() -> None:
    loaded = load("faq.csv", 'question,answer\nHow?,By mail.\nWhy?,"So.\nWhen?,Now.\n')

    assert [failure.code for failure in loaded.failures] == ["table-damaged"]
    assert "line 3" in loaded.failures[0].cause


def test_row_with_more_cells_than_columns_is_left_out_since_its_answer_may_be_cut_off() -> None:
    loaded = load("faq.csv", "question,answer\nMay I?,Yes, but only unopened.\nHow?,By mail.,\n")

    assert [(warning.code, warning.cause[:6]) for warning in loaded.warnings] == [("extra-cells", "Line 2")]
    assert bodies(loaded.documents[0]) == [(("How?",), "By mail.")]


def test_question_asked_twice_is_a_warning() -> None:
    loaded = load("faq.csv", "question,answer\nHow?,A.\nhow?,B.\n")

    assert [warning.code for warning in loaded.warnings] == ["duplicate-question"]


def test_one_address_is_the_documents_and_several_are_the_sections() -> None:
    one = only_document(
        "faq.csv", "question,answer,url,title\nA?,A.,https://x.example/a,Answers\nB?,B.,https://x.example/a,\n"
    )
    several = only_document("faq.csv", "question,answer,url\nA?,A.,https://x.example/a\nB?,B.,\n")

    assert (one.url, one.title) == ("https://x.example/a", "Answers")
    assert several.url is None
    assert [section.url for section in several.sections] == ["https://x.example/a", None]


def test_workbook_reads_every_sheet_that_has_the_columns() -> None:
    data = make_xlsx(
        ("Question", "Answer"), ("How?", "By mail."), (None, None), ("When?", date(2026, 5, 1)), ("Fee?", 5.0)
    )

    assert bodies(only_document("faq.xlsx", data)) == [
        (("How?",), "By mail."),
        (("When?",), "2026-05-01"),
        (("Fee?",), "5"),
    ]


def test_workbook_rows_are_named_by_sheet_and_row() -> None:
    loaded = load("faq.xlsx", make_xlsx(("Question", "Answer"), ("How?", "So."), ("Why?", None)))

    assert loaded.warnings[0].cause.startswith("Sheet “FAQ”, row 3")


def test_damaged_workbook_has_its_own_code() -> None:
    assert only_code("faq.xlsx", make_zip({"xl/workbook.xml": b"<a"})) == "xlsx-damaged"


def test_workbook_that_unpacks_to_far_too_much_is_refused() -> None:
    assert only_code("faq.xlsx", make_zip({"xl/workbook.xml": bytes(101_000_000)})) == "too-large"
