"""What the pages of documents make of texts, chunks and states, without a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from components.bulk_details import grouped
from components.document_difference import changed_places
from components.document_preview import chunk_holding, shared_start
from components.document_words import format_name
from components.knowledge_actions import Step, next_step
from components.knowledge_imports import item_words, result_words
from components.knowledge_tenants import tenant_id_of
from services.jobs.models import JobItem
from services.knowledge.changes import DocumentChange, DocumentChanges
from services.knowledge.models import (
    Chunk,
    DocumentDetails,
    DocumentEntry,
    DocumentState,
    Snapshot,
    SnapshotStatus,
)
from services.knowledge.publishing import KnowledgeOverview

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LIVE = Snapshot("pharmacy", 1, SnapshotStatus.PUBLISHED, NOW, 1, 1, "model")
DRAFT = replace(LIVE, number=2, status=SnapshotStatus.DRAFT)
NOTHING = DocumentChanges()
SOMETHING = DocumentChanges(added=(DocumentChange("a.md", "A", None, 1),))


def chunk(ordinal: int, start: int, end: int) -> Chunk:
    return Chunk("a.md", ordinal, start, end, "A", "x" * (end - start), "")


def entry(document_id: str, details: DocumentDetails) -> DocumentEntry:
    return DocumentEntry(
        document_id, 1, "A", None, "text/markdown", "a.md", DocumentState.IN_USE, details, 10, 1, NOW, None
    )


def overview(**changes: object) -> KnowledgeOverview:
    return replace(KnowledgeOverview(LIVE, None, None, NOTHING, NOTHING), **changes)  # type: ignore[arg-type]


def test_place_in_an_overlap_is_shown_in_the_first_chunk_that_holds_it() -> None:
    chunks = [chunk(0, 10, 50), chunk(1, 40, 90), chunk(2, 100, 120)]
    assert [chunk_holding(chunks, place) for place in (45, 60, 95, 5, 500)] == [0, 1, 1, 0, 2]


def test_shared_words_are_counted_between_neighbors_only() -> None:
    assert shared_start(chunk(1, 40, 90), chunk(0, 10, 50)) == 10
    assert shared_start(chunk(2, 100, 120), chunk(1, 40, 90)) == 0
    assert shared_start(chunk(0, 10, 50), None) == 0


def test_difference_shows_changed_places_and_leaves_out_what_stayed() -> None:
    lines = [f"Line {number} stays." for number in range(200)]
    changed = [*lines[:50], "A new line.", *lines[51:150], "Another one.", *lines[151:]]
    places = changed_places("\n\n".join(lines), "\n".join(changed))
    assert [place.after.split("\n")[1] for place in places] == ["A new line.", "Another one."]
    assert all(len(place.before.split("\n")) == 3 for place in places)


def test_same_text_with_other_blank_lines_is_the_same() -> None:
    assert changed_places("a\n\n\nb ", "a\nb") == []


def test_next_step_follows_where_the_knowledge_base_stands() -> None:
    assert next_step(overview(), busy=False) is Step.ADD
    assert next_step(overview(unbuilt=SOMETHING, unpublished=SOMETHING), busy=False) is Step.BUILD
    assert next_step(overview(draft=DRAFT, unpublished=SOMETHING), busy=False) is Step.PUBLISH
    assert next_step(overview(draft=DRAFT, unbuilt=SOMETHING), busy=False) is Step.BUILD
    assert next_step(overview(draft=DRAFT), busy=True) is Step.WAIT


def test_bulk_change_keeps_details_that_were_not_chosen() -> None:
    first, second = DocumentDetails(owner="Ana", product="Cards"), DocumentDetails(owner="Omar", product="Cards")
    chosen = [entry("a.md", first), entry("b.md", second), entry("c.md", first)]
    assert grouped(chosen, {"owner": "Grace"}) == {
        DocumentDetails(owner="Grace", product="Cards"): ["a.md", "b.md", "c.md"]
    }
    assert len(grouped(chosen, {"product": None})) == 2


def test_outcome_of_a_file_is_told_in_words() -> None:
    item = JobItem("j", 0, "a.zip", {}, result={"documents": 2, "chunks": 1, "warnings": [{}], "failures": []})
    assert item_words(item) == "2 documents, 1 chunk, 1 warning"
    assert item_words(replace(item, result={})) == "Nothing was loaded"
    assert result_words({"snapshot": 4, "documents": 1, "chunks": 3, "reused": 2}).startswith("Version 4 was built")
    assert result_words({"snapshot": 4, "skipped": "Nothing new."}) == "Nothing new."


def test_formats_and_tenant_ids_are_made_of_words() -> None:
    assert (format_name("application/pdf"), format_name("application/x-unknown")) == ("PDF", "Other")
    assert tenant_id_of("  North Clinic (2) ") == "north-clinic-2"
    assert tenant_id_of("…") == ""
