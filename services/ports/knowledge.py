"""What the knowledge use cases need from the outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.knowledge.models import DocumentVersion, Ranking, Retrieval, SearchType
from services.ports.documents import DocumentRepository, HeldDocument
from services.ports.explanations import Explanation
from services.ports.snapshots import GoldenQuestionRepository, SnapshotRepository


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


# Hears how many texts were embedded, and how many there are to embed; what it raises ends the build.
BuildListener = Callable[[int, int], None]


class KnowledgeIndex(Protocol):
    """Keeps the snapshots of all tenants and finds passages in them. Safe to call from many threads."""

    def build(
        self,
        tenant: str,
        number: int,
        versions: Iterator[DocumentVersion],
        previous: int | None,
        on_progress: BuildListener | None = None,
    ) -> BuiltSnapshot:
        """Make snapshot ``number``; after an error there is no trace of it, after a crash the next build removes it.

        Args:
            previous: A snapshot whose vectors are taken over for texts that did not change.

        Raises:
            ConfigurationError: there is nothing to index.
            BackendError: the embedder or the file storage failed.
        """
        ...

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
        """The best passages for a question, best first, at most ``limit``.

        Args:
            hidden: Passages of these documents are not found, up to and including the version given.
            ranking: Weights of hybrid search; the defaults when None.

        Raises:
            NotFoundError: there is no such snapshot.
            ConfigurationError: the snapshot is damaged or was made with another embedding model.
            InputError: this backend does not search that way (``search-type-not-offered``), see :attr:`search_types`.
            BackendError: the embedder or the service that searches failed.
        """
        ...

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
        """As :meth:`search`, with the best passage of each document only."""
        ...

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
        """Why the question finds what it finds: the best passages of :attr:`search_types`, at most ``limit`` of each.

        The first passages of each search type are those of :meth:`search`, in the same order and with its evidence.
        Arguments and errors as :meth:`search`.
        """
        ...

    def open_snapshot(self, tenant: str, number: int) -> None:
        """Make sure that the snapshot can be searched; cheap once it was. Raises as :meth:`search`."""
        ...

    def held_documents(self, tenant: str, number: int) -> list[HeldDocument]:
        """What the snapshot holds, by document id. Raises as :meth:`search`, but serves any embedding model."""
        ...

    def delete(self, tenant: str, number: int) -> None:
        """Remove a snapshot's files; nothing happens when there are none."""
        ...

    def mark_live(self, tenant: str, number: int) -> None:
        """Hear that this snapshot answers from now on; who asks names the number, so nothing depends on it here.

        Raises:
            BackendError: it could not be marked; it answers all the same.
        """
        ...

    @property
    def search_types(self) -> tuple[SearchType, ...]:
        """The search types that find something different here; every backend takes ``HYBRID`` and ``AUTO``."""
        ...

    @property
    def chunk_size(self) -> tuple[int, int]:
        """Words of a chunk and of the overlap that new snapshots are built with."""
        ...

    def knows_identifier(self, tenant: str, number: int, identifier: str) -> bool:
        """Whether the snapshot's texts hold this code, form name or phone number."""
        ...

    def check_ready(self) -> None:
        """Raise an AppError when snapshots could not be read or written now."""
        ...


class KnowledgeRepository(DocumentRepository, SnapshotRepository, GoldenQuestionRepository, Protocol):
    """Documents, their versions, snapshots and golden questions of all tenants; each call is one transaction."""
