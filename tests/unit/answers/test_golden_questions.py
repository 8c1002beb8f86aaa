"""Golden questions: what may be kept, and files of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from services.access.models import Account
from services.answers.golden_files import golden_csv, golden_jsonl, read_golden_file
from services.answers.golden_questions import KIND_NAMES, UNANSWERABLE_KINDS, GoldenQuestionService
from services.answers.quotes import holds_quote
from services.errors import AccessError, InputError
from services.knowledge.models import ExpectedPassage, GoldenQuestion
from services.privacy.audit import AuditTrail
from tests.contract.knowledge_samples import DOCUMENTS
from tests.fakes import FakeAuditRepository
from tests.golden_fakes import ADMIN, AGENT, OTHER_TENANT, TENANT, golden
from tests.knowledge_fakes import FakeKnowledgeRepository

QUOTE = "Reject 75 means that prior authorization is required"
REJECT = golden("q1", "What is reject 75?", ("rejects.md", QUOTE), kind="code")


class Desk:
    """The service over the sample documents."""

    def __init__(self) -> None:
        self.repository = FakeKnowledgeRepository()
        self.repository.save_documents(TENANT, DOCUMENTS)
        self.audit = FakeAuditRepository()
        self.service = GoldenQuestionService(self.repository, AuditTrail(self.audit))

    def kept(self) -> list[GoldenQuestion]:
        return self.repository.list_golden_questions(TENANT)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def lines(*values: object) -> bytes:
    return "\n".join(json.dumps(value) for value in values).encode()


def test_new_question_gets_an_id_and_is_kept(desk: Desk) -> None:
    saved = desk.service.save(ADMIN, TENANT, replace(REJECT, id="", text="  What is reject 75?  "))
    assert saved.id
    assert saved.text == "What is reject 75?"
    assert desk.kept() == [saved]


def test_saved_question_replaces_the_one_of_its_id(desk: Desk) -> None:
    desk.service.save(ADMIN, TENANT, REJECT)
    desk.service.save(ADMIN, TENANT, replace(REJECT, text="And 75?"))
    assert [question.text for question in desk.kept()] == ["And 75?"]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (replace(REJECT, text=" ?! "), "There is no question."),
        (replace(REJECT, text="x" * 8001), "longer than 8,000"),
        (replace(REJECT, expected=(ExpectedPassage("nowhere.md"),)), "There is no document “nowhere.md”."),
        (replace(REJECT, expected=(ExpectedPassage("rejects.md", "Reject 99"),)), "do not stand in"),
        (replace(REJECT, expected=()), "needs the document that answers it"),
        (replace(REJECT, kind="off_topic"), "must be declined, so it has no document"),
        (replace(REJECT, kind="joke"), "The kind “joke” is not known"),
        (replace(REJECT, split="train"), "The split “train” is not known"),
        (replace(REJECT, id="i" * 65), "longer than 64"),
    ],
)
def test_question_that_cannot_hold_is_refused_with_its_reason(desk: Desk, question: GoldenQuestion, words: str) -> None:
    with pytest.raises(InputError) as caught:
        desk.service.save(ADMIN, TENANT, question)
    assert words in caught.value.message_for_user
    assert desk.kept() == []


@pytest.mark.parametrize("kind", sorted(UNANSWERABLE_KINDS))
def test_question_that_must_be_declined_needs_no_document(desk: Desk, kind: str) -> None:
    desk.service.save(ADMIN, TENANT, golden("", "How is the weather?", kind=kind))
    assert not desk.kept()[0].answerable


def test_deleted_document_cannot_be_expected(desk: Desk) -> None:
    desk.service.save(ADMIN, TENANT, REJECT)
    desk.repository.delete_documents(TENANT, ["rejects.md"], username=None)
    assert "rejects.md" not in desk.service.documents(ADMIN, TENANT)
    assert desk.service.troubles(ADMIN, TENANT) == {"q1": "There is no document “rejects.md”."}


def test_question_whose_words_were_edited_away_is_told(desk: Desk) -> None:
    desk.service.save(ADMIN, TENANT, REJECT)
    assert desk.service.troubles(ADMIN, TENANT) == {}
    changed = replace(DOCUMENTS[1], text=DOCUMENTS[1].text.replace("Reject 75", "Reject 76"))
    desk.repository.save_documents(TENANT, [changed])
    assert "do not stand in" in desk.service.troubles(ADMIN, TENANT)["q1"]


def test_import_keeps_good_lines_and_names_the_others(desk: Desk) -> None:
    desk.service.save(ADMIN, TENANT, REJECT)
    data = (
        lines(
            {"id": "q1", "text": "Again", "expected": [{"document_id": "rejects.md"}]},
            {"id": "q2", "text": "Weather?"},
            {"id": "q2", "text": "Twice?"},
            {"text": "No such place", "expected": [{"document_id": "nowhere.md"}]},
            {"id": "q5"},
            ["no object"],
            {"text": "Odd", "expected": "rejects.md"},
        )
        + b"\n{broken\n"
    )
    report = desk.service.import_file(ADMIN, TENANT, "golden.jsonl", data)
    assert (report.added, report.replaced) == (1, 1)
    assert {question.id: question.kind for question in desk.kept()} == {"q1": "fact", "q2": "off_topic"}
    assert [(line.line, line.cause) for line in report.left_out] == [
        (3, "A line above has the same id."),
        (4, "There is no document “nowhere.md”."),
        (5, "There is no question in “text”."),
        (6, "This line is not a JSON object."),
        (7, "“expected” is not a list of places with a document_id."),
        (8, "This line is not JSON."),
    ]


@pytest.mark.parametrize("name", ["golden.csv", "golden.jsonl"])
def test_export_can_be_imported_again_and_nothing_changes(desk: Desk, name: str) -> None:
    questions = [
        replace(REJECT, expected=(*REJECT.expected, ExpectedPassage("authorization.md"))),
        golden("q2", '=cmd|"x", said -', ("storage.md", "An open pen lasts 28 days"), kind="story", split="test"),
        golden("q3", "How is\nthe weather?", kind="off_topic"),
    ]
    for question in questions:
        desk.service.save(ADMIN, TENANT, question)
    export = desk.service.export_csv if name.endswith("csv") else desk.service.export_jsonl
    data = export(ADMIN, TENANT)
    desk.service.delete(ADMIN, TENANT, [question.id for question in questions])
    assert desk.kept() == []
    report = desk.service.import_file(ADMIN, TENANT, name, data)
    assert report.left_out == ()
    assert desk.kept() == questions


def test_spreadsheet_gets_no_formula() -> None:
    assert b"\r\nq2,'=1+1," in golden_csv([golden("q2", "=1+1", kind="off_topic")])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_the_text_column_alone_is_enough(desk: Desk, delimiter: str) -> None:
    data = f"text{delimiter}document_id\nWhat is 75?{delimiter}rejects.md\nWeather?{delimiter}\n{delimiter}\n".encode()
    report = desk.service.import_file(ADMIN, TENANT, "golden.csv", data)
    assert (report.added, report.left_out) == (2, ())
    assert {question.kind for question in desk.kept()} == {"fact", "off_topic"}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.csv", b"question,answer\nx,y\n", "no-text-column"),
        ("a.csv", b"\xff\xfe\x00", "unreadable"),
        ("a.jsonl", b"\n\n", "no-questions"),
        ("a.jsonl", b"x" * 10_000_001, "file-too-large"),
        ("a.jsonl", b'{"text": "a"}\n' * 5001, "too-many-questions"),
        ("a.csv", b'id,text\n1,"never closed ' + b"x" * 200_000, "bad-line"),
    ],
)
def test_file_that_cannot_be_used_changes_nothing(desk: Desk, name: str, data: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        desk.service.import_file(ADMIN, TENANT, name, data)
    assert caught.value.code == code
    assert desk.kept() == []


def test_line_of_a_csv_question_over_several_lines_is_counted_from_its_beginning() -> None:
    found = read_golden_file("a.csv", b'text,kind\n"one\ntwo",\n,fact\n')
    assert [(line.line, bool(line.trouble)) for line in found] == [(2, False), (4, True)]


@pytest.mark.parametrize("account", [AGENT, replace(ADMIN, disabled=True)])
def test_only_administrators_of_the_tenant_get_anywhere(desk: Desk, account: Account) -> None:
    for who, tenant in ((account, TENANT), (ADMIN, OTHER_TENANT)):
        service = desk.service
        for call in (service.list_questions, service.export_csv, service.export_jsonl, service.troubles):
            with pytest.raises(AccessError):
                call(who, tenant)
        with pytest.raises(AccessError):
            service.save(who, tenant, REJECT)
        with pytest.raises(AccessError):
            service.delete(who, tenant, ["q1"])
        with pytest.raises(AccessError):
            service.import_file(who, tenant, "a.jsonl", lines({"text": "a"}))


def test_audit_trail_names_who_changed_what_without_the_words(desk: Desk) -> None:
    desk.service.save(ADMIN, TENANT, REJECT)
    desk.service.import_file(ADMIN, TENANT, "a.jsonl", lines({"id": "q2", "text": "Secret weather?"}))
    desk.service.delete(ADMIN, TENANT, ["q1"])
    assert [event.action for event in desk.audit.events] == [
        "golden-question-saved",
        "golden-questions-imported",
        "golden-questions-deleted",
    ]
    assert "Secret" not in repr(desk.audit.events)


@pytest.mark.parametrize("kind", sorted(KIND_NAMES))
def test_every_kind_survives_a_file(kind: str) -> None:
    question = golden("q", "Words", *(() if kind in UNANSWERABLE_KINDS else (("a.md", ""),)), kind=kind)
    assert read_golden_file("a.jsonl", golden_jsonl([question]))[0].question == question


@pytest.mark.parametrize(
    ("text", "quote", "held"),
    [
        ("The fee  is\n$40.", "the fee is $40", True),
        ("The fee is $400.", "fee is $40", False),
        ("Straße 5", "STRASSE 5", True),
        ("anything", "…", True),
        ("", "words", False),
    ],
)
def test_quote_stands_in_a_text_whatever_spaces_punctuation_and_case(text: str, quote: str, held: bool) -> None:
    assert holds_quote(text, quote) is held
