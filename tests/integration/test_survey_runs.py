"""Survey runs on real worker processes: every response is analyzed once, and paid for once, whatever happens."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.errors import ConflictError
from services.jobs.models import ItemStatus, JobStatus
from services.surveys.chain.analyzer import ModelChainAnalyzer
from services.surveys.findings_files import finding_in
from services.surveys.models import Response
from services.surveys.run_models import RunOptions, SurveyRun
from tests.integration.conftest import home_with_model
from tests.integration.survey_home import BY_MODEL, LEO, SHOP, TENANT, SurveyHome, Till, answers, survey_home
from tests.openai_server import OpenAiServer
from tests.serving import free_port

pytestmark = pytest.mark.slow

PLACES = 2  # of a worker
CHUNK = ModelChainAnalyzer.chunk_texts
Desk = tuple[SurveyHome, OpenAiServer]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'frontline.sqlite3'}"
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    """Runs in either database, and their model."""
    with survey_home(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Desk]:
    """Runs in SQLite, for what does not depend on the database."""
    with survey_home(tmp_path, f"sqlite:///{tmp_path / 'frontline.sqlite3'}") as made:
        yield made


def assert_every_response_has_its_finding(home: SurveyHome, run: SurveyRun, texts: list[str]) -> None:
    """What the run found is what an analysis in one go finds."""
    findings = home.services.surveys.runs.findings(TENANT, run.id)
    responses = [Response(f"r{row}", text) for row, text in enumerate(texts, start=1)]
    expected = home.services.surveys.analyze(responses, SHOP, run.options).findings
    found = [
        finding_in(findings, text, response.id) for text, response in zip(findings.text_of_row, responses, strict=True)
    ]
    assert [(one.response_id, one.topics, one.sentiment) for one in found if one is not None] == [
        (one.response_id, one.topics, one.sentiment) for one in expected
    ]


def test_killed_worker_loses_no_response_analyzes_none_twice_and_pays_once_for_each_call(desk: Desk) -> None:
    home, server = desk
    till = Till(server, free=11)
    first = home.start_worker()
    texts = answers(5 * CHUNK)
    run = home.start(home.survey(texts))
    home.wait_until(lambda: home.done(run) >= 1 and till.waiting == PLACES, "calls of later chunks are under way")
    first.send_signal(signal.SIGKILL)
    first.wait()
    till.open()
    home.start_worker()
    job = home.wait_for_end(run.job_id)

    assert (job.status, job.counts[ItemStatus.DONE], job.item_count) == (JobStatus.DONE, 5, 5)
    assert home.worked(run) == dict.fromkeys(range(5), 1)
    assert (till.paid_twice, till.hung_up) == (0, PLACES)
    facts = home.services.surveys.runs.state(TENANT, run.id).facts
    assert facts is not None
    assert (facts.texts, facts.missing_texts) == (len(texts), 0)
    # What the killed worker had paid for is told too, by the one that went on.
    assert (facts.calls, facts.reused_calls) == (len(till.paid), 0)
    assert_every_response_has_its_finding(home, run, texts)


def test_web_killed_takes_its_worker_along_and_the_next_start_goes_on(tmp_path: Path) -> None:
    settings = {"FRONTLINE_WORKER_PROCESSES": "1", "FRONTLINE_PORT": str(free_port())}
    with survey_home(tmp_path, f"sqlite:///{tmp_path / 'frontline.sqlite3'}", **settings) as (home, server):
        till = Till(server, seconds=0.2)
        web = home.start_worker("app", "serve")
        texts = answers(6 * CHUNK)
        run = home.start(home.survey(texts))
        home.wait_until(lambda: home.done(run) >= 2, "some chunks are done")
        web.send_signal(signal.SIGKILL)
        web.wait()
        home.start_worker("app", "serve")
        job = home.wait_for_end(run.job_id)
        assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 6)
        assert home.worked(run) == dict.fromkeys(range(6), 1)
        assert till.paid_twice == 0
        assert_every_response_has_its_finding(home, run, texts)


def test_local_run_whose_worker_is_killed_goes_on_with_the_next_one(tmp_path: Path, model_home: Path) -> None:
    folder = home_with_model(tmp_path / "home", model_home)
    with survey_home(folder, f"sqlite:///{folder / 'frontline.sqlite3'}") as (home, _):
        first = home.start_worker()
        # Chunks of 2,000 texts: they end too soon to be killed between, so the kill falls into the first ones.
        run = home.start(home.survey(answers(4_500)), RunOptions("local"))
        home.wait_until(lambda: home.job(run.job_id).counts[ItemStatus.RUNNING] >= 1, "a chunk is worked on")
        first.send_signal(signal.SIGKILL)
        first.wait()
        home.start_worker()
        job = home.wait_for_end(run.job_id)
        assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 3)
        assert home.worked(run) == dict.fromkeys(range(3), 1)
        assert home.services.surveys.runs.findings(TENANT, run.id).overall.all()


def test_two_workers_share_a_run_and_another_run_pays_for_nothing_again(desk: Desk) -> None:
    home, server = desk
    till = Till(server)
    home.start_worker()
    home.start_worker()
    survey = home.survey(answers(4 * CHUNK))
    first = home.start(survey)
    assert home.wait_for_end(first.job_id).counts[ItemStatus.DONE] == 4
    calls = len(till.paid)
    again = home.start(survey)
    assert home.wait_for_end(again.job_id).counts[ItemStatus.DONE] == 4

    assert (len(till.paid), till.paid_twice) == (calls, 0)
    facts = [home.services.surveys.runs.state(TENANT, run.id).facts for run in (first, again)]
    assert all(one is not None for one in facts)
    assert [(one.calls, one.reused_calls) for one in facts if one] == [(calls, 0), (0, calls)]
    assert [bool(one.cost_usd) for one in facts if one] == [True, False]


def test_throttled_chunks_come_through_by_themselves(laptop: Desk) -> None:
    home, server = laptop
    till = Till(server, throttle=lambda number: number % 3 == 1)
    home.start_worker()
    run = home.start(home.survey(answers(2 * CHUNK)))
    assert home.wait_for_end(run.job_id).counts[ItemStatus.DONE] == 2
    assert till.throttled > 0
    assert till.paid_twice == 0


def test_canceled_run_stops_soon_and_another_one_pays_only_for_the_rest(laptop: Desk) -> None:
    home, server = laptop
    till = Till(server, free=11)
    home.start_worker()
    texts = answers(8 * CHUNK)
    survey = home.survey(texts)
    run = home.start(survey)
    home.wait_until(lambda: home.done(run) >= 1 and till.waiting == PLACES, "calls of later chunks are under way")
    home.services.surveys.runs.cancel(LEO, TENANT, run.id)
    till.open()
    job = home.wait_for_end(run.job_id)
    assert job.status is JobStatus.CANCELED
    assert job.counts[ItemStatus.CANCELED] >= 2
    state = home.services.surveys.runs.state(TENANT, run.id)
    assert state.facts is not None
    assert state.facts.texts == job.counts[ItemStatus.DONE] * CHUNK
    assert int((home.services.surveys.runs.findings(TENANT, run.id).overall > 0).sum()) == state.facts.texts

    again = home.start(survey)
    assert home.wait_for_end(again.job_id).counts[ItemStatus.DONE] == 8
    assert till.paid_twice == 0
    assert_every_response_has_its_finding(home, again, texts)


def test_paused_run_begins_nothing_until_it_is_resumed(laptop: Desk) -> None:
    home, server = laptop
    till = Till(server, free=2)
    home.start_worker()
    run = home.start(home.survey(answers(5 * CHUNK)))
    home.wait_until(lambda: till.waiting == PLACES, "calls are under way")
    home.services.surveys.runs.pause(LEO, TENANT, run.id)
    till.open()
    home.wait_until(lambda: not home.job(run.job_id).counts[ItemStatus.RUNNING], "what ran has ended")
    assert home.job(run.job_id).counts[ItemStatus.QUEUED] == 3
    home.services.surveys.runs.resume(LEO, TENANT, run.id)
    assert home.wait_for_end(run.job_id).counts[ItemStatus.DONE] == 5
    assert home.worked(run) == dict.fromkeys(range(5), 1)
    assert till.paid_twice == 0


def test_retry_analyzes_the_failed_chunk_alone(laptop: Desk) -> None:
    home, server = laptop
    till = Till(server)
    till.refuses = lambda said: f"visit {CHUNK + 3}" in said
    home.start_worker()
    texts = answers(3 * CHUNK)
    run = home.start(home.survey(texts))
    job = home.wait_for_end(run.job_id)
    assert (job.status, job.counts[ItemStatus.DONE], job.counts[ItemStatus.FAILED]) == (JobStatus.DONE, 2, 1)
    assert int((home.services.surveys.runs.findings(TENANT, run.id).overall == 0).sum()) == CHUNK
    till.refuses = lambda _said: False
    home.services.surveys.runs.retry(LEO, TENANT, run.id)
    assert home.wait_for_end(run.job_id).counts[ItemStatus.DONE] == 3
    assert home.worked(run) == dict.fromkeys(range(3), 1)
    assert till.paid_twice == 0
    assert_every_response_has_its_finding(home, run, texts)


def test_steps_of_any_response_can_be_looked_at_as_the_model_was_asked(laptop: Desk) -> None:
    home, server = laptop
    Till(server)
    home.start_worker()
    run = home.start(home.survey(answers(2 * CHUNK)))
    home.wait_for_end(run.job_id)
    traces = home.services.surveys.runs.traces(TENANT, run.id, f"r{CHUNK + 5}")
    assert {trace.step.value for trace in traces} >= {"clean", "topics", "sentiment", "check"}
    for trace in traces:
        assert f"r{CHUNK + 5}" in trace.response_ids
        assert f"visit {CHUNK + 4}" in trace.given + trace.made


def test_survey_that_is_deleted_while_it_is_analyzed_leaves_nothing_behind(laptop: Desk) -> None:
    home, server = laptop
    till = Till(server, free=2)
    home.start_worker()
    survey = home.survey(answers(4 * CHUNK))
    run = home.start(survey)
    home.wait_until(lambda: till.waiting == PLACES, "calls are under way")
    home.services.surveys.library.delete(LEO, TENANT, survey.id)
    till.open()
    home.wait_until(lambda: not home.job(run.job_id).counts[ItemStatus.RUNNING], "what ran has ended")
    assert not [path for path in (home.folder / "files" / "surveys").rglob("*") if path.is_file()]


def test_findings_of_a_run_that_goes_on_are_not_shown(laptop: Desk) -> None:
    home, _ = laptop
    run = home.start(home.survey(answers(CHUNK)), BY_MODEL)
    with pytest.raises(ConflictError, match="nothing to look at yet"):
        home.services.surveys.runs.findings(TENANT, run.id)
