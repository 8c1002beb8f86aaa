"""The data of sources: places that are read again and again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SourceReading:
    """What came of reading a source once.

    Attributes:
        added: Files that were seen for the first time and became documents.
        changed: Files whose content changed and became new versions.
        removed: Files that vanished; their documents were deleted.
        unchanged: Files that were as they were the last time.
        failures: Files that could not be loaded, each ``{file, code, cause, remedy}``.
        failure: Why the source as a whole could not be read or built, in two sentences; empty when it was.
        snapshot: Number of the draft that was built; None when nothing changed.
        published: Whether that draft answers now.
        note: A sentence for the admin, such as why it was not published.
    """

    at: datetime
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    failures: tuple[Mapping[str, str], ...] = ()
    failure: str = ""
    snapshot: int | None = None
    published: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """A place that is read again every so often.

    Attributes:
        place: A folder below an allowed root, or ``s3://bucket/prefix``.
        every_minutes: Time between two readings.
        publishes: Whether a draft is published at once when no golden question got worse.
        next_run_at: When it is due; None while it is paused.
        last: What came of the last reading; None before the first.
        job_id: The job of the last reading, or of the one that runs.
        claims: How often a reading was started; lets one of several workers win.
    """

    id: str
    tenant_id: str
    place: str
    every_minutes: int
    publishes: bool
    created_at: datetime
    created_by: str
    next_run_at: datetime | None
    last: SourceReading | None = None
    job_id: str | None = None
    claims: int = 0


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """A file of a place.

    Attributes:
        path: Below the place, with ``/`` between its parts.
        marker: Differs whenever the content may differ; cheap to tell.
    """

    path: str
    size_bytes: int
    marker: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """What is remembered of a file that was read.

    Attributes:
        document_ids: The documents that were made of it.
        failed: Whether something of it could not be loaded, so that it is read again the next time.
    """

    path: str
    marker: str
    sha256: str
    document_ids: tuple[str, ...] = ()
    failed: bool = False
