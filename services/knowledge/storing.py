"""From loaded files to stored documents: originals are kept, copies are recognized, the rest becomes versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from services.knowledge.chunking import ChunkSize, chunk_document
from services.knowledge.loading import LoadedFile
from services.knowledge.loading.formats import Format
from services.knowledge.models import LoadFailure, LoadReport, Snapshot
from services.ports.documents import DocumentRepository
from services.ports.files import FileStore, keep_once
from services.ports.knowledge import KnowledgeIndex

_SAVE_BATCH = 1000
# The reading of one call names files with the same text; here those with the same bytes are not stored at all.
_SAME_TEXT_CODE = "duplicate-content"
_NOTHING_FOUND_CODE = "zero-chunks"


@dataclass(slots=True)
class Tally:
    """What became of the files so far."""

    loaded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failures: list[LoadFailure] = field(default_factory=list)
    warnings: list[LoadFailure] = field(default_factory=list)
    files: int = 0
    chunks: int = 0

    def report(self, snapshot: Snapshot | None = None, reused: int = 0, *, published: bool = False) -> LoadReport:
        """As the report of one load; ``snapshot`` is the one that was built of it."""
        return LoadReport(
            loaded=tuple(self.loaded),
            unchanged=tuple(self.unchanged),
            failures=tuple(self.failures),
            warnings=tuple(self.warnings),
            chunk_count=snapshot.chunk_count if snapshot else self.chunks,
            reused_chunk_count=reused,
            snapshot=snapshot.number if snapshot else None,
            published=published,
            details={"files": self.files},
        )


class DocumentStore:
    """Stores the documents of loaded files; builds no index.

    Args:
        index: Says how large chunks are, so that lists can tell how many a document has.
        max_file_bytes: Larger originals are not kept.
    """

    def __init__(
        self, repository: DocumentRepository, index: KnowledgeIndex, files: FileStore, *, max_file_bytes: int
    ) -> None:
        self._repository = repository
        self._index = index
        self._files = files
        self._max_file_bytes = max_file_bytes

    def store(self, tenant: str, files: Iterable[LoadedFile], tally: Tally, *, username: str | None = None) -> None:
        """Store what changed and count it; a failed or copied file stands in the tally and stops nothing.

        Raises:
            BackendError: database or file storage failed; what was stored before stays.
        """
        size = ChunkSize(*self._index.chunk_size)
        for batch in _batches(self._without_copies(tenant, files)):
            documents = [document for loaded in batch for document in loaded.documents]
            for loaded in batch:
                tally.failures.extend(loaded.failures)
                tally.warnings.extend(loaded.warnings)
                tally.files += loaded.part == 0
                if loaded.documents and loaded.part == 0:
                    self._keep_original(tenant, loaded)
            counts = {document.id: len(chunk_document(document, size)) for document in documents}
            stored, unchanged = self._repository.save_documents(
                tenant, documents, username=username, chunk_counts=counts
            )
            tally.warnings.extend(_empty_warnings(batch, counts))
            tally.chunks += sum(counts.values())
            tally.loaded.extend(stored)
            tally.unchanged.extend(unchanged)

    def _without_copies(self, tenant: str, files: Iterable[LoadedFile]) -> Iterator[LoadedFile]:
        arrived: dict[str, str] = {}
        for loaded in files:
            # Lines of JSONL carry ids of their own, which say what is the same.
            if loaded.media_type == Format.JSONL or not loaded.documents:
                yield loaded
                continue
            ids = {document.id for document in loaded.documents}
            known = self._repository.ids_by_source(tenant, loaded.data_sha256)
            first = arrived.setdefault(loaded.data_sha256, loaded.documents[0].id)
            others = [*known, *([first] if first not in ids else [])]
            if not others or ids & set(known):
                yield loaded
                continue
            kept = tuple(warning for warning in loaded.warnings if warning.code != _SAME_TEXT_CODE)
            copied = _copy_warning(loaded.source_name, others[0])
            yield replace(loaded, documents=(), warnings=(*kept, copied))

    def _keep_original(self, tenant: str, loaded: LoadedFile) -> None:
        name = original_name(tenant, loaded.data_sha256)
        if self._files.exists(name):
            return
        with loaded.open_data() as file:
            data = file.read(self._max_file_bytes + 1)
        if len(data) <= self._max_file_bytes:
            keep_once(self._files, name, data)


def original_name(tenant: str, sha256: str) -> str:
    """Where the original bytes of a document are stored, by content, so that the same file is kept once."""
    return f"originals/{tenant}/{sha256[:2]}/{sha256}"


def _copy_warning(name: str, other: str) -> LoadFailure:
    return LoadFailure(
        name,
        "duplicate",
        f"{name} is the same file as {other}, which is there already; it was not stored a second time.",
        "Nothing is lost. To give the document another name, delete the other one and load this file again.",
    )


def _empty_warnings(batch: Iterable[LoadedFile], counts: Mapping[str, int]) -> Iterator[LoadFailure]:
    for loaded in batch:
        told = any(warning.code == _NOTHING_FOUND_CODE for warning in loaded.warnings)
        empty = [document for document in loaded.documents if not counts[document.id]]
        if empty and not told:
            yield LoadFailure(
                loaded.source_name,
                _NOTHING_FOUND_CODE,
                f"Nothing of “{empty[0].title}” can be found: it has no passages.",
                "Open the file, check that the text is in it, and load it again.",
            )


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
