"""Where documents and their versions are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.knowledge.models import (
    Document,
    DocumentDetails,
    DocumentEntry,
    DocumentFilter,
    DocumentVersion,
    VersionEntry,
)


@dataclass(frozen=True, slots=True, order=True)
class HeldDocument:
    """Which version of a document a snapshot holds, or would hold."""

    document_id: str
    version: int
    title: str


class DocumentRepository(Protocol):
    """Documents of all tenants; versions are never changed or removed. Each call is one transaction."""

    def save_documents(
        self,
        tenant: str,
        documents: Sequence[Document],
        *,
        username: str | None = None,
        chunk_counts: Mapping[str, int] | None = None,
        expected_versions: Mapping[str, int] | None = None,
    ) -> tuple[list[str], list[str]]:
        """Store each as a new version unless nothing in it changed; returns (ids stored, ids unchanged).

        A deleted document comes back with its new version; the versions before stay hidden. Owner and last valid day
        that the document states become its details; what it does not state stays as it was.

        Args:
            chunk_counts: Chunks of each document by id, for lists.
            expected_versions: By id, the version that the change was made on; 0 for a document that must be new.

        Raises:
            ConflictError: somebody else saved a newer version; nothing was stored.
        """
        ...

    def current_documents(self, tenant: str, *, media_type: str | None = None) -> Iterator[DocumentVersion]:
        """The newest version of every document that is not deleted, ordered by id; of one format only when given."""
        ...

    def current_versions(self, tenant: str) -> list[HeldDocument]:
        """As :meth:`current_documents`, without the words: what a snapshot built now would hold."""
        ...

    def get_document(self, tenant: str, document_id: str, version: int | None = None) -> DocumentVersion:
        """One version, the newest when None. Raises NotFoundError."""
        ...

    def get_entry(self, tenant: str, document_id: str, today: date) -> DocumentEntry:
        """The list line of one document, deleted or not. Raises NotFoundError."""
        ...

    def list_documents(
        self, tenant: str, chosen: DocumentFilter, *, today: date, offset: int = 0, limit: int = 50
    ) -> tuple[list[DocumentEntry], int]:
        """One page of the documents that fit, and how many fit in all."""
        ...

    def list_versions(self, tenant: str, document_id: str) -> list[VersionEntry]:
        """Every version of a document, newest first; empty for an unknown one."""
        ...

    def list_labels(self, tenant: str) -> tuple[list[str], list[str]]:
        """The products and the owners that documents have which are not deleted, each in order."""
        ...

    def set_details(
        self, tenant: str, document_ids: Sequence[str], details: DocumentDetails, *, username: str | None
    ) -> None:
        """Replace the details of documents. Raises NotFoundError."""
        ...

    def set_disabled(
        self, tenant: str, document_ids: Sequence[str], at: datetime | None, *, username: str | None
    ) -> None:
        """Disable (with a time) or enable (None) documents."""
        ...

    def delete_documents(self, tenant: str, document_ids: Sequence[str], *, username: str | None) -> None:
        """Mark documents as deleted; their versions stay for the citations that point at them."""
        ...

    def hidden_documents(self, tenant: str, today: date) -> dict[str, int]:
        """Documents that must not answer today: by id, the highest version that is hidden."""
        ...

    def ids_by_source(self, tenant: str, source_sha256: str) -> list[str]:
        """Ids of documents in use whose newest version was made from the same bytes."""
        ...
