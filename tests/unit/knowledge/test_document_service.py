"""What administrators do with single documents, on a real database and index."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.errors import AccessError, ConflictError, InputError, NotFoundError
from services.knowledge.models import DocumentDetails, DocumentEntry, DocumentFilter, DocumentState
from services.knowledge.storing import original_name
from tests.unit.knowledge.admin_desk import ANA, COLD, GRACE, HANA, RETURNS, STRANGER, TENANT, AdminDesk

ID = "returns.md"
QUESTION = "Within how many days can a parcel be returned?"
TODAY = datetime.now(UTC).astimezone().date()


@pytest.fixture
def live(desk: AdminDesk) -> AdminDesk:
    """Two documents are loaded and published."""
    desk.load((ID, RETURNS), ("cold.md", COLD))
    desk.publish()
    return desk


def edit(
    desk: AdminDesk, old: str, new: str, *, expected: int = 1, title: str = "Returns", url: str = ""
) -> DocumentEntry:
    markdown = desk.documents.markdown_of(desk.documents.get_version(GRACE, TENANT, ID)).replace(old, new)
    return desk.documents.edit_document(GRACE, TENANT, ID, markdown, title=title, url=url, expected_version=expected)


def test_only_administrators_of_the_tenant_reach_documents(live: AdminDesk) -> None:
    for account in (ANA, STRANGER):
        for call in (
            lambda: live.documents.list_documents(account, TENANT, DocumentFilter()),  # noqa: B023 - called at once
            lambda: live.documents.get_version(account, TENANT, ID),  # noqa: B023
            lambda: live.documents.delete(account, TENANT, [ID]),  # noqa: B023
            lambda: live.documents.restore(account, TENANT, ID, 1),  # noqa: B023
        ):
            with pytest.raises(AccessError):
                call()
    assert live.documents.get_entry(GRACE, TENANT, ID).state is DocumentState.IN_USE


def test_edited_text_is_the_next_version_and_answers_once_it_is_published(live: AdminDesk) -> None:
    entry = edit(live, "30 days", "60 days", url="https://kb.example/returns")
    assert (entry.version, entry.url, entry.changed_by) == (2, "https://kb.example/returns", "grace")
    assert "30 days" in live.ask(QUESTION).text
    live.jobs.get(TENANT, live.ingestion.submit_build(GRACE, TENANT).id)
    live.publish()
    assert "60 days" in live.ask(QUESTION).text
    assert "30 days" in live.documents.get_version(GRACE, TENANT, ID, 1).document.text


def test_edit_that_changes_nothing_makes_no_version(live: AdminDesk) -> None:
    assert edit(live, "nothing", "to replace").version == 1


def test_of_two_admins_who_edit_the_second_is_told_and_loses_nothing(live: AdminDesk) -> None:
    edit(live, "30 days", "60 days")
    with pytest.raises(ConflictError) as caught:
        edit(live, "30 days", "14 days", expected=1)
    assert "still here" in caught.value.remedy
    assert "60 days" in live.documents.get_version(GRACE, TENANT, ID).document.text


def test_edited_text_is_kept_as_the_original_of_its_version(live: AdminDesk) -> None:
    edit(live, "30 days", "60 days")
    stored = live.documents.get_version(GRACE, TENANT, ID)
    assert b"60 days" in live.knowledge.original_file(TENANT, stored)
    assert stored.document.source_name == ID


@pytest.mark.parametrize(
    ("title", "url", "code"),
    [("  ", "", "invalid-title"), ("x" * 301, "", "invalid-title"), ("Returns", "ftp:/x", "invalid-url")],
)
def test_title_and_address_that_cannot_be_used_are_refused(live: AdminDesk, title: str, url: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        edit(live, "30 days", "60 days", title=title, url=url)
    assert caught.value.code == code
    assert live.documents.get_entry(GRACE, TENANT, ID).version == 1


def test_edit_does_not_undo_what_the_admin_set_beside_the_words(desk: AdminDesk) -> None:
    desk.load((ID, b"---\nowner: Care\nvalid_until: 2020-01-31\n---\n" + RETURNS))
    desk.documents.set_details(GRACE, TENANT, [ID], DocumentDetails(owner="Returns team"))
    edit(desk, "30 days", "60 days")
    entry = desk.documents.get_entry(GRACE, TENANT, ID)
    assert (entry.details.owner, entry.details.valid_until) == ("Returns team", None)
    assert entry.state is DocumentState.IN_USE


def test_new_document_gets_an_id_of_its_title_once(desk: AdminDesk) -> None:
    entry = desk.documents.create_document(GRACE, TENANT, "Gift cards & vouchers", "They never expire.")
    assert entry.document_id == "gift-cards-vouchers.md"
    with pytest.raises(ConflictError) as caught:
        desk.documents.create_document(GRACE, TENANT, "Gift Cards / Vouchers", "Another text.")
    assert caught.value.code == "document-taken"


def test_file_of_any_name_and_format_takes_a_documents_place(live: AdminDesk) -> None:
    entry = live.documents.replace_document(
        GRACE, TENANT, ID, "new rules.txt", b"Returns within 90 days.", expected_version=1
    )
    assert (entry.document_id, entry.version, entry.media_type) == (ID, 2, "text/plain")
    with pytest.raises(ConflictError):
        live.documents.replace_document(HANA, TENANT, ID, "late.txt", b"Returns in a year.", expected_version=1)
    assert "90 days" in live.documents.get_version(GRACE, TENANT, ID).document.text


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("picture.png", b"\x89PNG\r\n\x1a\n0000", "unsupported-type"),
        ("many.jsonl", b'{"id": "a", "text": "One."}\n{"id": "b", "text": "Two."}\n', "several-documents"),
        ("copy.md", COLD, "duplicate"),
    ],
)
def test_file_that_cannot_take_the_place_is_refused_and_the_document_stays(
    live: AdminDesk, name: str, data: bytes, code: str
) -> None:
    with pytest.raises(InputError) as caught:
        live.documents.replace_document(GRACE, TENANT, ID, name, data, expected_version=1)
    assert caught.value.code == code
    assert live.documents.get_entry(GRACE, TENANT, ID).version == 1


def test_old_version_becomes_the_newest(live: AdminDesk) -> None:
    edit(live, "30 days", "60 days")
    entry = live.documents.restore(GRACE, TENANT, ID, 1, expected_version=2)
    assert entry.version == 3
    assert "30 days" in live.documents.get_version(GRACE, TENANT, ID).document.text
    with pytest.raises(ConflictError):
        live.documents.restore(HANA, TENANT, ID, 2, expected_version=2)
    with pytest.raises(NotFoundError):
        live.documents.restore(GRACE, TENANT, ID, 9)


def test_deleted_document_does_not_answer_the_next_question_and_comes_back_restored(live: AdminDesk) -> None:
    assert ID in live.found_documents(QUESTION)
    live.documents.delete(GRACE, TENANT, [ID])
    assert ID not in live.found_documents(QUESTION)
    with pytest.raises(NotFoundError) as caught:
        edit(live, "30 days", "60 days")
    assert caught.value.code == "document-deleted"
    live.documents.restore(GRACE, TENANT, ID, 1)
    live.ingestion.submit_build(GRACE, TENANT)
    live.publish()
    assert ID in live.found_documents(QUESTION)


def test_disabled_document_does_not_answer_until_it_is_enabled(live: AdminDesk) -> None:
    live.documents.disable(GRACE, TENANT, [ID, "cold.md"])
    assert live.found_documents(QUESTION) == set()
    live.documents.enable(GRACE, TENANT, [ID])
    assert live.found_documents(QUESTION) == {ID}


@pytest.mark.parametrize(
    ("details", "answers"),
    [
        (DocumentDetails(valid_until=TODAY - timedelta(days=1)), False),
        (DocumentDetails(valid_until=TODAY), True),
        (DocumentDetails(valid_from=TODAY + timedelta(days=1)), False),
        (DocumentDetails(valid_from=TODAY), True),
    ],
)
def test_document_outside_its_dates_does_not_answer_the_next_question(
    live: AdminDesk, details: DocumentDetails, answers: bool
) -> None:
    live.documents.set_details(GRACE, TENANT, [ID], details)
    assert (ID in live.found_documents(QUESTION)) is answers


@pytest.mark.parametrize(
    "details",
    [DocumentDetails(valid_from=date(2026, 2, 1), valid_until=date(2026, 1, 1)), DocumentDetails(owner="x" * 201)],
)
def test_details_that_cannot_be_are_refused(live: AdminDesk, details: DocumentDetails) -> None:
    with pytest.raises(InputError):
        live.documents.set_details(GRACE, TENANT, [ID], details)


def test_products_and_owners_are_offered_to_filter_by(live: AdminDesk) -> None:
    live.documents.set_details(GRACE, TENANT, [ID], DocumentDetails(owner=" Care  team ", product="Parcels"))
    assert live.documents.list_labels(GRACE, TENANT) == (["Parcels"], ["Care team"])


def test_passages_of_a_version_are_those_that_an_index_would_hold(live: AdminDesk) -> None:
    stored = live.documents.get_version(GRACE, TENANT, ID)
    assert [chunk.section for chunk in live.documents.chunks_of(stored)] == ["Deadline", "Refunds"]
    assert live.documents.get_entry(GRACE, TENANT, ID).chunk_count == 2


def test_changes_are_in_the_audit_trail_without_words(live: AdminDesk) -> None:
    edit(live, "30 days", "60 days")
    live.documents.delete(GRACE, TENANT, ["cold.md"])
    events = [(event.action, event.username, event.subject) for event in live.audit_events.events]
    assert ("document-edited", "grace", ID) in events
    assert ("document-deleted", "grace", "cold.md") in events
    assert "60 days" not in str(live.audit_events.events)


def test_original_of_a_document_is_kept_once_however_often_it_is_loaded(live: AdminDesk) -> None:
    stored = live.documents.get_version(GRACE, TENANT, ID)
    live.load((ID, RETURNS))
    assert live.files.read(original_name(TENANT, stored.document.source_sha256)) == RETURNS
    assert live.documents.get_entry(GRACE, TENANT, ID).version == 1
