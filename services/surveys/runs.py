"""Runs: estimated, started with what they learn from, looked at, stopped, and run again for what failed."""

from __future__ import annotations

import contextlib
import statistics
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from services.access.models import Account
from services.errors import ConflictError, InputError, NotFoundError
from services.jobs.models import ItemStatus, Job, JobStatus
from services.jobs.service import JobService
from services.ports.files import FileStore
from services.ports.surveys import SurveyRepository
from services.privacy.audit import AuditTrail
from services.surveys.findings import RunFindings
from services.surveys.findings_files import decode_findings
from services.surveys.models import Example, Taxonomy
from services.surveys.permissions import require_analyst
from services.surveys.run_backends import ForgetCalls, SurveyBackends, calls_of_run
from services.surveys.run_chunks import chunk_items
from services.surveys.run_files import RunFiles
from services.surveys.run_job import ANALYZE_SURVEY, RunTexts, all_items, joined_parts, merge_parts, run_version
from services.surveys.run_models import RunEstimate, RunOptions, StepTrace, SurveyRun
from services.surveys.run_traces import RunTraces
from services.surveys.run_views import BackendChoice, RunFacts, RunState, added_facts
from services.surveys.taxonomy_checks import check_taxonomy
from services.surveys.taxonomy_models import TaxonomyVersion

# What people corrected in the responses to a question, as examples: tenant, survey, question and taxonomy.
CorrectionExamples = Callable[[str, str, str, str], tuple[Example, ...]]

_RUNS_LEARNED_FROM = 3
_DEFAULT_PLACES = 2
_FACTS_KEPT = 500


class SurveyRuns:
    """Starts and shows runs. What reads takes the tenant; what changes something wants an analyst of it.

    Args:
        texts: Shared with what analyzes in this process.
        corrections: See :data:`CorrectionExamples`.
        forget_calls: What was paid for a run is forgotten with it.
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: SurveyRepository,
        files: FileStore,
        texts: RunTexts,
        backends: SurveyBackends,
        jobs: JobService,
        audit: AuditTrail,
        corrections: CorrectionExamples,
        *,
        forget_calls: ForgetCalls = lambda _tenant_id, _owner_prefix: None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._repository = repository
        self._files = files
        self._texts = texts
        self._backends = backends
        self._jobs = jobs
        self._audit = audit
        self._corrections = corrections
        self._forget_calls = forget_calls
        self._now = now or (lambda: datetime.now(UTC))
        self._traces = RunTraces(texts, files, backends)
        self._added: dict[tuple[str, int], RunFacts] = {}

    def backends(self) -> tuple[BackendChoice, ...]:
        """What runs may use, the default of the settings first."""
        return self._backends.choices()

    def estimate(
        self, tenant_id: str, survey_id: str, question: str, taxonomy_id: str, options: RunOptions
    ) -> RunEstimate:
        """What a run would take; nothing is sent anywhere.

        Raises:
            NotFoundError: ``survey-missing`` or ``taxonomy-missing``.
            InputError: ``unknown-column``, or the taxonomy cannot be used.
            ConfigurationError: ``unknown-backend``.
        """
        texts = self._texts.of_question(tenant_id, survey_id, question)
        _, taxonomy, _ = self._learned(tenant_id, survey_id, question, taxonomy_id, options)
        analyzer = self._backends.analyzer(options.backend, tenant_id, "estimate")
        estimate = analyzer.estimate(texts.texts.to_pylist(), taxonomy)
        count = len(texts.texts)
        workers = self._jobs.workers()
        places = sum(worker.concurrency for worker in workers) or _DEFAULT_PLACES
        at_once = max(min(places, len(chunk_items(analyzer.chunk_texts, count))), 1)
        seconds = self._seconds_of_earlier(tenant_id, run_version(analyzer), count) or estimate.seconds
        warnings = estimate.warnings
        if not workers:
            warnings = (*warnings, "No worker runs at the moment: the run waits until one does.")
        return replace(
            estimate,
            response_count=len(texts.of_row),
            distinct_count=count,
            seconds=None if seconds is None else seconds / at_once,
            warnings=warnings,
        )

    def start(
        self,
        account: Account,
        tenant_id: str,
        survey_id: str,
        question: str,
        taxonomy_id: str,
        options: RunOptions,
        title: str = "",
    ) -> SurveyRun:
        """Keep what the run learns from, and let the workers begin.

        Raises:
            AccessError
            NotFoundError, InputError, ConfigurationError: as :meth:`estimate`.
            BackendUnavailableError: database or storage did not answer; nothing was started.
        """
        require_analyst(account, tenant_id)
        survey = self._repository.get_survey(tenant_id, survey_id)
        texts = self._texts.of_question(tenant_id, survey_id, question)
        version, taxonomy, corrected = self._learned(tenant_id, survey_id, question, taxonomy_id, options)
        analyzer = self._backends.analyzer(options.backend, tenant_id, "start")
        count = len(texts.texts)
        if not count:
            raise InputError("The survey has no rows.", code="no-rows", remedy="Load a file with responses.")
        run = SurveyRun(
            id=uuid.uuid4().hex,
            tenant_id=tenant_id,
            survey_id=survey_id,
            question=question,
            taxonomy_id=taxonomy_id,
            taxonomy_version=version.number,
            options=options,
            backend_version=run_version(analyzer),
            job_id=uuid.uuid4().hex,
            username=account.username,
            created_at=self._now(),
            response_count=len(texts.of_row),
            distinct_count=count,
            example_count=len(taxonomy.examples),
            correction_count=corrected,
            title=title.strip(),
        )
        RunFiles(self._files, run).write_taxonomy(taxonomy)
        # The run stands before its job does: work that costs money is never without a run that shows it.
        self._repository.insert_run(run)
        arguments = {"run_id": run.id, "survey_id": survey_id, "backend": options.backend}
        try:
            self._jobs.submit(
                ANALYZE_SURVEY,
                tenant_id,
                account.username,
                f"{survey.title}: {question}",
                chunk_items(analyzer.chunk_texts, count),
                arguments,
                job_id=run.job_id,
            )
        except Exception:
            with contextlib.suppress(Exception):
                self._forget(run)
            raise
        self._audit.record(
            "survey-run-started",
            username=account.username,
            tenant_id=tenant_id,
            subject=run.id,
            responses=run.response_count,
            backend=options.backend,
        )
        return run

    def get(self, tenant_id: str, run_id: str) -> SurveyRun:
        """Raises NotFoundError ``run-missing``."""
        return self._repository.get_run(tenant_id, run_id)

    def state(self, tenant_id: str, run_id: str) -> RunState:
        """A run with how far it is. Raises NotFoundError ``run-missing``."""
        return self._state(self.get(tenant_id, run_id))

    def seconds_left(self, state: RunState) -> float | None:
        """About how long it will still take; see :meth:`services.jobs.service.JobService.seconds_left`."""
        return self._jobs.seconds_left(state.job)

    def cancel(self, account: Account, tenant_id: str, run_id: str) -> Job:
        """Stop what has not begun; what is done can be looked at. Raises ConflictError when it has ended."""
        return self._steered(account, tenant_id, run_id, "canceled", self._jobs.cancel)

    def pause(self, account: Account, tenant_id: str, run_id: str) -> Job:
        """Begin nothing more until somebody resumes it. Raises ConflictError when it has ended."""
        return self._steered(account, tenant_id, run_id, "paused", self._jobs.pause)

    def resume(self, account: Account, tenant_id: str, run_id: str) -> Job:
        """Go on where it was paused. Raises ConflictError when it has ended."""
        return self._steered(account, tenant_id, run_id, "resumed", self._jobs.resume)

    def retry(self, account: Account, tenant_id: str, run_id: str) -> Job:
        """Analyze the chunks that failed. Raises ConflictError when none did, or the run has not ended."""
        return self._steered(account, tenant_id, run_id, "retried", self._jobs.retry_failed)

    def delete(self, account: Account, tenant_id: str, run_id: str) -> None:
        """Forget a run with its findings; what runs of it is stopped. Raises AccessError, NotFoundError."""
        require_analyst(account, tenant_id)
        run = self.get(tenant_id, run_id)
        with contextlib.suppress(ConflictError, NotFoundError):
            self._jobs.cancel(tenant_id, run.job_id)
        self._forget(run)
        self._audit.record("survey-run-deleted", username=account.username, tenant_id=tenant_id, subject=run_id)

    def taxonomy_of(self, tenant_id: str, run_id: str) -> Taxonomy:
        """The topics and examples that the run learned from, corrections included. Raises NotFoundError."""
        return self._texts.taxonomy_of(self.get(tenant_id, run_id))

    def findings(self, tenant_id: str, run_id: str) -> RunFindings:
        """What a run found that ended, as far as it came; while what failed is retried, what was found before.

        They are the same for a run and its job's round and status: :attr:`services.jobs.models.Job.round` goes up with
        a retry.

        Raises:
            NotFoundError: ``run-missing``.
            ConflictError: ``run-not-finished``: it has not ended for the first time, or nothing came of it.
        """
        run = self.get(tenant_id, run_id)
        job = self._job_of(run)
        has_ended = job.status in {JobStatus.DONE, JobStatus.CANCELED}
        is_retried = job.status.live and job.round > 1 and job.counts[ItemStatus.DONE] > 0
        if job.status is JobStatus.DONE or is_retried:
            data = RunFiles(self._files, run).read_findings()
            findings = None if data is None else decode_findings(data, self._texts.of_run(run).of_row)
            if findings is not None and findings.overall.any():
                return findings
        if is_retried or (job.counts[ItemStatus.DONE] and not job.status.live):
            # What is still worked on, or can be retried, may bring more: the run itself keeps that when it ends.
            join = merge_parts if has_ended else joined_parts
            findings = join(run, list(all_items(self._jobs, job)), self._texts, self._files)
            if findings.overall.any():
                return findings
        raise ConflictError(
            "There is nothing to look at yet." if job.status.live else "Nothing came of this run.",
            code="run-not-finished",
            remedy="Wait until the run has ended." if job.status.live else "Retry it, or start another one.",
        )

    def traces(self, tenant_id: str, run_id: str, response_id: str) -> tuple[StepTrace, ...]:
        """What each step was given and made for one response.

        Kept for backends with a model; computed anew for the local one.

        Raises:
            NotFoundError: ``run-missing``, or ``response-missing``.
            BackendError: it could not be computed.
        """
        run = self.get(tenant_id, run_id)
        return self._traces.of_response(run, response_id, list(all_items(self._jobs, self._job_of(run))))

    def _learned(
        self, tenant_id: str, survey_id: str, question: str, taxonomy_id: str, options: RunOptions
    ) -> tuple[TaxonomyVersion, Taxonomy, int]:
        """The newest version, what a run would learn from, and how many corrections are in it."""
        version = self._repository.get_version(tenant_id, taxonomy_id)
        taxonomy = version.taxonomy
        corrections: tuple[Example, ...] = ()
        if options.use_corrections:
            known = {topic.id for topic in taxonomy.topics}
            found = self._corrections(tenant_id, survey_id, question, taxonomy_id)
            # A topic may have been removed since somebody gave it.
            corrections = tuple(one for one in found if known.issuperset(one.topic_ids))
            newer = {one.text for one in corrections}
            taxonomy = replace(
                taxonomy, examples=(*(one for one in taxonomy.examples if one.text not in newer), *corrections)
            )
        check_taxonomy(taxonomy)
        return version, taxonomy, len(corrections)

    def _seconds_of_earlier(self, tenant_id: str, version: str, text_count: int) -> float | None:
        """The work on so many texts, judged by the newest runs that went the same way."""
        seconds: list[float] = []
        for run in self._repository.list_runs(tenant_id):
            if run.backend_version != version or len(seconds) == _RUNS_LEARNED_FROM:
                continue
            with contextlib.suppress(NotFoundError):
                facts = self._state(run).facts
                if facts is not None and facts.texts and facts.seconds and not facts.reused_calls:
                    seconds.append(facts.seconds / facts.texts)
        return statistics.median(seconds) * text_count if seconds else None

    def _steered(
        self, account: Account, tenant_id: str, run_id: str, what: str, steer: Callable[[str, str], Job]
    ) -> Job:
        require_analyst(account, tenant_id)
        job = steer(tenant_id, self.get(tenant_id, run_id).job_id)
        self._audit.record(f"survey-run-{what}", username=account.username, tenant_id=tenant_id, subject=run_id)
        return job

    def _state(self, run: SurveyRun) -> RunState:
        job = self._job_of(run)
        if job.status is JobStatus.DONE and job.result:
            return RunState(run, job, RunFacts.from_values(job.result))
        if job.status.live or not job.item_count:
            return RunState(run, job)
        key = job.id, job.round
        facts = self._added.get(key)
        if facts is None:
            facts = added_facts(all_items(self._jobs, job), run.distinct_count, job.round)
            if len(self._added) >= _FACTS_KEPT:
                self._added.clear()
            self._added[key] = facts  # nothing of an ended round changes any more
        return RunState(run, job, facts)

    def _job_of(self, run: SurveyRun) -> Job:
        try:
            return self._jobs.get(run.tenant_id, run.job_id)
        except NotFoundError:
            return never_started(run)

    def list(self, tenant_id: str, survey_id: str) -> list[RunState]:
        """The runs of a survey, newest first."""
        return [self._state(run) for run in self._repository.list_runs(tenant_id, survey_id=survey_id)]

    def _forget(self, run: SurveyRun) -> None:
        self._repository.delete_run(run.tenant_id, run.id)
        self._forget_calls(run.tenant_id, calls_of_run(run.id))
        RunFiles(self._files, run).delete()


def never_started(run: SurveyRun) -> Job:
    """What stands for the job of a run whose start was cut off by a crash: nothing of it was worked on."""
    return Job(
        id=run.job_id,
        kind=ANALYZE_SURVEY,
        tenant_id=run.tenant_id,
        username=run.username,
        title=run.title,
        arguments={},
        created_at=run.created_at,
        status=JobStatus.FAILED,
        error_code="run-not-started",
        cause="The start of this run was cut off.",
        remedy="Delete it and start another one.",
    )
