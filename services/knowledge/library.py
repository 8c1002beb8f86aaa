"""The knowledge base of a tenant: load documents, build and publish snapshots, find passages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from services.errors import AppError, InputError
from services.knowledge.building import SnapshotBuilder
from services.knowledge.live import LiveSnapshots
from services.knowledge.loading import LoadedFile, load_paths
from services.knowledge.loading.loaded_file import DocumentLoader
from services.knowledge.models import (
    DocumentVersion,
    GoldenQuestion,
    LiveKnowledge,
    LoadReport,
    Publication,
    Retrieval,
    SearchType,
    Snapshot,
)
from services.knowledge.storing import DocumentStore, Tally, original_name
from services.logs import get_logger
from services.ports.files import FileStore
from services.ports.knowledge import BuildListener, Embedder, KnowledgeIndex, KnowledgeRepository
from services.ports.model_calls import attributed

__all__ = ["ANY_LIVE", "KnowledgeService", "original_name"]

_log = get_logger(__name__)
LONGEST_EXAMPLE = 80
# Publish whatever is live at the moment.
ANY_LIVE = -1


class KnowledgeService:
    """Use cases on documents and snapshots of all tenants; the caller has checked who may see which tenant.

    Attributes:
        essential: A tenant that is answered from an earlier version is for administrators to know, see
            :mod:`services.readiness`; the web serves all the same.
    """

    essential: ClassVar[bool] = False

    def __init__(
        self,
        repository: KnowledgeRepository,
        index: KnowledgeIndex,
        embedder: Embedder,
        files: FileStore,
        *,
        max_file_bytes: int,
        loader: DocumentLoader | None = None,
    ) -> None:
        self._repository = repository
        self._index = index
        self._embedder = embedder
        self._files = files
        self._max_file_bytes = max_file_bytes
        self._loader = loader
        self._live = LiveSnapshots(repository, index)
        self._store = DocumentStore(repository, index, files, max_file_bytes=max_file_bytes)
        self._builder = SnapshotBuilder(repository, index, embedder)

    def load(self, tenant: str, paths: Sequence[Path], *, publish: bool, username: str | None = None) -> LoadReport:
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
        tally = Tally()
        self._store.store(tenant, self._loaded(paths), tally, username=username)
        newest = next(iter(self._repository.list_snapshots(tenant)), None)
        if not tally.loaded and not tally.unchanged:
            return tally.report()
        reused = 0
        # Not by what was loaded alone: a load that was killed before its build is made up for.
        if newest is None or not self.holds_all(newest):
            newest = self.build_snapshot(tenant, username=username)
            reused = newest.reused_count
        if publish:
            self.publish(tenant, newest.number, username=username)
        return tally.report(newest, reused, published=publish)

    def _loaded(self, paths: Sequence[Path]) -> Iterator[LoadedFile]:
        if self._loader is None:
            return load_paths(paths, max_file_bytes=self._max_file_bytes)
        return self._loader.load_paths(paths)

    def store_loaded(self, tenant: str, loaded: LoadedFile, *, username: str | None = None) -> LoadReport:
        """Store the documents of one loaded file without building an index; what failed stands in the report."""
        return self.store_files(tenant, [loaded], username=username)

    def store_files(self, tenant: str, files: Iterable[LoadedFile], *, username: str | None = None) -> LoadReport:
        """As :meth:`store_loaded`, for many files that arrive one after the other."""
        tally = Tally()
        self._store.store(tenant, files, tally, username=username)
        return tally.report()

    def has_documents(self, tenant: str) -> bool:
        """Whether there is any document that was not deleted."""
        return bool(self._repository.current_versions(tenant))

    def build_snapshot(
        self,
        tenant: str,
        *,
        username: str | None = None,
        build_id: str | None = None,
        on_progress: BuildListener | None = None,
    ) -> Snapshot:
        """Index the current documents as a draft; see :meth:`SnapshotBuilder.build`."""
        return self._builder.build(tenant, username=username, build_id=build_id, on_progress=on_progress)

    def needs_full_index(self, snapshot: Snapshot) -> bool:
        """Whether the settings changed so that nothing of this snapshot can be taken over."""
        return bool(self._builder.full_index_reason(snapshot))

    def full_index_reason(self, snapshot: Snapshot) -> str:
        """Why the next build embeds every text anew, in a sentence; empty when it does not."""
        return self._builder.full_index_reason(snapshot)

    def holds_all(self, snapshot: Snapshot) -> bool:
        """Whether a build made now would hold nothing that this snapshot does not hold."""
        return self._builder.holds_all(snapshot)

    def publish(
        self,
        tenant: str,
        number: int,
        *,
        username: str | None = None,
        reason: str = "",
        expected_live: int | None = ANY_LIVE,
    ) -> None:
        """Make a snapshot answer from the next question on; an older one rolls back to it.

        Args:
            expected_live: The snapshot that the admin saw as live; None for none.

        Raises:
            NotFoundError: there is no such snapshot.
            ConfigurationError: it is damaged; the one before goes on answering.
            ConflictError: another one went live in the meantime.
        """
        # Searched once first: a snapshot that cannot be opened never goes live.
        with attributed(tenant_id=tenant, username=username, purpose="knowledge"):
            self._index.search(tenant, number, "ready?", limit=1, search_type=SearchType.HYBRID)
        self._repository.publish(
            tenant, number, at=datetime.now(UTC), username=username, reason=reason, expected_live=expected_live
        )
        try:
            self._index.mark_live(tenant, number)
        except AppError as error:  # what answers stands in the database
            _log.warning("snapshot not marked as live", tenant=tenant, number=number, code=error.code)
        _log.info("snapshot published", tenant=tenant, number=number)

    def list_publications(self, tenant: str) -> list[Publication]:
        """What was published when and by whom, newest first."""
        return self._repository.list_publications(tenant)

    def published_snapshot(self, tenant: str) -> Snapshot | None:
        """The snapshot that answers now; None when nothing was published yet."""
        return self._repository.published_snapshot(tenant)

    def require_published(self, tenant: str) -> Snapshot:
        """What answers now: the published snapshot, or the one before while that is damaged.

        Raises:
            NotFoundError: nothing is published, or the tenant is archived.
            ConfigurationError: it is damaged, and no earlier one can take its place.
        """
        return self._live.require(tenant)

    def trouble_of(self, tenant: str) -> str:
        """What is wrong with what was published, in a sentence; empty when nothing is known to be."""
        return self._live.trouble_of(tenant)

    def published_before(self, tenant: str, number: int) -> Iterator[int]:
        """Numbers that were published before this one, latest first; what was rolled back from does not count."""
        return self._live.published_before(tenant, number)

    def check_ready(self) -> None:
        """Raise ConfigurationError when some tenant is not answered from what was published."""
        self._live.check_ready()

    def require_live(self, tenant: str) -> LiveKnowledge:
        """What answers at this moment, for one question. Raises as :meth:`require_published`."""
        return LiveKnowledge(self.require_published(tenant), self.hidden_documents(tenant))

    def hidden_documents(self, tenant: str) -> Mapping[str, int]:
        """Documents that must not answer today, whatever a snapshot holds: by id, the highest hidden version."""
        return self._repository.hidden_documents(tenant, datetime.now(UTC).astimezone().date())

    def search(self, live: LiveKnowledge, question: str, *, limit: int, search_type: SearchType) -> Retrieval:
        """The best passages in what answers; the tenant stands in ``live``."""
        snapshot = live.snapshot
        return self._index.search(
            snapshot.tenant,
            snapshot.number,
            question,
            limit=limit,
            search_type=search_type,
            hidden=live.hidden,
            ranking=snapshot.ranking,
        )

    def retrieve(self, tenant: str, question: str, *, limit: int, search_type: SearchType) -> Retrieval:
        """The best passage of each of the best documents in what answers."""
        live = self.require_live(tenant)
        return self._index.search_documents(
            tenant,
            live.snapshot.number,
            question,
            limit=limit,
            search_type=search_type,
            hidden=live.hidden,
            ranking=live.snapshot.ranking,
        )

    def list_snapshots(self, tenant: str, *, unfinished: bool = False) -> list[Snapshot]:
        """All snapshots of a tenant, newest first; those being built or failed only when asked for."""
        return self._repository.list_snapshots(tenant, unfinished=unfinished)

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
