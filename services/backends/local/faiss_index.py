"""The local knowledge index: snapshots as files, searched in this process by FAISS and BM25."""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from services.backends.local.everyday_questions import EverydayQuestions
from services.backends.local.snapshot_files import MANIFEST, Manifest, open_table, read_manifest
from services.backends.local.snapshot_search import SEARCH_TYPES, OpenSnapshot, Wanted
from services.backends.local.snapshot_writer import write_snapshot
from services.errors import AppError, BackendUnavailableError, ConfigurationError, NotFoundError
from services.knowledge.chunking import ChunkSize
from services.knowledge.models import DocumentVersion, Ranking, Retrieval, SearchType
from services.knowledge.tokens import identifiers
from services.logs import get_logger
from services.ports.documents import HeldDocument
from services.ports.explanations import Explanation
from services.ports.knowledge import BuildListener, BuiltSnapshot, Embedder
from services.storage.files import SnapshotFolders

# The live snapshot of a few tenants, and a retired one while its last questions end.
OPEN_SNAPSHOTS = 8
# Gives the embedder of another model than the present one, by its id, or None when it cannot be had.
EmbedderOf = Callable[[str], Embedder | None]

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SearchableSnapshot:
    """An open snapshot, and the embedder that its vectors were made by."""

    snapshot: OpenSnapshot
    embedder: Embedder


class FaissIndex:
    """See :class:`services.ports.knowledge.KnowledgeIndex`.

    Args:
        folders: Where snapshots are kept; a bucket is mirrored into a local folder.
        embedder: What new snapshots are made with.
        size: How new snapshots are cut.
        embedder_of: Finds the embedder of snapshots that were made with another model; they are refused without it.
        everyday: What no knowledge base answers; without it nothing is alike.
    """

    def __init__(
        self,
        folders: SnapshotFolders,
        embedder: Embedder,
        size: ChunkSize | None = None,
        embedder_of: EmbedderOf | None = None,
        everyday: EverydayQuestions | None = None,
    ) -> None:
        self._folders = folders
        self._embedder = embedder
        self._size = size or ChunkSize()
        self._embedder_of = embedder_of or (lambda _: None)
        self._everyday = everyday or EverydayQuestions(tuple)
        self._open: OrderedDict[tuple[str, int], SearchableSnapshot] = OrderedDict()
        self._held: OrderedDict[tuple[str, int], list[HeldDocument]] = OrderedDict()
        self._opening = threading.Lock()

    def build(
        self,
        tenant: str,
        number: int,
        versions: Iterator[DocumentVersion],
        previous: int | None,
        on_progress: BuildListener | None = None,
    ) -> BuiltSnapshot:
        target = self._folders.local_folder(tenant, number)
        # Built beside its place and renamed, so that a crash never leaves half a snapshot under its name.
        building = target.with_name(f".building-{number}-{uuid.uuid4().hex[:8]}")
        for abandoned in target.parent.glob(f".building-{number}-*"):
            shutil.rmtree(abandoned, ignore_errors=True)  # of a process that was killed
        predecessor = self._predecessor(tenant, previous)
        try:
            written = write_snapshot(building, versions, self._embedder, self._size, predecessor, on_progress)
            if target.exists():
                shutil.rmtree(target)
            building.rename(target)
            self._forget(tenant, number)
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

    def search(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        search_type: SearchType,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Retrieval:
        wanted = Wanted(limit, search_type, hidden or {}, ranking or Ranking(), one_per_document=False)
        return self._search(tenant, number, question, wanted)

    def search_documents(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        search_type: SearchType,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Retrieval:
        wanted = Wanted(limit, search_type, hidden or {}, ranking or Ranking(), one_per_document=True)
        return self._search(tenant, number, question, wanted)

    def explain(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Explanation:
        wanted = Wanted(limit, SearchType.HYBRID, hidden or {}, ranking or Ranking())
        opened = self.opened(tenant, number)
        asked = self._everyday.embedded(question, opened.embedder)
        passages, evidence = opened.snapshot.explain(asked.text, asked.vector, wanted)
        evidence = replace(evidence, everyday_likeness=asked.everyday_likeness)
        codes, vector = identifiers(asked.text), tuple(asked.vector.tolist())
        return Explanation(passages, evidence, number, wanted.ranking, codes, vector)

    def open_snapshot(self, tenant: str, number: int) -> None:
        self.opened(tenant, number)

    def held_documents(self, tenant: str, number: int) -> list[HeldDocument]:
        key = (tenant, number)
        held = self._held.get(key)
        if held is None:
            held = self._read_held_documents(tenant, number)
            with self._opening:
                self._held[key] = held
                while len(self._held) > OPEN_SNAPSHOTS:
                    self._held.popitem(last=False)
        return list(held)

    def mark_live(self, tenant: str, number: int) -> None:
        """Nothing to do: every snapshot can be searched by its number."""

    @property
    def search_types(self) -> tuple[SearchType, ...]:
        return SEARCH_TYPES

    def delete(self, tenant: str, number: int) -> None:
        self._forget(tenant, number)
        self._folders.delete(tenant, number)

    @property
    def chunk_size(self) -> tuple[int, int]:
        return self._size.words, self._size.overlap

    def knows_identifier(self, tenant: str, number: int, identifier: str) -> bool:
        return self.opened(tenant, number).snapshot.knows_identifier(identifier)

    def check_ready(self) -> None:
        self._folders.check_ready()

    def _store(self, tenant: str, number: int, target: Path) -> None:
        try:
            self._folders.store(tenant, number)
        except AppError:
            shutil.rmtree(target, ignore_errors=True)  # what the others cannot fetch must not be found here either
            raise

    def _read_held_documents(self, tenant: str, number: int) -> list[HeldDocument]:
        folder, _ = self._manifest(tenant, number, verify=False)
        try:
            table = open_table(folder / "documents.arrow")
            columns = [table[name].to_pylist() for name in ("id", "version", "title")]
        except (OSError, ValueError, KeyError) as exc:  # what pyarrow raises on a file that is not one of its own
            raise ConfigurationError(
                f"Snapshot {number} is damaged: its list of documents cannot be read.",
                code="snapshot-damaged",
                remedy="Build and publish a new version.",
            ) from exc
        return sorted(HeldDocument(*row) for row in zip(*columns, strict=True))

    def _forget(self, tenant: str, number: int) -> None:
        with self._opening:
            self._open.pop((tenant, number), None)
            self._held.pop((tenant, number), None)

    def _predecessor(self, tenant: str, previous: int | None) -> Path | None:
        """The folder to take vectors over from; without it the build takes longer and nothing is lost."""
        if previous is None:
            return None
        try:
            return self._folders.fetch(tenant, previous)
        except AppError as error:
            _log.warning("predecessor not fetched", tenant=tenant, number=previous, code=error.code)
            return None

    def _search(self, tenant: str, number: int, question: str, wanted: Wanted) -> Retrieval:
        opened = self.opened(tenant, number)
        started = time.thread_time()
        asked = self._everyday.embedded(question, opened.embedder)
        passages, evidence = opened.snapshot.search(asked.text, asked.vector, wanted)
        evidence = replace(evidence, everyday_likeness=asked.everyday_likeness)
        cpu_ms = (time.thread_time() - started) * 1000
        return Retrieval(passages, evidence, number, cpu_ms, tuple(asked.vector.tolist()))

    def opened(self, tenant: str, number: int) -> SearchableSnapshot:
        """The snapshot, ready to be searched; stays usable when it is deleted meanwhile.

        Raises:
            NotFoundError: there is no such snapshot.
            ConfigurationError: it is damaged or was made with another embedding model.
        """
        key = (tenant, number)
        with self._opening:
            opened = self._open.get(key)
            if opened is None:
                opened = self._open_now(tenant, number)
                self._open[key] = opened
                while len(self._open) > OPEN_SNAPSHOTS:
                    self._open.popitem(last=False)
            self._open.move_to_end(key)
        return opened

    def _open_now(self, tenant: str, number: int) -> SearchableSnapshot:
        folder, manifest = self._manifest(tenant, number)
        embedder: Embedder | None = self._embedder
        if manifest.embedding_model != self._embedder.model_id:
            embedder = self._embedder_of(manifest.embedding_model)
        if embedder is None:
            raise ConfigurationError(
                f"Snapshot {number} was made with another embedding model ({manifest.embedding_model}).",
                code="snapshot-model",
                remedy="Build and publish a new version, or set the embedding model back.",
            )
        return SearchableSnapshot(OpenSnapshot(folder, manifest), embedder)

    def _manifest(self, tenant: str, number: int, *, verify: bool = True) -> tuple[Path, Manifest]:
        folder = self._folders.fetch(tenant, number)
        if not (folder / MANIFEST).is_file():
            raise NotFoundError(
                f"Snapshot {number} is not there.", code="snapshot-missing", remedy="Publish another snapshot."
            )
        try:
            return folder, read_manifest(folder, verify=verify)
        except ConfigurationError:
            if not self._folders.drop_mirror(tenant, number):
                raise
            # The bucket may hold what this machine's copy has lost.
            folder = self._folders.fetch(tenant, number)
            return folder, read_manifest(folder, verify=verify)
