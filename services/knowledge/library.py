"""The knowledge base of a tenant: load documents, build and publish snapshots, find passages."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from services.errors import InputError, NotFoundError
from services.knowledge.loading import LoadedFile, load_path
from services.knowledge.models import (
    DocumentVersion,
    GoldenQuestion,
    LoadFailure,
    LoadReport,
    Retrieval,
    SearchType,
    Snapshot,
    SnapshotStatus,
)
from services.logs import get_logger
from services.ports.knowledge import Embedder, FileStore, KnowledgeIndex, KnowledgeRepository

_log = get_logger(__name__)
_SAVE_BATCH = 1000
LONGEST_EXAMPLE = 80


@dataclass(slots=True)
class _Tally:
    loaded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failures: list[LoadFailure] = field(default_factory=list)
    warnings: list[LoadFailure] = field(default_factory=list)
    files: int = 0


class KnowledgeService:
    """Use cases on documents and snapshots of all tenants; the caller has checked who may see which tenant."""

    def __init__(
        self,
        repository: KnowledgeRepository,
        index: KnowledgeIndex,
        embedder: Embedder,
        files: FileStore,
        *,
        max_file_bytes: int,
    ) -> None:
        self._repository = repository
        self._index = index
        self._embedder = embedder
        self._files = files
        self._max_file_bytes = max_file_bytes

    def load(self, tenant: str, paths: Sequence[Path], *, publish: bool) -> LoadReport:
        """Store the documents of files and folders, and index all current documents in a new snapshot.

        A file that cannot be loaded is in the report with its cause; the others load, and what was there stays.

        Raises:
            InputError: a path is not there; nothing was loaded.
        """
        missing = [path.name for path in paths if not path.exists()]
        if missing:
            raise InputError(
                f"Not found: {', '.join(missing)}.",
                code="path-missing",
                remedy="Check the spelling; nothing was loaded.",
            )
        tally = _Tally()
        for path in paths:
            self._store(tenant, load_path(path, max_file_bytes=self._max_file_bytes), tally)
        newest = next(iter(self._repository.list_snapshots(tenant)), None)
        if not tally.loaded and not tally.unchanged:
            return _report(tally)
        reused = 0
        if tally.loaded or newest is None or newest.embedding_model != self._embedder.model_id:
            newest, reused = self.build_snapshot(tenant)
        if publish:
            self.publish(tenant, newest.number)
        return _report(tally, newest, reused, publish)

    def build_snapshot(self, tenant: str) -> tuple[Snapshot, int]:
        """Index the current documents as a draft; returns it and how many vectors were taken over.

        Raises:
            ConfigurationError: there is no document to index.
            ConflictError: somebody else built one at the same time.
        """
        started = time.perf_counter()
        number = self._repository.next_snapshot_number(tenant)
        previous = next((snapshot.number for snapshot in self._repository.list_snapshots(tenant)), None)
        built = self._index.build(tenant, number, self._repository.current_documents(tenant), previous)
        predecessor = self._repository.get_snapshot(tenant, previous) if previous is not None else None
        snapshot = Snapshot(
            tenant=tenant,
            number=number,
            status=SnapshotStatus.DRAFT,
            created_at=datetime.now(UTC),
            document_count=built.document_count,
            chunk_count=built.chunk_count,
            embedding_model=self._embedder.model_id,
            # The cuts hold until the bands are calibrated again on the new snapshot.
            cuts=predecessor.cuts if predecessor else None,
        )
        self._repository.create_snapshot(snapshot)
        _log.info(
            "snapshot built",
            tenant=tenant,
            number=number,
            documents=built.document_count,
            chunks=built.chunk_count,
            reused=built.reused_vector_count,
            seconds=round(time.perf_counter() - started, 2),
        )
        return snapshot, built.reused_vector_count

    def publish(self, tenant: str, number: int) -> None:
        """Make a snapshot answer from the next question on. Raises NotFoundError or ConfigurationError (damaged)."""
        # Searched once first: a snapshot that cannot be opened never goes live.
        self._index.search(tenant, number, "ready?", limit=1, search_type=SearchType.HYBRID)
        self._repository.publish(tenant, number)
        _log.info("snapshot published", tenant=tenant, number=number)

    def published_snapshot(self, tenant: str) -> Snapshot | None:
        """The snapshot that answers now; None when nothing was published yet."""
        return self._repository.published_snapshot(tenant)

    def require_published(self, tenant: str) -> Snapshot:
        """As :meth:`published_snapshot`, but raises NotFoundError with words for the person who asks."""
        snapshot = self._repository.published_snapshot(tenant)
        if snapshot is None:
            raise NotFoundError(
                "This knowledge base has no published version yet.",
                code="nothing-published",
                remedy="An administrator must load and publish it.",
            )
        return snapshot

    def retrieve(self, tenant: str, question: str, *, limit: int, search_type: SearchType) -> Retrieval:
        """The best passage of each of the best documents in the published snapshot."""
        number = self.require_published(tenant).number
        return self._index.search_documents(tenant, number, question, limit=limit, search_type=search_type)

    def list_snapshots(self, tenant: str) -> list[Snapshot]:
        """All snapshots of a tenant, newest first."""
        return self._repository.list_snapshots(tenant)

    def save_golden_questions(self, tenant: str, questions: Sequence[GoldenQuestion]) -> None:
        """Insert or replace golden questions by id."""
        self._repository.save_golden_questions(tenant, questions)

    def get_document(self, tenant: str, document_id: str, version: int | None = None) -> DocumentVersion:
        """One version of a document, the newest when None. Raises NotFoundError."""
        return self._repository.get_document(tenant, document_id, version)

    def original_file(self, tenant: str, stored: DocumentVersion) -> bytes:
        """The bytes that were loaded. Raises NotFoundError when they were not kept."""
        return self._files.read(original_name(tenant, stored.document.source_sha256))

    def example_questions(self, tenant: str, *, limit: int = 4) -> list[str]:
        """Golden questions that the knowledge base answers, to start from; well-formed ones where there are such."""
        golden = [
            question.text
            for question in self._repository.list_golden_questions(tenant)
            if question.answerable and question.kind != "story" and len(question.text) <= LONGEST_EXAMPLE
        ]
        tidy = [text for text in golden if text[0].isupper() and text.endswith("?")]
        chosen = tidy if len(tidy) >= limit else golden
        step = max(1, len(chosen) // limit)
        return chosen[::step][:limit]

    def warm_up(self) -> None:
        """Load the embedding model, so that the first question does not wait for it."""
        self._embedder.check_ready()

    def _store(self, tenant: str, files: Iterable[LoadedFile], tally: _Tally) -> None:
        for batch in _batches(files):
            documents = [document for loaded in batch for document in loaded.documents]
            for loaded in batch:
                tally.failures.extend(loaded.failures)
                tally.warnings.extend(loaded.warnings)
                tally.files += loaded.part == 0
                if loaded.documents and loaded.part == 0:
                    self._keep_original(tenant, loaded)
            stored, unchanged = self._repository.save_documents(tenant, documents)
            tally.loaded.extend(stored)
            tally.unchanged.extend(unchanged)

    def _keep_original(self, tenant: str, loaded: LoadedFile) -> None:
        name = original_name(tenant, loaded.data_sha256)
        if self._files.exists(name):
            return
        with loaded.open_data() as file:
            data = file.read(self._max_file_bytes + 1)
        if len(data) <= self._max_file_bytes:
            self._files.write(name, data)


def original_name(tenant: str, sha256: str) -> str:
    """Where the original bytes of a document are stored, by content, so that the same file is kept once."""
    return f"originals/{tenant}/{sha256[:2]}/{sha256}"


def _batches(files: Iterable[LoadedFile]) -> Iterator[list[LoadedFile]]:
    batch: list[LoadedFile] = []
    count = 0
    for loaded in files:
        batch.append(loaded)
        count += len(loaded.documents)
        if count >= _SAVE_BATCH:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch


def _report(tally: _Tally, snapshot: Snapshot | None = None, reused: int = 0, published: bool = False) -> LoadReport:
    return LoadReport(
        loaded=tuple(tally.loaded),
        unchanged=tuple(tally.unchanged),
        failures=tuple(tally.failures),
        warnings=tuple(tally.warnings),
        chunk_count=snapshot.chunk_count if snapshot else 0,
        reused_chunk_count=reused,
        snapshot=snapshot.number if snapshot else None,
        published=published,
        details={"files": tally.files},
    )
