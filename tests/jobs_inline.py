"""Background jobs without workers: everything that is submitted has run when ``submit`` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.bootstrap import Services, build_image_batches
from services.jobs.models import JobRound
from services.jobs.running import JobRunner
from services.jobs.service import JobService
from services.knowledge.ingestion import IngestionService
from services.knowledge.sources import SourceService
from services.ports.jobs import JobKind, JobRuns
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from services.storage.source_places import RootedSourcePlaces
from services.storage.sources import SqlSources
from services.surveys.assembly import assemble_surveys

WORKER_ID = "inline"


class InlineJobQueue:
    """Runs a round at once, in the thread of the caller.

    Attributes:
        paused: While True, rounds wait; :meth:`run_waiting` runs them.
    """

    def __init__(self, runs: JobRuns, kinds: Mapping[str, JobKind]) -> None:
        self._runs = runs
        self._runner = JobRunner(runs, kinds, WORKER_ID)
        self._waiting: list[JobRound] = []
        self.paused = False

    def enqueue(self, job_round: JobRound) -> None:
        self._waiting.append(job_round)
        if not self.paused:
            self.run_waiting()

    def cancel(self, job_round: JobRound, positions: Sequence[int]) -> None:
        """The rows say it already."""

    def run_waiting(self) -> None:
        """Run every round that waits."""
        while self._waiting:
            job_round = self._waiting.pop(0)
            # An item whose error may pass is queued again; here nobody waits for its next try.
            while positions := self._runs.queued_positions(job_round):
                for position in positions:
                    self._runner.run_item(job_round, position)
            self._runs.mark_dispatched(job_round)
            if self._runs.finish_is_due(job_round):
                self._runner.run_finish(job_round)


def with_inline_jobs(services: Services, kinds: Mapping[str, JobKind] | None = None) -> tuple[Services, InlineJobQueue]:
    """The same services, whose jobs run at once; ``kinds`` replaces the kinds that they know."""
    known = services.job_kinds if kinds is None else kinds
    queue = InlineJobQueue(SqlJobRuns(services.database), known)
    jobs = JobService(SqlJobRepository(services.database), queue, SqlWorkerRegistry(services.database), known)
    settings = services.settings
    ingestion = IngestionService(
        services.files,
        jobs,
        services.audit,
        max_file_bytes=settings.max_file_bytes,
        max_archive_bytes=settings.max_archive_bytes,
    )
    places = RootedSourcePlaces(settings.source_roots, settings.home, settings.resolved_storage_root)
    sources = SourceService(SqlSources(services.database), places, jobs, services.audit)
    image_batches = build_image_batches(settings, services.image_workshop, jobs, services.audit)
    inline = replace(
        services,
        jobs=jobs,
        job_kinds=known,
        ingestion=ingestion,
        sources=sources,
        image_batches=image_batches,
        surveys=assemble_surveys(services.survey_ports, jobs, services.audit),
    )
    return inline, queue
