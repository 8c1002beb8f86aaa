"""Curated answers: what makes one complete, what it becomes, and who may write one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from services.access.models import Account, Role
from services.errors import AccessError, AppError, ConflictError, InputError, NotFoundError
from services.knowledge.chunking import chunk_document
from services.knowledge.curated import CuratedAnswerService
from services.knowledge.curated_words import (
    CURATED_MEDIA_TYPE,
    LONGEST_ANSWER_CHARACTERS,
    LONGEST_PHRASING_CHARACTERS,
    MOST_PHRASINGS,
    CuratedWords,
)
from services.knowledge.library import original_name
from services.knowledge.models import DocumentDetails, DocumentState
from services.privacy.audit import AuditTrail
from tests.answer_fakes import FakeKnowledgeIndex
from tests.contract.knowledge_samples import REJECTS
from tests.fakes import FakeAuditRepository, FakeFiles
from tests.knowledge_fakes import FakeKnowledgeRepository

TENANT, OTHER_TENANT = "pharmacy", "clinic"
GRACE = Account("grace", "Grace Lin", Role.ADMIN, (TENANT,))
ANA = Account("ana", "Ana Reyes", Role.AGENT, (TENANT,))
THEIRS = Account("kim", "Kim Ode", Role.ADMIN, (OTHER_TENANT,))
WORDS = CuratedWords("Start form PA-100 at once.", ("What does code 75 mean?", "Claim rejected with 75"))


@dataclass
class Desk:
    """The service and the fakes to look into."""

    service: CuratedAnswerService
    documents: FakeKnowledgeRepository
    files: FakeFiles
    audit: FakeAuditRepository


@pytest.fixture
def desk() -> Desk:
    documents, files, audit = FakeKnowledgeRepository(), FakeFiles(), FakeAuditRepository()
    documents.save_documents(TENANT, [REJECTS])
    return Desk(
        CuratedAnswerService(documents, files, FakeKnowledgeIndex(), AuditTrail(audit)), documents, files, audit
    )


def test_curated_answer_is_a_document_whose_phrasings_are_questions_of_their_own(desk: Desk) -> None:
    made = desk.service.add(GRACE, TENANT, WORDS)
    document = desk.documents.get_document(TENANT, made.document_id).document
    assert made.document_id.startswith("curated/")
    assert (document.media_type, document.title, document.text) == (CURATED_MEDIA_TYPE, WORDS.phrasings[0], WORDS.text)
    (chunk,) = chunk_document(document)
    assert chunk.questions == WORDS.phrasings
    assert (chunk.text, chunk.section, chunk.page) == (WORDS.text, "", None)


def test_curated_answer_comes_back_as_it_was_written(desk: Desk) -> None:
    words = replace(
        WORDS,
        url="https://kb.example/75",
        owner="Grace",
        valid_from=date(2026, 1, 1),
        valid_until=date(2099, 12, 31),
    )
    made = desk.service.add(GRACE, TENANT, words)
    assert (made.words, made.version, made.state) == (words, 1, DocumentState.IN_USE)
    assert desk.service.get_answer(GRACE, TENANT, made.document_id) == made
    assert desk.service.list_answers(GRACE, TENANT) == [made]


def test_original_file_of_a_curated_answer_can_be_read_by_people(desk: Desk) -> None:
    made = desk.service.add(GRACE, TENANT, WORDS)
    document = desk.documents.get_document(TENANT, made.document_id).document
    original = desk.files.read(original_name(TENANT, document.source_sha256)).decode()
    assert original.startswith("# What does code 75 mean?\n\nStart form PA-100 at once.")
    assert "- Claim rejected with 75" in original


def test_edit_makes_the_next_version_and_may_empty_what_was_there(desk: Desk) -> None:
    made = desk.service.add(GRACE, TENANT, replace(WORDS, owner="Grace", valid_until=date(2099, 1, 1)))
    desk.documents.set_details(
        TENANT, [made.document_id], DocumentDetails("Grace", "Refills", "staff only"), username=None
    )
    changed = desk.service.edit(
        GRACE, TENANT, made.document_id, replace(WORDS, text="Use form PA-100."), expected_version=1
    )
    assert (changed.version, changed.words.text) == (2, "Use form PA-100.")
    assert (changed.words.owner, changed.words.valid_until) == (None, None)
    details = desk.documents.get_entry(TENANT, made.document_id, date(2026, 3, 2)).details
    assert (details.product, details.audience) == ("Refills", "staff only")


def test_edit_on_an_older_version_is_a_conflict_and_stores_nothing(desk: Desk) -> None:
    made = desk.service.add(GRACE, TENANT, WORDS)
    desk.service.edit(GRACE, TENANT, made.document_id, replace(WORDS, text="Theirs."), expected_version=1)
    with pytest.raises(ConflictError):
        desk.service.edit(GRACE, TENANT, made.document_id, replace(WORDS, text="Ours."), expected_version=1)
    assert desk.service.get_answer(GRACE, TENANT, made.document_id).words.text == "Theirs."


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": " \n "}, "answer-missing"),
        ({"phrasings": ()}, "phrasing-missing"),
        ({"phrasings": ("", " ?! ")}, "phrasing-missing"),
        ({"phrasings": ("Code 75?", "code   75")}, "phrasing-twice"),
        ({"phrasings": ("x" * (LONGEST_PHRASING_CHARACTERS + 1),)}, "text-too-long"),
        ({"phrasings": tuple(f"Question {number}" for number in range(MOST_PHRASINGS + 1))}, "too-many-phrasings"),
        ({"text": "x" * (LONGEST_ANSWER_CHARACTERS + 1)}, "text-too-long"),
        ({"owner": "x" * 201}, "text-too-long"),
        ({"url": "javascript:alert(1)"}, "url-invalid"),
        ({"valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 1)}, "dates-reversed"),
    ],
)
def test_what_is_incomplete_is_refused_with_its_reason_and_stores_nothing(
    desk: Desk, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        desk.service.add(GRACE, TENANT, replace(WORDS, **changes))  # type: ignore[arg-type]
    assert caught.value.code == code
    assert not desk.service.list_answers(GRACE, TENANT)


def test_phrasing_of_another_curated_answer_is_refused_by_name(desk: Desk) -> None:
    desk.service.add(GRACE, TENANT, WORDS)
    with pytest.raises(InputError, match="belongs to the curated answer “What does code 75 mean") as caught:
        desk.service.add(GRACE, TENANT, CuratedWords("Another answer.", ("Something else", "claim REJECTED with 75!")))
    assert caught.value.code == "phrasing-taken"


def test_own_phrasings_and_those_of_deleted_answers_are_free(desk: Desk) -> None:
    made = desk.service.add(GRACE, TENANT, WORDS)
    desk.service.edit(GRACE, TENANT, made.document_id, replace(WORDS, text="Better."), expected_version=1)
    desk.service.delete(GRACE, TENANT, made.document_id)
    assert desk.service.add(GRACE, TENANT, WORDS).document_id != made.document_id


def test_deleted_curated_answer_is_gone_from_the_list_and_stops_answering(desk: Desk) -> None:
    made = desk.service.add(GRACE, TENANT, WORDS)
    desk.service.delete(GRACE, TENANT, made.document_id)
    assert not desk.service.list_answers(GRACE, TENANT)
    assert made.document_id in desk.documents.hidden_documents(TENANT, date(2026, 3, 2))
    with pytest.raises(NotFoundError):
        desk.service.delete(GRACE, TENANT, made.document_id)


def test_search_looks_into_answers_and_all_phrasings(desk: Desk) -> None:
    desk.service.add(GRACE, TENANT, WORDS)
    desk.service.add(GRACE, TENANT, CuratedWords("Ring the bell.", ("How do I get in?",)))

    def found(words: str) -> list[str]:
        return [made.title for made in desk.service.list_answers(GRACE, TENANT, words)]

    assert found("REJECTED 75") == ["What does code 75 mean?"]
    assert found("bell in") == ["How do I get in?"]
    assert found("bell 75") == []


def test_document_that_is_no_curated_answer_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.service.get_answer(GRACE, TENANT, REJECTS.id)
    with pytest.raises(NotFoundError):
        desk.service.edit(GRACE, TENANT, REJECTS.id, WORDS, expected_version=1)


@pytest.mark.parametrize("account", [ANA, THEIRS])
def test_only_administrators_of_the_tenant_may_do_anything(desk: Desk, account: Account) -> None:
    made = desk.service.add(GRACE, TENANT, WORDS)
    calls = (
        lambda: desk.service.list_answers(account, TENANT),
        lambda: desk.service.get_answer(account, TENANT, made.document_id),
        lambda: desk.service.add(account, TENANT, WORDS),
        lambda: desk.service.edit(account, TENANT, made.document_id, WORDS, expected_version=1),
        lambda: desk.service.delete(account, TENANT, made.document_id),
    )
    for call in calls:
        with pytest.raises(AccessError):
            call()


def test_trail_holds_what_was_done_and_no_words(desk: Desk) -> None:
    made = desk.service.add(GRACE, TENANT, WORDS)
    desk.service.delete(GRACE, TENANT, made.document_id)
    assert desk.audit.actions() == ["curated-answer-saved", "curated-answer-deleted"]
    assert "PA-100" not in str(desk.audit.events)


def test_refused_words_are_told_in_sentences(desk: Desk) -> None:
    with pytest.raises(AppError) as caught:
        desk.service.add(GRACE, TENANT, replace(WORDS, phrasings=("Code 75?", "code 75")))
    assert caught.value.message_for_user == "“code 75” is there twice."
    assert caught.value.remedy == "Take one of the two out."
