"""What the knowledge use cases need from the outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.knowledge.models import (
    BandCuts,
    Document,
    DocumentVersion,
    GoldenQuestion,
    Retrieval,
    SearchType,
    Snapshot,
)


class Embedder(Protocol):
    """Turns texts into vectors. Safe to call from many threads.

    Attributes:
        model_id: Changes whenever the vectors of the same text would change; stored with every snapshot.
        dimension: Length of a vector.
    """

    @property
    def model_id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), dimension), each of unit length, in the order given; (0, dimension) for none.

        Raises:
            BackendError: the model or service failed.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError or ConfigurationError when a call would fail now."""
        ...


@dataclass(frozen=True, slots=True)
class BuiltSnapshot:
    """Counts of a snapshot that an index has just built."""

    document_count: int
    chunk_count: int
    reused_vector_count: int


class KnowledgeIndex(Protocol):
    """Keeps the snapshots of all tenants and finds passages in them. Safe to call from many threads."""

    def build(
        self, tenant: str, number: int, versions: Iterator[DocumentVersion], previous: int | None
    ) -> BuiltSnapshot:
        """Make snapshot ``number``; after an error or a crash there is no trace of it.

        Raises:
            ConfigurationError: there is nothing to index.
            BackendError: the embedder or the file storage failed.
        """
        ...

    def search(self, tenant: str, number: int, question: str, *, limit: int, search_type: SearchType) -> Retrieval:
        """The best passages for a question, best first, at most ``limit``.

        Raises:
            NotFoundError: there is no such snapshot.
            ConfigurationError: the snapshot is damaged or was made with another embedding model.
        """
        ...

    def search_documents(
        self, tenant: str, number: int, question: str, *, limit: int, search_type: SearchType
    ) -> Retrieval:
        """As :meth:`search`, with the best passage of each document only."""
        ...

    def knows_identifier(self, tenant: str, number: int, identifier: str) -> bool:
        """Whether the snapshot's texts hold this code, form name or phone number."""
        ...

    def check_ready(self) -> None:
        """Raise an AppError when snapshots could not be read or written now."""
        ...


class KnowledgeRepository(Protocol):
    """Documents, their versions, snapshots and golden questions of all tenants; each call is one transaction."""

    def save_documents(self, tenant: str, documents: Sequence[Document]) -> tuple[list[str], list[str]]:
        """Store each as a new version unless nothing in it changed; returns (ids stored, ids unchanged)."""
        ...

    def current_documents(self, tenant: str) -> Iterator[DocumentVersion]:
        """The newest version of every document in use, ordered by id."""
        ...

    def get_document(self, tenant: str, document_id: str, version: int | None = None) -> DocumentVersion:
        """One version, the newest when None. Raises NotFoundError."""
        ...

    def create_snapshot(self, snapshot: Snapshot) -> None:
        """Record a draft. Raises ConflictError when the number is taken."""
        ...

    def next_snapshot_number(self, tenant: str) -> int:
        """One more than the highest number ever used for this tenant."""
        ...

    def list_snapshots(self, tenant: str) -> list[Snapshot]:
        """Newest first."""
        ...

    def get_snapshot(self, tenant: str, number: int) -> Snapshot:
        """Raises NotFoundError."""
        ...

    def published_snapshot(self, tenant: str) -> Snapshot | None:
        """The one that answers questions now; None when nothing was published yet."""
        ...

    def publish(self, tenant: str, number: int) -> None:
        """Make this snapshot the one that answers, in one step."""
        ...

    def save_cuts(self, tenant: str, number: int, cuts: BandCuts) -> None:
        """Store the calibrated cuts of the bands with a snapshot."""
        ...

    def save_golden_questions(self, tenant: str, questions: Sequence[GoldenQuestion]) -> None:
        """Insert or replace by id."""
        ...

    def list_golden_questions(self, tenant: str) -> list[GoldenQuestion]:
        """Ordered by id; those with no expected passage must be declined."""
        ...


class FileStore(Protocol):
    """Files by name below the storage root: a folder or a bucket."""

    def write(self, name: str, data: bytes) -> None:
        """Store; an existing file of that name is replaced in one step."""
        ...

    def read(self, name: str) -> bytes:
        """Raises NotFoundError."""
        ...

    def exists(self, name: str) -> bool: ...

    def check_ready(self) -> None:
        """Raise BackendError when a file could not be written and read now."""
        ...
