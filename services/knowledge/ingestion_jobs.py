"""The background work of the knowledge base: one item per file, then a draft that is checked."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.errors import InputError, NotFoundError
from services.jobs.models import ItemStatus, Job, JobItem
from services.jobs.service import MOST_ITEMS
from services.knowledge.ingestion import BUILD_DRAFT, LOAD_FILES, Upload, upload_name
from services.knowledge.library import KnowledgeService
from services.knowledge.loading.formats import is_archive_name
from services.knowledge.loading.loaded_file import DocumentLoader, LoadedFile
from services.knowledge.models import LoadFailure, LoadReport, Snapshot, SnapshotStatus
from services.knowledge.publishing import PublishingService
from services.ports.files import FileStore
from services.ports.jobs import JobRepository, StageListener

# Of a tenant and a number: calibrates that snapshot and asks its golden questions, tells the share that is done, and
# returns JSON-able figures for the admin.
CheckSnapshot = Callable[[str, int, Callable[[float], None]], Mapping[str, Any]]
_IDS_SHOWN = 20
_JOBS_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a job's finish made.

    Attributes:
        snapshot: The draft, or the version that held everything already; None when there is no document.
        embedded: Texts that were embedded.
        skipped: Why nothing was built, in a sentence; empty when it was.
    """

    snapshot: Snapshot | None
    embedded: int = 0
    skipped: str = ""
    check: Mapping[str, Any] | None = None

    def values(self) -> dict[str, Any]:
        """As the result of a job."""
        values: dict[str, Any] = {"snapshot": None, "chunks": 0, "documents": 0, "reused": 0, "embedded": self.embedded}
        if self.snapshot is not None:
            values["snapshot"] = self.snapshot.number
            values["chunks"] = self.snapshot.chunk_count
            values["documents"] = self.snapshot.document_count
            values["reused"] = 0 if self.skipped else self.snapshot.reused_count
        if self.skipped:
            values["skipped"] = self.skipped
        if self.check is not None:
            values["check"] = dict(self.check)
        return values


class DraftMaker:
    """Builds and checks the draft that a job ends with.

    Args:
        check: See :data:`CheckSnapshot`; None checks nothing.
    """

    def __init__(
        self, knowledge: KnowledgeService, publishing: PublishingService, check: CheckSnapshot | None = None
    ) -> None:
        self._knowledge = knowledge
        self._publishing = publishing
        self._check = check

    def make(self, job: Job, report: StageListener) -> Drafted:
        """Build a draft of all documents, unless the newest version holds them already.

        Tried again after a crash, it goes on under the number that the build had.

        Raises:
            AppError: it could not be built or checked; what answers goes on answering.
        """
        tenant = job.tenant_id
        newest = next(iter(self._knowledge.list_snapshots(tenant)), None)
        if newest is not None and self._knowledge.holds_all(newest):
            words = f"Version {newest.number} holds all documents as they are, so no new version was built."
            checked = self._checked(newest, report) if newest.status is SnapshotStatus.DRAFT else None
            return Drafted(newest, skipped=words, check=checked)
        if newest is None and not self._knowledge.has_documents(tenant):
            return Drafted(None, skipped="There is no document yet, so no version was built.")
        embedded = 0

        def tell(done: int, total: int) -> None:
            nonlocal embedded
            embedded = total
            report("embedding", done / total if total else 1.0)

        report("embedding", 0.0)
        made = self._knowledge.build_snapshot(tenant, username=job.username, build_id=job.id, on_progress=tell)
        checked = self._checked(made, report)
        self._publishing.prune(tenant)
        return Drafted(made, embedded, check=checked)

    def _checked(self, snapshot: Snapshot, report: StageListener) -> Mapping[str, Any] | None:
        if self._check is None:
            return None
        report("checking", 0.0)
        return self._check(snapshot.tenant, snapshot.number, lambda share: report("checking", share))


class LoadFilesKind:
    """A :class:`services.ports.jobs.JobKind`: an item is one uploaded file, a zip archive included."""

    kind = LOAD_FILES
    purpose = "knowledge"

    def __init__(
        self,
        knowledge: KnowledgeService,
        files: FileStore,
        loader: DocumentLoader,
        drafts: DraftMaker,
        jobs: JobRepository,
    ) -> None:
        self._knowledge = knowledge
        self._files = files
        self._jobs = jobs
        self._loader = loader
        self._drafts = drafts

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        report("reading")
        data = self._read(job.tenant_id, _upload(item))
        if is_archive_name(item.name):
            entries = _told(self._loader.load_archive(item.name, io.BytesIO(data)), report)
            outcome = self._knowledge.store_files(job.tenant_id, entries, username=job.username)
            if not outcome.details.get("files") or _failed_as_a_whole(item.name, outcome):
                raise _as_error(outcome.failures[0])
            return item_result(outcome)
        loaded = self._loader.load_bytes(item.name, data)
        if loaded.failures and not loaded.documents:
            raise _as_error(loaded.failures[0])
        report("storing")
        return item_result(self._knowledge.store_files(job.tenant_id, [loaded], username=job.username))

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        self._forget_archives(job)
        return self._drafts.make(job, report).values()

    def _forget_archives(self, job: Job) -> None:
        """Delete the archives whose files are documents by now; those that failed stay for a retry."""
        read = {
            _upload(item)
            for item in self._jobs.list_items(job.tenant_id, job.id, status=ItemStatus.DONE, limit=MOST_ITEMS)
            if is_archive_name(item.name)
        }
        if not read:
            return
        latest = self._jobs.list_jobs(job.tenant_id, kind=LOAD_FILES, limit=_JOBS_LOOKED_AT)
        others = [other for other in latest if other.status.live and other.id != job.id]
        still_wanted = {
            item.arguments["sha256"]
            for other in others
            for item in self._jobs.list_items(other.tenant_id, other.id, limit=MOST_ITEMS)
        }
        for upload in read:
            if upload.sha256 not in still_wanted:
                self._files.delete(upload_name(job.tenant_id, upload))

    def _read(self, tenant_id: str, upload: Upload) -> bytes:
        try:
            return self._files.read(upload_name(tenant_id, upload))
        except NotFoundError as exc:
            raise NotFoundError(
                f"{upload.name} is no longer in the storage.", code="upload-missing", remedy="Load the file again."
            ) from exc


class BuildDraftKind:
    """A :class:`services.ports.jobs.JobKind` without items: its finish builds a draft of the documents as they are."""

    kind = BUILD_DRAFT
    purpose = "knowledge"

    def __init__(self, drafts: DraftMaker) -> None:
        self._drafts = drafts

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        return {}

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        return self._drafts.make(job, report).values()


def _upload(item: JobItem) -> Upload:
    return Upload(item.name, None, str(item.arguments["sha256"]))


def item_result(outcome: LoadReport) -> dict[str, Any]:
    """What became of an item, as pages show it."""
    return {
        "documents": len(outcome.loaded),
        "unchanged": len(outcome.unchanged),
        "chunks": outcome.chunk_count,
        "document_ids": [*outcome.loaded, *outcome.unchanged][:_IDS_SHOWN],
        "warnings": shown_failures(outcome.warnings),
        "failures": shown_failures(outcome.failures),
    }


def shown_failures(entries: Sequence[LoadFailure]) -> list[dict[str, str]]:
    """Failures or warnings with the file that each is about."""
    return [
        {"file": entry.source_name, "code": entry.code, "cause": entry.cause, "remedy": entry.remedy}
        for entry in entries
    ]


def _told(entries: Iterable[LoadedFile], report: StageListener) -> Iterator[LoadedFile]:
    """The same entries; every one gives the worker a chance to find out that its work no longer counts."""
    for entry in entries:
        report("reading")
        yield entry


def _failed_as_a_whole(name: str, outcome: LoadReport) -> bool:
    is_empty = not outcome.loaded and not outcome.unchanged
    return is_empty and len(outcome.failures) == 1 and outcome.failures[0].source_name == name


def _as_error(failure: LoadFailure) -> InputError:
    return InputError(failure.cause, code=failure.code, remedy=failure.remedy)
