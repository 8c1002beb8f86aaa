"""Suggestions in the background: who may ask, what is read, what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.access.models import Account, Tenant
from services.errors import AccessError, ConflictError, InputError, NotFoundError
from services.jobs.kinds import LazyJobKinds
from services.jobs.models import Job, JobStatus
from services.jobs.service import JobService
from services.ports.surveys import AnalysisListener
from services.privacy.audit import AuditTrail
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from services.surveys import suggesting
from services.surveys.findings import RunFindings
from services.surveys.models import Response, Taxonomy, Topic
from services.surveys.naming import TopicNamer
from services.surveys.prepared import PreparedSurvey
from services.surveys.suggesting import SuggestionService, SuggestTopicsKind, drawn_responses
from services.surveys.suggestion_files import TopicSuggestions, suggestions_from_json, suggestions_to_json
from services.surveys.suggestions import SuggestedTopic
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import TaxonomyVersion
from tests.contract.survey_samples import OTHER_TENANT, START, TENANT, new_run
from tests.fakes import FakeAuditRepository, FakeClock, FakeFiles
from tests.jobs_inline import InlineJobQueue
from tests.survey_fakes import FakeSurveyRepository
from tests.survey_run_fakes import QUESTION, survey_of
from tests.unit.surveys.taxonomy.taxonomy_desk import MIA, NIA, STRANGER, findings_of
from tests.unit.surveys.taxonomy.test_naming import Model

TEXTS = ["The line was long", "n/a", "The line was long", "", "My coffee was cold", "Cold again", "The line was long"]


class FirstWords:
    """TopicSuggester that makes one topic of every first word.

    Attributes:
        asked: The responses and the count of every call.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[list[Response], int | None]] = []

    def suggest(
        self, responses: Sequence[Response], count: int | None = None, on_progress: AnalysisListener | None = None
    ) -> list[SuggestedTopic]:
        self.asked.append((list(responses), count))
        if len(responses) < 2:
            raise InputError("Too little.", code="too-few-responses", remedy="Add responses.")
        groups: dict[str, list[Response]] = {}
        for response in responses:
            groups.setdefault(response.text.split()[0].casefold(), []).append(response)
        if on_progress is not None:
            on_progress(len(responses), len(responses))
        return [
            SuggestedTopic(Topic(word, word.title(), "", (word,)), len(own), tuple(own[:2]))
            for word, own in sorted(groups.items(), key=lambda pair: -len(pair[1]))
        ]


class SuggestionDesk:
    """The service and its job, which has run when ``start`` returns unless the queue is paused.

    Attributes:
        namer: The model that names topics; None for none.
    """

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder / 'frontline.sqlite3'}")
        self.database.migrate()
        for tenant_id in (TENANT, OTHER_TENANT):
            SqlAccountRepository(self.database).insert_tenant(Tenant(tenant_id, tenant_id.title()), START)
        self.files, self.repository, self.events = FakeFiles(), FakeSurveyRepository(), FakeAuditRepository()
        self.suggester = FirstWords()
        self.namer: Model | None = None
        self.findings: dict[str, RunFindings] = {}
        self.prepared = survey_of(self.files, "surveys/pharmacy/s1/survey.parquet", TEXTS)
        self.repository.insert_survey(
            Survey("s1", TENANT, "nia", "Visitors", START, "surveys/pharmacy/s1/survey.parquet", self.prepared.facts)
        )
        kinds = LazyJobKinds({suggesting.SUGGEST_TOPICS: self._kind})
        self.queue = InlineJobQueue(SqlJobRuns(self.database), kinds)
        clock = FakeClock()
        jobs = SqlJobRepository(self.database)
        self.jobs = JobService(jobs, self.queue, SqlWorkerRegistry(self.database), kinds, now=clock)
        self.service = SuggestionService(self.repository, self.files, self.jobs, AuditTrail(self.events, now=clock))

    def start(self, **changes: Any) -> Job:
        arguments: dict[str, Any] = {"account": NIA, "tenant_id": TENANT, "survey_id": "s1", "question": QUESTION}
        return self.jobs.get(TENANT, self.service.start(**(arguments | changes)).id)

    def add_run(self, topics: Sequence[Sequence[str]]) -> None:
        """Run ``r1`` with topics ``a`` and ``b``, which are one topic ``b`` by now."""
        taxonomy = Taxonomy((Topic("a", "A"), Topic("b", "B")))
        first = TaxonomyVersion("t1", 1, taxonomy, "", "nia", START)
        self.repository.insert_taxonomy(TENANT, "Shop", first)
        merged = replace(first, number=2, taxonomy=Taxonomy((Topic("b", "B"),)), moved={"a": "b"})
        self.repository.insert_version(TENANT, merged)
        self.repository.insert_run(new_run(question=QUESTION))
        self.findings["r1"] = findings_of("ab", [0, 1, 0, 2, 3, 4, 0], topics)

    def _kind(self) -> SuggestTopicsKind:
        model = self.namer
        return SuggestTopicsKind(
            self.repository,
            self.files,
            self._open,
            lambda run: self.findings[run.id],
            self.suggester,
            None if model is None else lambda _tenant_id, _owner: TopicNamer(model),
        )

    def _open(self, tenant_id: str, survey_id: str) -> PreparedSurvey:
        self.repository.get_survey(tenant_id, survey_id)
        return self.prepared


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SuggestionDesk]:
    made = SuggestionDesk(tmp_path)
    yield made
    made.database.close()


def test_topics_are_suggested_kept_and_read(desk: SuggestionDesk) -> None:
    job = desk.start(count=3)
    assert job.status is JobStatus.DONE
    topics = desk.service.read(TENANT, job.id)
    assert [(one.topic.id, one.response_count) for one in topics] == [("the", 3), ("n/a", 1), ("my", 1), ("cold", 1)]
    assert topics[0].representative[0].text == "The line was long"
    assert job.result == {"topics": 4, "read": 6, "responses": 6, "model": "", "notes": []}
    assert desk.suggester.asked[0][1] == 3
    assert desk.events.actions() == ["topics-suggested"]
    assert "line" not in str(desk.events.events)


def test_latest_suggestions_of_a_question_are_found_again(desk: SuggestionDesk) -> None:
    assert desk.service.latest(TENANT, "s1", QUESTION) is None
    job = desk.start()
    desk.add_run([["a"], [], [], ["a"], ["a"]])
    desk.start(within=("r1", "a"))
    latest = desk.service.latest(TENANT, "s1", QUESTION)
    assert latest is not None
    assert latest.id == job.id
    assert desk.service.latest(TENANT, "s2", QUESTION) is None


def test_model_names_the_topics_where_there_is_one(desk: SuggestionDesk) -> None:
    desk.namer = Model()
    job = desk.start()
    found = desk.service.read_all(TENANT, job.id)
    assert found.topics[0].topic.name == "About the"
    assert (found.model, found.notes) == ("writer-1", ())
    assert job.result["model"] == "writer-1"


def test_model_that_fails_leaves_suggestions_with_a_note(desk: SuggestionDesk) -> None:
    desk.namer = Model(lambda request: "no")
    job = desk.start()
    assert job.status is JobStatus.DONE
    found = desk.service.read_all(TENANT, job.id)
    assert found.topics[0].topic.name == "The"
    assert len(found.notes) == len(job.result["notes"]) == 4


def test_only_responses_of_a_topic_are_read_to_split_it(desk: SuggestionDesk) -> None:
    desk.add_run([["a"], [], [], ["b"], ["a", "b"]])
    assert desk.start(within=("r1", "a")).result["responses"] == 4
    assert [one.text for one in desk.suggester.asked[-1][0]] == [TEXTS[0], TEXTS[2], "Cold again", TEXTS[6]]
    # Topic b has taken a in since the run.
    assert desk.start(within=("r1", "b")).result["responses"] == 5


def test_topic_that_the_run_does_not_have_fails_the_job_in_words(desk: SuggestionDesk) -> None:
    desk.add_run([["a"], [], [], ["b"], []])
    job = desk.start(within=("r1", "new"))
    assert (job.status, job.error_code, bool(job.remedy)) == (JobStatus.FAILED, "unknown-topic", True)


def test_too_few_responses_fail_the_job_in_words(desk: SuggestionDesk) -> None:
    desk.add_run([[], [], [], ["b"], []])
    job = desk.start(within=("r1", "b"))
    assert (job.status, job.error_code) == (JobStatus.FAILED, "too-few-responses")
    with pytest.raises(ConflictError) as caught:
        desk.service.read(TENANT, job.id)
    assert caught.value.remedy == "Add responses."


def test_suggestions_that_are_not_there_yet_are_said(desk: SuggestionDesk) -> None:
    desk.queue.paused = True
    job = desk.start()
    with pytest.raises(ConflictError) as caught:
        desk.service.read(TENANT, job.id)
    assert caught.value.code == "suggestions-not-ready"
    desk.queue.run_waiting()
    assert desk.service.read(TENANT, job.id)


def test_survey_that_was_deleted_meanwhile_leaves_nothing_behind(desk: SuggestionDesk) -> None:
    desk.queue.paused = True
    job = desk.start()
    desk.repository.delete_survey(TENANT, "s1")
    desk.queue.run_waiting()
    assert desk.jobs.get(TENANT, job.id).status is JobStatus.FAILED
    assert not any("suggestions" in name for name in desk.files.files)


def test_suggestions_of_another_tenant_are_not_found(desk: SuggestionDesk) -> None:
    job = desk.start()
    with pytest.raises(NotFoundError):
        desk.service.read(OTHER_TENANT, job.id)


@pytest.mark.parametrize("account", [MIA, STRANGER], ids=["another role", "another tenant"])
def test_only_analysts_of_the_tenant_start_suggestions(desk: SuggestionDesk, account: Account) -> None:
    with pytest.raises(AccessError):
        desk.start(account=account)
    assert desk.jobs.list_jobs(TENANT) == []


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"question": "Nowhere"}, InputError, "unknown-column"),
        ({"count": 1}, InputError, "bad-topic-count"),
        ({"count": 201}, InputError, "bad-topic-count"),
        ({"survey_id": "s9"}, NotFoundError, "survey-missing"),
        ({"within": ("r9", "a")}, NotFoundError, "run-missing"),
    ],
)
def test_what_cannot_be_suggested_is_said_before_a_job_is_made(
    desk: SuggestionDesk, changes: dict[str, Any], error: type[Exception], code: str
) -> None:
    with pytest.raises(error) as caught:
        desk.start(**changes)
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert desk.jobs.list_jobs(TENANT) == []


def test_run_of_another_question_splits_nothing(desk: SuggestionDesk) -> None:
    desk.add_run([["a"], [], [], ["b"], []])
    desk.repository.insert_run(new_run(2, question="Another?"))
    with pytest.raises(InputError) as caught:
        desk.start(within=("r2", "a"))
    assert caught.value.code == "other-question"


def test_large_survey_is_drawn_from_and_always_the_same_way() -> None:
    texts = [f"text {number % 25_000}" for number in range(90_000)]
    survey = survey_of(FakeFiles(), "s", texts)
    responses, count = drawn_responses(survey, QUESTION)
    assert count == 90_000
    assert len(responses) == suggesting.MOST_ROWS
    assert len({response.text for response in responses}) <= suggesting.MOST_TEXTS
    assert len({response.id for response in responses}) == len(responses)
    assert drawn_responses(survey, QUESTION)[0] == responses
    few, count = drawn_responses(survey, QUESTION, np.arange(25_000) < 3)
    assert (count, {response.text for response in few}) == (12, {"text 0", "text 1", "text 2"})


def test_what_is_kept_is_read_as_it_was() -> None:
    topic = SuggestedTopic(Topic("a", "A \U0001f642", "d", ("k",)), 3, (Response("1", "=x\ud800"),))
    found = TopicSuggestions((topic,), 5, 9, "m", ("note",))
    assert suggestions_from_json(suggestions_to_json(found)) == found
