"""The background work of a source: compare its files with what is known, load what changed, delete what vanished."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from services.errors import AppError, InputError
from services.jobs.models import ItemStatus, Job, JobItem
from services.knowledge.ingestion import READ_SOURCE
from services.knowledge.ingestion_jobs import DraftMaker, shown_failures
from services.knowledge.library import KnowledgeService
from services.knowledge.loading.files import is_hidden, too_large
from services.knowledge.loading.formats import Format, is_archive_name
from services.knowledge.loading.loaded_file import DocumentLoader, LoadedFile
from services.knowledge.models import LoadFailure, SnapshotStatus
from services.knowledge.publishing import PublishingService
from services.knowledge.source_models import KnowledgeSource, PlaceFile, SourceFile, SourceReading
from services.ports.documents import DocumentRepository
from services.ports.jobs import JobRepository, StageListener
from services.ports.sources import SourcePlaces, SourceRepository

LONGEST_PATH = 400
# A reading that meets so many bad files keeps the first; the rest is counted in a note.
FAILURES_KEPT = 50
_NOT_STORED = "duplicate"


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Largest document and largest zip archive that are read, in bytes."""

    file_bytes: int
    archive_bytes: int


@dataclass(slots=True)
class _Tally:
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    failures: list[LoadFailure] = field(default_factory=list)

    def values(self) -> dict[str, Any]:
        return {
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "failures": shown_failures(self.failures[:FAILURES_KEPT]),
            "failure_count": len(self.failures),
        }


class ReadSourceKind:
    """A :class:`services.ports.jobs.JobKind` with one item: the place. Its finish builds, and publishes if it may."""

    kind = READ_SOURCE
    purpose = "knowledge"

    def __init__(
        self,
        sources: SourceRepository,
        places: SourcePlaces,
        jobs: JobRepository,
        documents: DocumentRepository,
        knowledge: KnowledgeService,
        loader: DocumentLoader,
        drafts: DraftMaker,
        publishing: PublishingService,
        limits: ReadingLimits,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sources = sources
        self._places = places
        self._jobs = jobs
        self._documents = documents
        self._knowledge = knowledge
        self._loader = loader
        self._drafts = drafts
        self._publishing = publishing
        self._limits = limits
        self._now = now

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        source = self._sources.get_source(job.tenant_id, str(item.arguments["source"]))
        report("listing")
        listed = [
            file
            for file in self._places.list_files(source.tenant_id, source.place)
            if not any(is_hidden(part) for part in file.path.split("/"))
        ]
        known = {file.path: file for file in self._sources.list_files(source.id)}
        if known and not listed:
            raise InputError(
                f"{source.place} is empty, though it held {len(known):,} files the last time; nothing was deleted.",
                code="source-empty",
                remedy="Check that it is mounted. If it is to be empty, remove the source and delete its documents.",
            )
        tally = _Tally()
        # Before anything is loaded: a file that was renamed must not be taken for a copy of itself.
        self._delete_vanished(source, listed, known, tally)
        taken = self._sources.documents_of_others(source.tenant_id, source.id)
        for position, file in enumerate(listed):
            report("reading", position / len(listed))
            self._read_file(job, source, file, known.get(file.path), taken, tally)
        return tally.values()

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        source = self._sources.get_source(job.tenant_id, str(job.arguments["source"]))
        (item,) = self._jobs.list_items(job.tenant_id, job.id, limit=1)
        if item.status is not ItemStatus.DONE:
            reading = SourceReading(self._now(), failure=f"{item.cause} {item.remedy}".strip())
            self._sources.save_reading(job.tenant_id, source.id, reading)
            return {}
        reading = _reading(self._now(), item.result)
        try:
            values, reading = self._built(job, source, reading, report)
        except AppError as error:
            failed = replace(reading, failure=f"{error.message_for_user} {error.remedy}")
            self._sources.save_reading(job.tenant_id, source.id, failed)
            raise
        self._sources.save_reading(job.tenant_id, source.id, reading)
        return values

    def _built(
        self, job: Job, source: KnowledgeSource, reading: SourceReading, report: StageListener
    ) -> tuple[Mapping[str, Any], SourceReading]:
        is_pending = source.last is not None and bool(source.last.failure)
        if not (reading.added or reading.changed or reading.removed or is_pending):
            return {"skipped": "Nothing has changed since the last reading."}, reading
        drafted = self._drafts.make(job, report)
        values = drafted.values()
        if drafted.snapshot is None:
            return values, replace(reading, note=drafted.skipped)
        reading = replace(reading, snapshot=drafted.snapshot.number)
        if source.publishes and drafted.snapshot.status is SnapshotStatus.DRAFT:
            refusal = self._publishing.publish_if_safe(
                job.tenant_id, drafted.snapshot.number, username=source.created_by
            )
            reading = replace(reading, published=not refusal, note=refusal)
            values |= {"published": reading.published, "note": refusal}
        return values, reading

    def _delete_vanished(
        self, source: KnowledgeSource, listed: Iterable[PlaceFile], known: dict[str, SourceFile], tally: _Tally
    ) -> None:
        present = {file.path for file in listed}
        vanished = [file for path, file in known.items() if path not in present]
        still_made = {
            document_id for path, file in known.items() if path in present for document_id in file.document_ids
        }
        gone = sorted({one for file in vanished for one in file.document_ids} - still_made)
        self._documents.delete_documents(source.tenant_id, gone, username=source.created_by)
        self._sources.delete_files(source.id, [file.path for file in vanished])
        tally.removed += len(vanished)

    def _read_file(
        self,
        job: Job,
        source: KnowledgeSource,
        file: PlaceFile,
        before: SourceFile | None,
        taken: frozenset[str],
        tally: _Tally,
    ) -> None:
        if before is not None and before.marker == file.marker and not before.failed:
            tally.unchanged += 1
            return
        refused = self._refused(file)
        if refused is not None:
            tally.failures.append(refused)
            return
        try:
            data = self._places.read(source.tenant_id, source.place, file.path, limit_bytes=self._limit(file.path))
        except AppError as error:
            tally.failures.append(LoadFailure(file.path, error.code, error.message_for_user, error.remedy))
            return
        sha256 = hashlib.sha256(data).hexdigest()
        if before is not None and before.sha256 == sha256 and not before.failed:
            self._sources.save_file(source.id, replace(before, marker=file.marker))
            tally.unchanged += 1
            return
        loaded = _without_taken(self._load(file.path, data), taken)
        outcome = self._knowledge.store_files(source.tenant_id, loaded, username=job.username)
        failures = [*outcome.failures, *(one for one in outcome.warnings if one.code == _NOT_STORED)]
        tally.failures.extend(failures)
        made = (*outcome.loaded, *outcome.unchanged)
        earlier = before.document_ids if before is not None else ()
        if outcome.failures:
            # What could not be read this time is not gone.
            made = tuple(dict.fromkeys((*made, *earlier)))
        dropped = [document_id for document_id in earlier if document_id not in made]
        self._documents.delete_documents(source.tenant_id, dropped, username=source.created_by)
        self._sources.save_file(source.id, SourceFile(file.path, file.marker, sha256, made, bool(failures)))
        if outcome.loaded or dropped:
            tally.added += before is None
            tally.changed += before is not None
        elif not failures:
            tally.unchanged += 1

    def _load(self, path: str, data: bytes) -> Iterator[LoadedFile]:
        if not is_archive_name(path):
            yield self._loader.load_bytes(path, data)
            return
        for loaded in self._loader.load_archive(path, io.BytesIO(data)):
            if loaded.media_type == Format.JSONL:
                yield loaded
                continue
            documents = tuple(replace(made, id=f"{path}/{made.id}") for made in loaded.documents)
            yield replace(loaded, documents=documents)

    def _limit(self, path: str) -> int:
        return self._limits.archive_bytes if is_archive_name(path) else self._limits.file_bytes

    def _refused(self, file: PlaceFile) -> LoadFailure | None:
        if file.size_bytes > self._limit(file.path):
            return too_large(file.path, file.size_bytes, self._limit(file.path))
        if len(file.path) > LONGEST_PATH:
            return LoadFailure(
                file.path[:LONGEST_PATH],
                "name-too-long",
                f"The path of a file has more than {LONGEST_PATH} characters.",
                "Give the file and its folders shorter names.",
            )
        return None


def _without_taken(files: Iterable[LoadedFile], taken: frozenset[str]) -> Iterator[LoadedFile]:
    for loaded in files:
        kept = tuple(made for made in loaded.documents if made.id not in taken)
        if len(kept) == len(loaded.documents):
            yield loaded
            continue
        failure = LoadFailure(
            loaded.source_name,
            "of-another-source",
            f"Another source has a document of the same id as {loaded.source_name}, so it was not loaded.",
            "Rename the file in one of the two places, or remove one of the sources.",
        )
        yield replace(loaded, documents=kept, failures=(*loaded.failures, failure))


def _reading(at: datetime, result: Mapping[str, Any]) -> SourceReading:
    failures = tuple(result.get("failures", ()))
    left_out = int(result.get("failure_count", 0)) - len(failures)
    return SourceReading(
        at=at,
        added=int(result.get("added", 0)),
        changed=int(result.get("changed", 0)),
        removed=int(result.get("removed", 0)),
        unchanged=int(result.get("unchanged", 0)),
        failures=failures,
        note=f"{left_out:,} more files could not be loaded." if left_out > 0 else "",
    )
