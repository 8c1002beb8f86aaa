"""Files become documents, and documents a draft, in the background."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from services.access.models import Account
from services.access.permissions import require_admin
from services.errors import InputError
from services.jobs.models import Job, NewItem
from services.jobs.service import JobService
from services.knowledge.loading.files import shown_name
from services.knowledge.loading.formats import is_archive_name
from services.knowledge.storing import original_name
from services.ports.files import FileStore, keep_once
from services.privacy.audit import AuditTrail

LOAD_FILES = "load-files"
BUILD_DRAFT = "build-draft"
READ_SOURCE = "read-source"
# As long as the id of a document may be.
LONGEST_NAME = 400
KINDS = (LOAD_FILES, BUILD_DRAFT, READ_SOURCE)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way into the knowledge base.

    Attributes:
        name: Its name, or its path below the folder that was chosen; becomes the document's id.
        data: Its bytes; None when :meth:`IngestionService.keep_file` stored them before.
        sha256: Hash of the bytes; needed only when they were stored before.
    """

    name: str
    data: bytes | None = None
    sha256: str = ""


class IngestionService:
    """Takes files from administrators and starts the jobs that load them and build drafts.

    Args:
        max_file_bytes: Largest document.
        max_archive_bytes: Largest zip archive of documents.
    """

    def __init__(
        self,
        files: FileStore,
        jobs: JobService,
        audit: AuditTrail,
        *,
        max_file_bytes: int,
        max_archive_bytes: int,
    ) -> None:
        self._files = files
        self._jobs = jobs
        self._audit = audit
        self._max_file_bytes = max_file_bytes
        self._max_archive_bytes = max_archive_bytes

    def keep_file(self, account: Account, tenant_id: str, name: str, data: bytes) -> Upload:
        """Store one file for :meth:`submit_files`, so that its bytes need not be held until the last one arrived.

        Raises:
            InputError: ``too-large``, ``empty-file`` or ``name-too-long``.
            BackendError: it could not be stored.
        """
        require_admin(account, tenant_id)
        name = shown_name(name)
        self._check_size(name, len(data))
        upload = Upload(name, None, hashlib.sha256(data).hexdigest())
        keep_once(self._files, upload_name(tenant_id, upload), data)
        return upload

    def submit_files(self, account: Account, tenant_id: str, uploads: Sequence[Upload]) -> Job:
        """Store the files and start a job with one item each; once it returns, nothing is lost.

        The job ends with a draft of all documents; nothing is published.

        Raises:
            InputError: ``no-files``, ``too-many-items`` or as :meth:`keep_file`; nothing was started.
            BackendError: a file could not be stored; nothing was started.
        """
        require_admin(account, tenant_id)
        if not uploads:
            raise InputError("No file was chosen.", code="no-files", remedy="Choose at least one file.")
        for upload in uploads:
            if upload.data is not None:
                self._check_size(upload.name, len(upload.data))
        kept = [
            upload if upload.data is None else self.keep_file(account, tenant_id, upload.name, upload.data)
            for upload in uploads
        ]
        title = f"Load {kept[0].name}" if len(kept) == 1 else f"Load {len(kept):,} files"
        items = [NewItem(upload.name, {"sha256": upload.sha256}) for upload in kept]
        job = self._jobs.submit(LOAD_FILES, tenant_id, account.username, title, items)
        self._audit.record(
            "files-submitted", username=account.username, tenant_id=tenant_id, subject=job.id, files=len(kept)
        )
        return job

    def submit_build(self, account: Account, tenant_id: str) -> Job:
        """Start a job that builds a draft of the documents as they are; it has no items."""
        require_admin(account, tenant_id)
        job = self._jobs.submit(BUILD_DRAFT, tenant_id, account.username, "Build a new version")
        self._audit.record("build-submitted", username=account.username, tenant_id=tenant_id, subject=job.id)
        return job

    def list_jobs(self, account: Account, tenant_id: str, *, limit: int = 20) -> list[Job]:
        """Loads, builds and readings of sources, newest first. Raises AccessError."""
        require_admin(account, tenant_id)
        jobs = [self._jobs.list_jobs(tenant_id, kind=kind, limit=limit) for kind in KINDS]
        return list(heapq.merge(*jobs, key=lambda job: job.created_at, reverse=True))[:limit]

    def _check_size(self, name: str, size_bytes: int) -> None:
        limit = self._max_archive_bytes if is_archive_name(name) else self._max_file_bytes
        if size_bytes > limit:
            raise InputError(
                f"{name} has {size_bytes / 1e6:,.1f} MB; the limit is {limit / 1e6:,.1f} MB.",
                code="too-large",
                remedy="Split the file, or ask your administrator to raise the limit. Nothing was loaded.",
            )
        if len(name) > LONGEST_NAME:
            raise InputError(
                f"The name of a file has more than {LONGEST_NAME} characters.",
                code="name-too-long",
                remedy=f"Rename the file that begins with {name[:40]}… and choose it again. Nothing was loaded.",
            )
        if size_bytes == 0:
            raise InputError(
                f"{name} is empty (0 bytes).",
                code="empty-file",
                remedy="Check where the file came from; the copy may have been interrupted. Nothing was loaded.",
            )


def upload_name(tenant_id: str, upload: Upload) -> str:
    """Where an upload waits, by content: a document where its original stays, an archive apart from these."""
    place = original_name(tenant_id, upload.sha256)
    return place.replace("originals/", "uploads/", 1) if is_archive_name(upload.name) else place
