"""A stand-in for the records of the knowledge base: documents, snapshots, golden questions, in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from services.errors import ConflictError, NotFoundError
from services.knowledge.models import (
    BandCuts,
    Document,
    DocumentDetails,
    DocumentEntry,
    DocumentFilter,
    DocumentState,
    DocumentVersion,
    GoldenQuestion,
    Publication,
    Ranking,
    Snapshot,
    SnapshotStatus,
    VersionEntry,
)
from services.ports.documents import HeldDocument
from tests.contract.knowledge_samples import LOADED_AT


class FakeKnowledgeRepository:
    """KnowledgeRepository in memory.

    Attributes:
        hidden: What ``hidden_documents`` gives beside what is disabled, deleted or outside its dates.
    """

    def __init__(self) -> None:
        self.hidden: dict[str, int] = {}
        self.archived: set[str] = set()
        self._versions: dict[tuple[str, str], list[DocumentVersion]] = {}
        self._history: dict[tuple[str, str], list[VersionEntry]] = {}
        self._changed_by: dict[tuple[str, str], str | None] = {}
        self._details: dict[tuple[str, str], DocumentDetails] = {}
        self._disabled: set[tuple[str, str]] = set()
        self._deleted: dict[tuple[str, str], int] = {}
        self._snapshots: dict[tuple[str, int], Snapshot] = {}
        self._builds: dict[tuple[str, str], int] = {}
        self._publications: list[Publication] = []
        self._golden: dict[tuple[str, str], GoldenQuestion] = {}
        self._reserving = threading.Lock()

    def save_documents(
        self,
        tenant: str,
        documents: Sequence[Document],
        *,
        username: str | None = None,
        chunk_counts: Mapping[str, int] | None = None,
        expected_versions: Mapping[str, int] | None = None,
    ) -> tuple[list[str], list[str]]:
        for document in documents:
            current = len(self._versions.get((tenant, document.id), ()))
            if (expected_versions or {}).get(document.id, current) != current:
                raise ConflictError("Somebody else changed it.", code="document-changed")
        stored: list[str] = []
        unchanged: list[str] = []
        for document in documents:
            key = (tenant, document.id)
            versions = self._versions.setdefault(key, [])
            same = versions and replace(versions[-1].document, source_name=document.source_name) == document
            if same and self._deleted.get(key) != len(versions):
                unchanged.append(document.id)
                continue
            versions.append(DocumentVersion(document, len(versions) + 1, LOADED_AT))
            count = (chunk_counts or {}).get(document.id, 0)
            entry = VersionEntry(
                len(versions), document.title, document.source_name, len(document.text), count, LOADED_AT, username
            )
            self._history.setdefault(key, []).insert(0, entry)
            self._changed_by[key] = username
            details = self._details.get(key, DocumentDetails())
            self._details[key] = replace(
                details,
                owner=document.owner or details.owner,
                valid_until=document.valid_until or details.valid_until,
            )
            stored.append(document.id)
        return stored, unchanged

    def current_documents(self, tenant: str, *, media_type: str | None = None) -> Iterator[DocumentVersion]:
        for key in sorted(self._versions):
            if key[0] == tenant and self._deleted.get(key) != len(self._versions[key]):
                newest = self._versions[key][-1]
                if media_type in (None, newest.document.media_type):
                    yield newest

    def current_versions(self, tenant: str) -> list[HeldDocument]:
        return [
            HeldDocument(stored.document.id, stored.version, stored.document.title)
            for stored in self.current_documents(tenant)
        ]

    def get_document(self, tenant: str, document_id: str, version: int | None = None) -> DocumentVersion:
        for stored in reversed(self._versions.get((tenant, document_id), [])):
            if version in (None, stored.version):
                return stored
        raise NotFoundError("There is no such document.", code="document-missing")

    def get_entry(self, tenant: str, document_id: str, today: date) -> DocumentEntry:
        stored = self.get_document(tenant, document_id)
        key = (tenant, document_id)
        return DocumentEntry(
            document_id,
            stored.version,
            stored.document.title,
            stored.document.url,
            stored.document.media_type,
            stored.document.source_name,
            self._state(key, today),
            self._details[key],
            len(stored.document.text),
            self._history[key][0].chunk_count,
            stored.loaded_at,
            self._changed_by[key],
        )

    def _state(self, key: tuple[str, str], today: date) -> DocumentState:
        details = self._details[key]
        if self._deleted.get(key) == len(self._versions[key]):
            return DocumentState.DELETED
        if key in self._disabled:
            return DocumentState.DISABLED
        if details.valid_until is not None and details.valid_until < today:
            return DocumentState.EXPIRED
        if details.valid_from is not None and details.valid_from > today:
            return DocumentState.UPCOMING
        return DocumentState.IN_USE

    def list_documents(
        self, tenant: str, chosen: DocumentFilter, *, today: date, offset: int = 0, limit: int = 50
    ) -> tuple[list[DocumentEntry], int]:
        states = chosen.states or frozenset(DocumentState) - {DocumentState.DELETED}
        entries = [
            self.get_entry(owner, document_id, today) for owner, document_id in self._versions if owner == tenant
        ]
        fitting = [
            entry
            for entry in sorted(entries, key=lambda entry: entry.title.lower())
            if entry.state in states
            and (not chosen.media_types or entry.media_type in chosen.media_types)
            and chosen.product in {None, entry.details.product}
            and chosen.owner in {None, entry.details.owner}
            and _expires_before(entry, chosen.expires_before)
            and all(word.lower() in self._words(tenant, entry) for word in chosen.words.split())
        ]
        return fitting[offset : offset + limit], len(fitting)

    def _words(self, tenant: str, entry: DocumentEntry) -> str:
        return f"{entry.title} {entry.document_id} {self.get_document(tenant, entry.document_id).document.text}".lower()

    def list_versions(self, tenant: str, document_id: str) -> list[VersionEntry]:
        return list(self._history.get((tenant, document_id), ()))

    def list_labels(self, tenant: str) -> tuple[list[str], list[str]]:
        details = [made for (owner, _), made in self._details.items() if owner == tenant]
        products, owners = {one.product for one in details}, {one.owner for one in details}
        return sorted(filter(None, products)), sorted(filter(None, owners))

    def set_details(
        self, tenant: str, document_ids: Sequence[str], details: DocumentDetails, *, username: str | None
    ) -> None:
        for document_id in document_ids:
            self.get_document(tenant, document_id)
            self._details[tenant, document_id] = details
            self._changed_by[tenant, document_id] = username

    def set_disabled(
        self, tenant: str, document_ids: Sequence[str], at: datetime | None, *, username: str | None
    ) -> None:
        keys = {(tenant, document_id) for document_id in document_ids}
        self._disabled = self._disabled - keys if at is None else self._disabled | keys
        self._changed_by.update(dict.fromkeys(keys, username))

    def delete_documents(self, tenant: str, document_ids: Sequence[str], *, username: str | None) -> None:
        for document_id in document_ids:
            self._deleted[tenant, document_id] = len(self._versions[tenant, document_id])

    def hidden_documents(self, tenant: str, today: date) -> dict[str, int]:
        deleted = {document_id: through for (owner, document_id), through in self._deleted.items() if owner == tenant}
        closed = {
            key[1]: len(versions)
            for key, versions in self._versions.items()
            if key[0] == tenant and self._state(key, today) is not DocumentState.IN_USE
        }
        return {**deleted, **closed, **self.hidden}

    def ids_by_source(self, tenant: str, source_sha256: str) -> list[str]:
        return [
            stored.document.id
            for stored in self.current_documents(tenant)
            if stored.document.source_sha256 == source_sha256
        ]

    def reserve_snapshot(self, snapshot: Snapshot, *, build_id: str) -> Snapshot:
        with self._reserving:
            return self._reserve(snapshot, build_id)

    def _reserve(self, snapshot: Snapshot, build_id: str) -> Snapshot:
        begun = self._builds.get((snapshot.tenant, build_id))
        if begun is None or self._snapshots[snapshot.tenant, begun].status is not SnapshotStatus.BUILDING:
            begun = 1 + max((number for owner, number in self._snapshots if owner == snapshot.tenant), default=0)
            self._builds[snapshot.tenant, build_id] = begun
        reserved = replace(snapshot, number=begun, status=SnapshotStatus.BUILDING)
        self._snapshots[snapshot.tenant, begun] = reserved
        return reserved

    def complete_snapshot(self, snapshot: Snapshot) -> None:
        self.get_snapshot(snapshot.tenant, snapshot.number)
        self._snapshots[snapshot.tenant, snapshot.number] = replace(snapshot, status=SnapshotStatus.DRAFT)

    def fail_snapshot(self, tenant: str, number: int, failure: str) -> None:
        if self.get_snapshot(tenant, number).status is not SnapshotStatus.BUILDING:
            return
        failed = replace(self.get_snapshot(tenant, number), status=SnapshotStatus.FAILED, failure=failure)
        self._snapshots[tenant, number] = failed

    def delete_snapshot(self, tenant: str, number: int) -> None:
        if self._snapshots[tenant, number].status is SnapshotStatus.PUBLISHED:
            raise ConflictError("It answers now.", code="snapshot-live")
        del self._snapshots[tenant, number]

    def list_snapshots(self, tenant: str, *, unfinished: bool = False) -> list[Snapshot]:
        without = set() if unfinished else {SnapshotStatus.BUILDING, SnapshotStatus.FAILED}
        own = [made for (owner, _), made in self._snapshots.items() if owner == tenant and made.status not in without]
        return sorted(own, key=lambda made: made.number, reverse=True)

    def get_snapshot(self, tenant: str, number: int) -> Snapshot:
        if (tenant, number) not in self._snapshots:
            raise NotFoundError("There is no such snapshot.", code="snapshot-missing")
        return self._snapshots[tenant, number]

    def published_snapshot(self, tenant: str) -> Snapshot | None:
        live = [made for made in self.list_snapshots(tenant) if made.status is SnapshotStatus.PUBLISHED]
        return live[0] if live and tenant not in self.archived else None

    def is_archived(self, tenant: str) -> bool:
        return tenant in self.archived

    def publish(
        self,
        tenant: str,
        number: int,
        *,
        at: datetime,
        username: str | None = None,
        reason: str = "",
        expected_live: int | None = -1,
    ) -> None:
        made = self.get_snapshot(tenant, number)
        if made.status in {SnapshotStatus.BUILDING, SnapshotStatus.FAILED}:
            raise NotFoundError("There is no such snapshot.", code="snapshot-missing")
        with self._reserving:
            self._publish(made, at, username, reason, expected_live)

    def _publish(
        self, made: Snapshot, at: datetime, username: str | None, reason: str, expected_live: int | None
    ) -> None:
        tenant, number = made.tenant, made.number
        live = self.published_snapshot(tenant)
        replaced = live.number if live else None
        if expected_live not in {-1, replaced}:
            raise ConflictError("Another one was published.", code="published-meanwhile")
        if live is not None:
            self._snapshots[tenant, live.number] = replace(live, status=SnapshotStatus.RETIRED)
        self._snapshots[tenant, number] = replace(made, status=SnapshotStatus.PUBLISHED, published_at=at)
        if replaced != number:
            self._publications.append(Publication(tenant, number, replaced, at, username, reason))

    def list_publications(self, tenant: str, *, limit: int = 50) -> list[Publication]:
        return [made for made in reversed(self._publications) if made.tenant == tenant][:limit]

    def save_cuts(self, tenant: str, number: int, cuts: BandCuts) -> None:
        self._snapshots[tenant, number] = replace(self.get_snapshot(tenant, number), cuts=cuts)

    def save_ranking(self, tenant: str, number: int, ranking: Ranking) -> None:
        self._snapshots[tenant, number] = replace(self.get_snapshot(tenant, number), ranking=ranking)

    def save_golden_questions(self, tenant: str, questions: Sequence[GoldenQuestion]) -> None:
        for question in questions:
            self._golden[tenant, question.id] = question

    def delete_golden_questions(self, tenant: str, ids: Sequence[str]) -> None:
        for question_id in ids:
            self._golden.pop((tenant, question_id), None)

    def list_golden_questions(self, tenant: str) -> list[GoldenQuestion]:
        return [self._golden[key] for key in sorted(self._golden) if key[0] == tenant]


def _expires_before(entry: DocumentEntry, limit: date | None) -> bool:
    return limit is None or (entry.details.valid_until is not None and entry.details.valid_until < limit)
