"""What sources need from the outside: places with files, and where sources are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.knowledge.source_models import KnowledgeSource, PlaceFile, SourceFile, SourceReading


class SourcePlaces(Protocol):
    """Folders and S3 prefixes that may be read, and nothing else."""

    def roots(self, tenant: str) -> tuple[str, ...]:
        """Below which places a source of this tenant may lie; empty when sources are off."""
        ...

    def checked(self, tenant: str, place: str) -> str:
        """The place in the one spelling that is kept.

        Raises:
            InputError: it is not below a root, or it holds what Frontline itself writes.
        """
        ...

    def list_files(self, tenant: str, place: str) -> list[PlaceFile]:
        """Every file, all or none, by path; links that lead out of the place are left out.

        Raises:
            InputError: as :meth:`checked`; or it is not there, or holds too many files.
            BackendUnavailableError: it could not be listed completely.
        """
        ...

    def read(self, tenant: str, place: str, path: str, *, limit_bytes: int) -> bytes:
        """The content of a file, at most one byte more than the limit.

        Raises:
            NotFoundError: it is gone.
            BackendUnavailableError: it could not be read.
        """
        ...


class SourceRepository(Protocol):
    """Keeps sources and what is known of their files; each call is one transaction."""

    def insert_source(self, source: KnowledgeSource) -> None:
        """Raises ConflictError when the tenant has a source of that place."""
        ...

    def get_source(self, tenant: str, source_id: str) -> KnowledgeSource:
        """Raises NotFoundError, also for another tenant's."""
        ...

    def list_sources(self, tenant: str) -> list[KnowledgeSource]:
        """In the order they were added."""
        ...

    def change_source(
        self, tenant: str, source_id: str, *, every_minutes: int, publishes: bool, next_run_at: datetime | None
    ) -> None:
        """Replace what admins set. Raises NotFoundError."""
        ...

    def delete_source(self, tenant: str, source_id: str) -> None:
        """Forget it and its files. Raises NotFoundError."""
        ...

    def due_sources(self, now: datetime) -> list[KnowledgeSource]:
        """Those of all tenants that are not archived whose time has come."""
        ...

    def claim(self, seen: KnowledgeSource, next_run_at: datetime | None) -> bool:
        """Set when it is due next, if it is still as it was seen; of several who try, one succeeds."""
        ...

    def set_job(self, tenant: str, source_id: str, job_id: str) -> None:
        """Note which job reads it."""
        ...

    def save_reading(self, tenant: str, source_id: str, reading: SourceReading) -> None:
        """Keep what came of the last reading; nothing happens when the source was removed."""
        ...

    def list_files(self, source_id: str) -> list[SourceFile]:
        """What is known of its files."""
        ...

    def save_file(self, source_id: str, file: SourceFile) -> None:
        """Insert or replace by path."""
        ...

    def delete_files(self, source_id: str, paths: Sequence[str]) -> None:
        """Forget files."""
        ...

    def documents_of_others(self, tenant: str, source_id: str) -> frozenset[str]:
        """Ids of documents that were made of files of the tenant's other sources."""
        ...
