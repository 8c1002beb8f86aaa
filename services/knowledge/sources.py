"""Folders and S3 prefixes that are read again and again: changed files become versions, vanished ones are deleted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from services.access.models import Account
from services.access.permissions import require_admin
from services.errors import AppError, ConflictError, InputError, NotFoundError
from services.jobs.models import Job, NewItem
from services.jobs.service import JobService
from services.knowledge.ingestion import READ_SOURCE
from services.knowledge.source_models import KnowledgeSource, SourceReading
from services.logs import get_logger
from services.ports.sources import SourcePlaces, SourceRepository
from services.privacy.audit import AuditTrail

__all__ = ["MOST_MINUTES", "SHORTEST_MINUTES", "KnowledgeSource", "SourceReading", "SourceService"]

SHORTEST_MINUTES = 5
MOST_MINUTES = 30 * 24 * 60

_log = get_logger(__name__)


class SourceService:
    """Use cases on the sources of one tenant, for its administrators; and the schedule, for workers.

    Args:
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: SourceRepository,
        places: SourcePlaces,
        jobs: JobService,
        audit: AuditTrail,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._repository = repository
        self._places = places
        self._jobs = jobs
        self._audit = audit
        self._now = now

    def allowed_places(self, account: Account, tenant_id: str) -> tuple[str, ...]:
        """Roots below which a source may lie, as the admin writes them; empty when sources are off."""
        require_admin(account, tenant_id)
        return self._places.roots(tenant_id)

    def list_sources(self, account: Account, tenant_id: str) -> list[KnowledgeSource]:
        """In the order they were added. Raises AccessError."""
        require_admin(account, tenant_id)
        return self._repository.list_sources(tenant_id)

    def add_source(
        self, account: Account, tenant_id: str, place: str, *, every_minutes: int, publishes: bool = False
    ) -> KnowledgeSource:
        """Add a place, which is due at once.

        Raises:
            InputError: it is not below an allowed root, is not there, or the interval is not allowed.
            BackendUnavailableError: it could not be listed.
            ConflictError: this place is a source already.
        """
        require_admin(account, tenant_id)
        _check_interval(every_minutes)
        place = self._places.checked(tenant_id, place)
        # Once at the beginning, so that a wrong place is told to the person who wrote it and not to the log at night.
        self._places.list_files(tenant_id, place)
        source = KnowledgeSource(
            id=uuid.uuid4().hex,
            tenant_id=tenant_id,
            place=place,
            every_minutes=every_minutes,
            publishes=publishes,
            created_at=self._now(),
            created_by=account.username,
            next_run_at=self._now(),
        )
        self._repository.insert_source(source)
        self._record("source-added", account, source)
        return source

    def change_source(
        self, account: Account, tenant_id: str, source_id: str, *, every_minutes: int, publishes: bool, paused: bool
    ) -> KnowledgeSource:
        """Change how often it is read, whether it publishes, and whether it rests. Raises NotFoundError, InputError."""
        require_admin(account, tenant_id)
        _check_interval(every_minutes)
        before = self._repository.get_source(tenant_id, source_id)
        due = before.next_run_at
        if paused:
            due = None
        elif due is None:
            due = self._now()
        elif every_minutes != before.every_minutes:
            due = min(due, self._now() + timedelta(minutes=every_minutes))
        self._repository.change_source(
            tenant_id, source_id, every_minutes=every_minutes, publishes=publishes, next_run_at=due
        )
        changed = self._repository.get_source(tenant_id, source_id)
        self._record("source-changed", account, changed)
        return changed

    def remove_source(self, account: Account, tenant_id: str, source_id: str) -> None:
        """Read it no more; its documents stay. Raises NotFoundError."""
        require_admin(account, tenant_id)
        source = self._repository.get_source(tenant_id, source_id)
        self._repository.delete_source(tenant_id, source_id)
        self._record("source-removed", account, source)

    def read_now(self, account: Account, tenant_id: str, source_id: str) -> Job:
        """Start a reading at once. Raises NotFoundError, ConflictError when one runs."""
        require_admin(account, tenant_id)
        source = self._repository.get_source(tenant_id, source_id)
        job = None if self._is_read(source) else self._start(source, account.username)
        if job is None:
            raise ConflictError(
                "This source is being read already.",
                code="source-being-read",
                remedy="Wait until that reading is done; it sees what is there now.",
            )
        self._record("source-read", account, source)
        return job

    def submit_due(self) -> list[Job]:
        """Start a reading of every source that is due; each is started once, however many workers call this."""
        started = []
        for source in self._repository.due_sources(self._now()):
            try:
                if self._is_read(source):
                    self._repository.claim(source, self._next(source))  # the next time is soon enough
                    continue
                job = self._start(source, source.created_by)
            except AppError as error:  # one source must not keep the others from being read
                _log.warning("source not started", source=source.id, code=error.code)
                continue
            if job is not None:
                started.append(job)
        return started

    def _start(self, source: KnowledgeSource, username: str) -> Job | None:
        if not self._repository.claim(source, self._next(source) if source.next_run_at is not None else None):
            return None
        try:
            job = self._jobs.submit(
                READ_SOURCE,
                source.tenant_id,
                username,
                f"Read {source.place}",
                [NewItem(source.place, {"source": source.id})],
                {"source": source.id},
            )
        except AppError:
            # It stays due: the next look at the schedule tries again.
            self._repository.claim(self._repository.get_source(source.tenant_id, source.id), source.next_run_at)
            raise
        self._repository.set_job(source.tenant_id, source.id, job.id)
        return job

    def _next(self, source: KnowledgeSource) -> datetime:
        return self._now() + timedelta(minutes=source.every_minutes)

    def _is_read(self, source: KnowledgeSource) -> bool:
        if source.job_id is None:
            return False
        try:
            return self._jobs.get(source.tenant_id, source.job_id).status.live
        except NotFoundError:
            return False

    def _record(self, action: str, account: Account, source: KnowledgeSource) -> None:
        self._audit.record(
            action,
            username=account.username,
            tenant_id=source.tenant_id,
            subject=source.place,
            every_minutes=source.every_minutes,
            publishes=source.publishes,
        )


def _check_interval(minutes: int) -> None:
    if not SHORTEST_MINUTES <= minutes <= MOST_MINUTES:
        raise InputError(
            f"A source is read every {SHORTEST_MINUTES} minutes to 30 days.",
            code="invalid-interval",
            remedy="Choose an interval between the two.",
        )
