"""The local knowledge index: snapshots as files, searched in this process by FAISS and BM25."""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from services.backends.local.snapshot_files import MANIFEST, read_manifest
from services.backends.local.snapshot_search import OpenSnapshot
from services.backends.local.snapshot_writer import write_snapshot
from services.errors import BackendError, BackendUnavailableError, ConfigurationError, NotFoundError
from services.knowledge.chunking import ChunkSize
from services.knowledge.models import DocumentVersion, Retrieval, SearchType
from services.knowledge.shorthand import spell_out
from services.ports.knowledge import BuiltSnapshot, Embedder
from services.storage.files import SnapshotFolders

# The live snapshot of a few tenants, and a retired one while its last questions end.
OPEN_SNAPSHOTS = 8


class FaissIndex:
    """See :class:`services.ports.knowledge.KnowledgeIndex`.

    Args:
        folders: Where snapshots are kept; a bucket is mirrored into a local folder.
        embedder: Must be the one that the snapshots were made with.
    """

    def __init__(self, folders: SnapshotFolders, embedder: Embedder, size: ChunkSize | None = None) -> None:
        self._folders = folders
        self._embedder = embedder
        self._size = size or ChunkSize()
        self._open: OrderedDict[tuple[str, int], OpenSnapshot] = OrderedDict()
        self._opening = threading.Lock()

    def build(
        self, tenant: str, number: int, versions: Iterator[DocumentVersion], previous: int | None
    ) -> BuiltSnapshot:
        target = self._folders.local_folder(tenant, number)
        # Built beside its place and renamed, so that a crash never leaves half a snapshot under its name.
        building = target.with_name(f".building-{number}-{uuid.uuid4().hex[:8]}")
        predecessor = self._folders.fetch(tenant, previous) if previous is not None else None
        try:
            written = write_snapshot(building, versions, self._embedder, self._size, predecessor)
            if target.exists():
                shutil.rmtree(target)
            building.rename(target)
            self._store(tenant, number, target)
        except OSError as exc:
            raise BackendUnavailableError(
                "The index could not be written.",
                code="index-not-written",
                remedy="Check that the disk has space and that FRONTLINE_HOME can be written to.",
            ) from exc
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return BuiltSnapshot(written.document_count, written.chunk_count, written.reused_vector_count)

    def search(self, tenant: str, number: int, question: str, *, limit: int, search_type: SearchType) -> Retrieval:
        return self._search(tenant, number, question, limit, search_type, one_per_document=False)

    def search_documents(
        self, tenant: str, number: int, question: str, *, limit: int, search_type: SearchType
    ) -> Retrieval:
        return self._search(tenant, number, question, limit, search_type, one_per_document=True)

    def knows_identifier(self, tenant: str, number: int, identifier: str) -> bool:
        return self._snapshot(tenant, number).knows_identifier(identifier)

    def check_ready(self) -> None:
        self._folders.check_ready()

    def _store(self, tenant: str, number: int, target: Path) -> None:
        try:
            self._folders.store(tenant, number)
        except BackendError:
            shutil.rmtree(target, ignore_errors=True)  # what the others cannot fetch must not be found here either
            raise

    def _search(
        self, tenant: str, number: int, question: str, limit: int, search_type: SearchType, *, one_per_document: bool
    ) -> Retrieval:
        snapshot = self._snapshot(tenant, number)
        started = time.thread_time()
        question = spell_out(question)
        vector = self._embedder.embed([question])[0]
        passages, evidence = snapshot.search(question, vector, limit, search_type, one_per_document=one_per_document)
        cpu_ms = (time.thread_time() - started) * 1000
        return Retrieval(passages, evidence, number, cpu_ms, tuple(vector.tolist()))

    def _snapshot(self, tenant: str, number: int) -> OpenSnapshot:
        key = (tenant, number)
        with self._opening:
            snapshot = self._open.get(key)
            if snapshot is None:
                snapshot = self._open_snapshot(tenant, number)
                self._open[key] = snapshot
                while len(self._open) > OPEN_SNAPSHOTS:
                    self._open.popitem(last=False)
            self._open.move_to_end(key)
        return snapshot

    def _open_snapshot(self, tenant: str, number: int) -> OpenSnapshot:
        folder = self._folders.fetch(tenant, number)
        if not (folder / MANIFEST).is_file():
            raise NotFoundError(
                f"Snapshot {number} is not there.", code="snapshot-missing", remedy="Publish another snapshot."
            )
        manifest = read_manifest(folder)
        if manifest.embedding_model != self._embedder.model_id:
            raise ConfigurationError(
                f"Snapshot {number} was made with another embedding model ({manifest.embedding_model}).",
                code="snapshot-model",
                remedy="Load the knowledge base again, or set FRONTLINE_EMBEDDING_MODEL back.",
            )
        return OpenSnapshot(Path(folder), manifest)
