"""Builds drafts: an index snapshot of all documents as they are."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from services.errors import AppError
from services.knowledge.models import Ranking, Snapshot, SnapshotStatus
from services.logs import get_logger
from services.ports.knowledge import BuildListener, Embedder, KnowledgeIndex, KnowledgeRepository
from services.ports.model_calls import attributed

_log = get_logger(__name__)


class SnapshotBuilder:
    """Builds snapshots, and knows whether one is needed."""

    def __init__(self, repository: KnowledgeRepository, index: KnowledgeIndex, embedder: Embedder) -> None:
        self._repository = repository
        self._index = index
        self._embedder = embedder

    def build(
        self,
        tenant: str,
        *,
        username: str | None = None,
        build_id: str | None = None,
        on_progress: BuildListener | None = None,
    ) -> Snapshot:
        """Index the current documents as a draft; only texts that changed are embedded.

        Args:
            build_id: Names the attempt: an interrupted build that is tried again keeps its number.
            on_progress: Hears how many texts were embedded of how many; what it raises interrupts the build.

        Raises:
            ConfigurationError: there is no document to index.
            BackendError: the embedder or the file storage failed.
        """
        started = time.perf_counter()
        predecessor = next(iter(self._repository.list_snapshots(tenant)), None)
        snapshot = self._repository.reserve_snapshot(
            self._planned(tenant, predecessor, username), build_id=build_id or uuid.uuid4().hex
        )
        listener = _Listener(on_progress)
        try:
            with attributed(tenant_id=tenant, username=username, purpose="knowledge"):
                built = self._index.build(
                    tenant,
                    snapshot.number,
                    self._repository.current_documents(tenant),
                    predecessor.number if predecessor else None,
                    listener,
                )
        except Exception as error:
            # One who stops listening has not failed: the build goes on under its number when it is tried again.
            if not listener.stopped:
                cause = error.message_for_user if isinstance(error, AppError) else "It stopped unexpectedly."
                self._repository.fail_snapshot(tenant, snapshot.number, cause)
            raise
        snapshot = replace(
            snapshot,
            status=SnapshotStatus.DRAFT,
            document_count=built.document_count,
            chunk_count=built.chunk_count,
            reused_count=built.reused_vector_count,
        )
        self._repository.complete_snapshot(snapshot)
        _log.info(
            "snapshot built",
            tenant=tenant,
            number=snapshot.number,
            documents=built.document_count,
            chunks=built.chunk_count,
            reused=built.reused_vector_count,
            seconds=round(time.perf_counter() - started, 2),
        )
        return snapshot

    def full_index_reason(self, snapshot: Snapshot) -> str:
        """Why nothing of this snapshot can be taken over into the next, in a sentence; empty when it can."""
        if snapshot.embedding_model != self._embedder.model_id:
            return (
                f"The embedding model was changed from {snapshot.embedding_model} to {self._embedder.model_id}, "
                "so the next build embeds every text anew."
            )
        words, overlap = self._index.chunk_size
        if (snapshot.chunk_words, snapshot.chunk_overlap) != (words, overlap):
            return (
                f"Passages are now cut at {words} words with {overlap} in common, not at {snapshot.chunk_words} with "
                f"{snapshot.chunk_overlap}, so the next build embeds every text anew."
            )
        return ""

    def holds_all(self, snapshot: Snapshot) -> bool:
        """Whether a build made now would hold nothing that this snapshot does not hold."""
        if self.full_index_reason(snapshot):
            return False
        try:
            held = self._index.held_documents(snapshot.tenant, snapshot.number)
        except AppError:
            return False  # It is damaged: a new one is what is needed.
        return sorted(held) == self._repository.current_versions(snapshot.tenant)

    def _planned(self, tenant: str, predecessor: Snapshot | None, username: str | None) -> Snapshot:
        words, overlap = self._index.chunk_size
        model = self._embedder.model_id
        # Until the bands are calibrated on the new snapshot the old cuts hold; cosines of another model do not compare.
        comparable = predecessor is not None and predecessor.embedding_model == model
        return Snapshot(
            tenant=tenant,
            number=0,
            status=SnapshotStatus.BUILDING,
            created_at=datetime.now(UTC),
            document_count=0,
            chunk_count=0,
            embedding_model=model,
            cuts=predecessor.cuts if predecessor and comparable else None,
            ranking=predecessor.ranking if predecessor else Ranking(),
            chunk_words=words,
            chunk_overlap=overlap,
            created_by=username,
        )


class _Listener:
    """Passes progress on, and remembers whether the one who listens put an end to it."""

    def __init__(self, on_progress: Callable[[int, int], None] | None) -> None:
        self._on_progress = on_progress
        self.stopped = False

    def __call__(self, embedded: int, total: int) -> None:
        if self._on_progress is None:
            return
        try:
            self._on_progress(embedded, total)
        except BaseException:
            self.stopped = True
            raise
