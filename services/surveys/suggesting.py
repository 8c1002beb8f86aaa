"""Topics that the responses to a question suggest, found in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from services.access.models import Account
from services.errors import ConflictError, InputError, NotFoundError
from services.jobs.models import Job, JobItem, JobStatus
from services.jobs.service import JobService
from services.ports.files import FileStore
from services.ports.jobs import StageListener
from services.ports.model_calls import attributed
from services.ports.surveys import SurveyRepository, TopicSuggester
from services.privacy.audit import AuditTrail
from services.surveys.distinct_texts import distinct_texts
from services.surveys.models import Response
from services.surveys.naming import NamedTopics, TopicNamer
from services.surveys.permissions import require_analyst
from services.surveys.prepared import PreparedSurvey
from services.surveys.purpose import PURPOSE
from services.surveys.run_backends import ForgetCalls
from services.surveys.suggestion_files import (
    TopicSuggestions,
    suggestions_file,
    suggestions_from_json,
    suggestions_to_json,
)
from services.surveys.suggestions import SuggestedTopic
from services.surveys.taxonomies import resolution
from services.surveys.taxonomy_impact import LoadFindings

SUGGEST_TOPICS = "suggest-topics"
MOST_TEXTS = 20_000
"""More different responses add no topic worth having; so many are drawn, always the same ones."""

MOST_ROWS = 60_000
FEWEST_TOPICS, MOST_TOPICS = 2, 200
_GROUPING_SHARE = 0.8

# Makes what names topics, for a tenant and for who makes the calls, the same after a crash.
NamerFactory = Callable[[str, str], TopicNamer]


class OpenSurvey(Protocol):
    """Opens a survey's rows. Raises NotFoundError."""

    def __call__(self, tenant_id: str, survey_id: str) -> PreparedSurvey: ...


class SuggestionService:
    """Starts suggestions and reads them."""

    def __init__(
        self,
        repository: SurveyRepository,
        files: FileStore,
        jobs: JobService,
        audit: AuditTrail,
    ) -> None:
        self._repository = repository
        self._files = files
        self._jobs = jobs
        self._audit = audit

    def start(
        self,
        account: Account,
        tenant_id: str,
        survey_id: str,
        question: str,
        count: int | None = None,
        within: tuple[str, str] | None = None,
    ) -> Job:
        """Let a worker look for topics; returns at once.

        Args:
            count: About how many; None lets the responses decide.
            within: A finished run of the question and one of its topics: only the responses that it gave this topic
                are read, to split it.

        Raises:
            AccessError
            NotFoundError: ``survey-missing`` or ``run-missing``.
            InputError: ``unknown-column``, ``bad-topic-count`` or ``other-question``.
        """
        require_analyst(account, tenant_id)
        survey = self._repository.get_survey(tenant_id, survey_id)
        if question not in survey.facts.columns.texts:
            raise InputError(
                f"The survey has no question “{question}”.",
                code="unknown-column",
                remedy="Pick one of the questions that were kept when the survey was loaded.",
            )
        if count is not None and not FEWEST_TOPICS <= count <= MOST_TOPICS:
            raise InputError(
                f"{count} topics cannot be suggested.",
                code="bad-topic-count",
                remedy=f"Ask for {FEWEST_TOPICS} to {MOST_TOPICS}, or let the responses decide.",
            )
        arguments: dict[str, Any] = {"survey_id": survey_id, "question": question, "count": count}
        if within is not None:
            run = self._repository.get_run(tenant_id, within[0])
            if (run.survey_id, run.question) != (survey_id, question):
                raise InputError(
                    "The run is about another question.",
                    code="other-question",
                    remedy="Choose a run of the question whose topic is to be split.",
                )
            arguments |= {"run_id": run.id, "topic_id": within[1]}
        job = self._jobs.submit(
            SUGGEST_TOPICS, tenant_id, account.username, f"Suggest topics: {survey.title}", (), arguments
        )
        self._audit.record(
            "topics-suggested", username=account.username, tenant_id=tenant_id, subject=survey_id, job=job.id
        )
        return job

    def read(self, tenant_id: str, job_id: str) -> tuple[SuggestedTopic, ...]:
        """The topics that a job suggested. Raises as :meth:`read_all`."""
        return self.read_all(tenant_id, job_id).topics

    def read_all(self, tenant_id: str, job_id: str) -> TopicSuggestions:
        """What a job suggested, with what there is to know about it.

        Raises:
            NotFoundError: there is no such job of the tenant, or the survey was deleted.
            ConflictError: ``suggestions-not-ready``: it has not ended, or it brought nothing.
        """
        job = self._jobs.get(tenant_id, job_id)
        if job.kind != SUGGEST_TOPICS:
            raise NotFoundError("There are no such suggestions.", code="suggestions-missing")
        if job.status is not JobStatus.DONE:
            live = job.status.live
            raise ConflictError(
                "The topics are still being looked for." if live else "No topics were found.",
                code="suggestions-not-ready",
                remedy="Wait until it is done." if live else job.remedy or "Start again.",
            )
        return suggestions_from_json(self._files.read(suggestions_file(job)))

    def latest(self, tenant_id: str, survey_id: str, question: str) -> Job | None:
        """The newest job that looks, or looked, for topics of a whole question; None when there is none."""
        for job in self._jobs.list_jobs(tenant_id, SUGGEST_TOPICS, limit=100):
            same = (job.arguments.get("survey_id"), job.arguments.get("question")) == (survey_id, question)
            if same and "run_id" not in job.arguments:
                return job
        return None


class SuggestTopicsKind:
    """The job: it has no items, its finish does the work.

    Args:
        open_survey: See :class:`OpenSurvey`.
        load_findings: The findings of a run, for splitting a topic.
        namer: Names topics by a language model; None leaves them their own words.
        forget_calls: What was paid for names is forgotten with the survey.
    """

    kind = SUGGEST_TOPICS
    purpose = "surveys"

    def __init__(
        self,
        repository: SurveyRepository,
        files: FileStore,
        open_survey: OpenSurvey,
        load_findings: LoadFindings,
        suggester: TopicSuggester,
        namer: NamerFactory | None = None,
        *,
        forget_calls: ForgetCalls = lambda _tenant_id, _owner_prefix: None,
    ) -> None:
        self._forget_calls = forget_calls
        self._repository = repository
        self._files = files
        self._open_survey = open_survey
        self._load_findings = load_findings
        self._suggester = suggester
        self._namer = namer

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        raise ValueError("this kind of job has no items")

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        arguments = job.arguments
        report("reading responses", 0.0)
        survey = self._open_survey(job.tenant_id, arguments["survey_id"])
        wanted = self._texts_of_topic(job) if "run_id" in arguments else None
        responses, response_count = drawn_responses(survey, arguments["question"], wanted)
        share = _GROUPING_SHARE if self._namer is not None else 1.0
        topics = self._suggester.suggest(
            responses,
            arguments["count"],
            lambda done, total: report("grouping responses", share * done / max(1, total)),
        )
        named = NamedTopics(tuple(topics))
        if self._namer is not None:
            report("naming topics", share)
            with attributed(tenant_id=job.tenant_id, username=job.username, purpose=PURPOSE):
                named = self._namer(job.tenant_id, job.id).name(
                    topics,
                    lambda done, total: report("naming topics", share + (1 - share) * done / max(1, total)),
                )
        found = TopicSuggestions(named.topics, len(responses), response_count, named.model, named.notes)
        try:
            self._repository.get_survey(job.tenant_id, arguments["survey_id"])
        except NotFoundError:  # a survey that was deleted meanwhile must leave nothing behind
            self._forget_calls(job.tenant_id, job.id)
            raise
        self._files.write(suggestions_file(job), suggestions_to_json(found))
        return {
            "topics": len(found.topics),
            "read": found.read_count,
            "responses": found.response_count,
            "model": found.model,
            "notes": list(found.notes),
        }

    def _texts_of_topic(self, job: Job) -> NDArray[np.bool_]:
        """Which different texts of the question a run gave a topic.

        Raises:
            InputError: ``unknown-topic``.
        """
        run = self._repository.get_run(job.tenant_id, job.arguments["run_id"])
        findings = self._load_findings(run)
        now = resolution(self._repository.list_versions(job.tenant_id, run.taxonomy_id), run.taxonomy_version)
        topic_id = job.arguments["topic_id"]
        # What was merged into the topic since the run belongs to it.
        places = [place for place, own in enumerate(findings.topic_ids) if topic_id in {own, now.get(own)}]
        if not places:
            raise InputError(
                "The run does not have this topic.",
                code="unknown-topic",
                remedy="Run the survey with the newest topics, then split the topic.",
            )
        texts = np.repeat(np.arange(findings.text_count), np.diff(findings.offsets))
        wanted = np.zeros(findings.text_count, bool)
        wanted[texts[np.isin(findings.topics, places)]] = True
        return wanted


def drawn_responses(
    survey: PreparedSurvey, question: str, wanted: NDArray[np.bool_] | None = None
) -> tuple[list[Response], int]:
    """The responses that are read for suggestions, in the survey's order, and how many there are to read from.

    At most ``MOST_TEXTS`` different ones; repeated ones come as often as they stand in the survey, up to ``MOST_ROWS``
    rows. The same survey gives the same responses.

    Args:
        wanted: Which of the different texts, in the order of :func:`distinct_texts`; all when None.
    """
    distinct = distinct_texts(survey, question)
    usable = np.array([bool(text.strip()) for text in distinct.texts.to_pylist()], bool)
    if wanted is not None:
        usable &= wanted
    response_count = int(usable[distinct.of_row].sum())
    # Drawn, not every n-th: exports repeat with a period.
    chance = np.random.default_rng(0)
    texts = np.flatnonzero(usable)
    if len(texts) > MOST_TEXTS:
        texts = chance.choice(texts, MOST_TEXTS, replace=False)
    drawn = np.zeros(len(usable), bool)
    drawn[texts] = True
    rows = np.flatnonzero(drawn[distinct.of_row])
    if len(rows) > MOST_ROWS:
        rows = np.sort(chance.choice(rows, MOST_ROWS, replace=False))
    ids = survey.ids().take(pa.array(rows)).to_pylist()
    chosen = distinct.texts.take(pa.array(distinct.of_row[rows])).to_pylist()
    return [Response(response_id, text) for response_id, text in zip(ids, chosen, strict=True)], response_count
