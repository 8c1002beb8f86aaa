"""Runs as people see them: started, looked at, stopped, tried again, deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.access.models import Account
from services.errors import (
    AccessError,
    BackendRejectedError,
    BackendThrottledError,
    BackendUnavailableError,
    ConfigurationError,
    ConflictError,
    InputError,
    NotFoundError,
)
from services.jobs.models import JobStatus
from services.surveys.findings_files import finding_in
from services.surveys.models import Example, Response, Taxonomy, Topic
from services.surveys.run_models import RunOptions
from services.surveys.run_views import RunFacts
from services.surveys.taxonomy_models import TaxonomyVersion
from tests.survey_run_fakes import QUESTION, TOPICS, found_in
from tests.unit.surveys.runs.conftest import ANSWERS
from tests.unit.surveys.runs.run_desk import (
    FREE,
    GRACE,
    LEO,
    MIA,
    OTHER_TENANT,
    PAID,
    START,
    STRANGER,
    SURVEY,
    TAXONOMY,
    TENANT,
    RunDesk,
)


def refusal() -> BackendRejectedError:
    return BackendRejectedError("The server refuses this text.")


def test_every_response_gets_the_finding_of_its_text(desk: RunDesk) -> None:
    run = desk.start()
    findings = desk.runs.findings(TENANT, run.id)
    for row, text in enumerate(ANSWERS):
        expected = found_in(Response(f"r{row + 1}", text), TOPICS)
        assert finding_in(findings, findings.text_of_row[row], f"r{row + 1}") == expected


def test_same_texts_are_analyzed_once(desk: RunDesk) -> None:
    run = desk.start()
    assert desk.local.read == dict.fromkeys(ANSWERS, 1)
    assert (run.response_count, run.distinct_count) == (7, 5)


def test_run_tells_what_came_of_it(desk: RunDesk) -> None:
    state = desk.runs.state(TENANT, desk.start(PAID, title=" Second try ").id)
    assert (state.job.status, state.run.title, state.run.username) == (JobStatus.DONE, "Second try", "leo")
    assert state.facts == RunFacts(
        texts=5, other_texts=2, review_texts=1, calls=3, input_tokens=300, output_tokens=60, cost_usd=0.03, seconds=3.0
    )


def test_price_that_nobody_knows_makes_the_cost_unknown(desk: RunDesk) -> None:
    desk.paid.price = None
    facts = desk.runs.state(TENANT, desk.start(PAID).id).facts
    assert facts is not None
    assert (facts.calls, facts.cost_usd) == (3, None)


def test_run_keeps_the_taxonomy_that_it_was_started_with(desk: RunDesk) -> None:
    run = desk.start()
    later = Taxonomy((Topic("wait", "Waiting"),))
    desk.repository.insert_version(TENANT, TaxonomyVersion(TAXONOMY, 2, later, "Anew.", "leo", START))
    assert desk.runs.taxonomy_of(TENANT, run.id) == TOPICS
    assert desk.runs.findings(TENANT, run.id).topic_ids == ("price", "staff", "app")
    assert desk.start().taxonomy_version == 2


def test_corrections_teach_when_wanted_and_the_newer_word_on_a_text_counts(desk: RunDesk) -> None:
    corrected = Example("it was dear", ("staff",))
    desk.corrections = (corrected, Example("zorp", ("app",)))
    run = desk.start()
    assert desk.local.taxonomies[-1].examples == desk.corrections
    assert (run.example_count, run.correction_count) == (2, 2)
    run = desk.start(replace(FREE, use_corrections=False))
    assert desk.local.taxonomies[-1] == TOPICS
    assert (run.example_count, run.correction_count) == (1, 0)


def test_correction_with_a_topic_that_is_gone_stops_no_run(desk: RunDesk) -> None:
    desk.corrections = (Example("zorp", ("removed",)), Example("zap", ("app",)))
    assert desk.start().correction_count == 1


def test_failed_chunk_leaves_its_texts_without_a_finding_until_it_is_retried(desk: RunDesk) -> None:
    desk.local.errors["the app and the staff"] = [refusal()]
    run = desk.start()
    assert desk.counts(run) == (1, 1, 0)
    findings = desk.runs.findings(TENANT, run.id)
    assert [bool(code) for code in findings.overall] == [True, True, True, False, False]
    facts = desk.runs.state(TENANT, run.id).facts
    assert facts is not None
    assert (facts.texts, facts.missing_texts, facts.round) == (3, 2, 1)

    desk.runs.retry(LEO, TENANT, run.id)
    assert desk.counts(run) == (2, 0, 0)
    assert desk.runs.findings(TENANT, run.id).overall.all()
    assert set(desk.local.read.values()) == {1}
    facts = desk.runs.state(TENANT, run.id).facts
    assert facts is not None
    assert (facts.texts, facts.missing_texts, facts.round) == (5, 0, 2)


def test_findings_of_before_stand_while_what_failed_is_retried(desk: RunDesk) -> None:
    desk.local.errors["the app and the staff"] = [refusal(), refusal()]
    run = desk.start()
    before = desk.runs.findings(TENANT, run.id)
    assert not desk.runs.state(TENANT, run.id).is_retried
    desk.queue.paused = True
    desk.runs.retry(LEO, TENANT, run.id)
    state = desk.runs.state(TENANT, run.id)
    assert (state.job.status.live, state.is_retried, state.has_findings) == (True, True, True)
    assert desk.runs.findings(TENANT, run.id).overall.tolist() == before.overall.tolist()
    desk.queue.run_waiting()  # fails again
    assert desk.runs.findings(TENANT, run.id).overall.tolist() == before.overall.tolist()
    desk.queue.paused = False
    desk.runs.retry(LEO, TENANT, run.id)
    state = desk.runs.state(TENANT, run.id)
    assert (state.is_retried, state.has_findings) == (False, True)
    assert desk.runs.findings(TENANT, run.id).overall.all()


def test_looking_while_a_part_is_retried_leaves_the_files_of_the_run_to_it(desk: RunDesk) -> None:
    desk.local.errors["the app and the staff"] = [refusal()]
    desk.queue.paused = True
    run = desk.start()
    desk.files.broken_for = "findings.parquet"
    desk.queue.run_waiting()
    assert desk.runs.state(TENANT, run.id).job.status is JobStatus.FAILED
    looked: list[int] = []
    for begin in (lambda: None, lambda: desk.runs.retry(LEO, TENANT, run.id)):
        begin()
        assert desk.runs.state(TENANT, run.id).has_findings
        looked.append(int((desk.runs.findings(TENANT, run.id).overall > 0).sum()))
    assert looked == [3, 3]
    assert "findings.parquet" not in desk.run_files(run)
    desk.files.broken_for = ""
    desk.queue.run_waiting()
    assert desk.runs.findings(TENANT, run.id).overall.all()


def test_retried_run_of_which_nothing_came_yet_has_nothing_to_look_at(desk: RunDesk) -> None:
    desk.local.errors.update({"good app": [refusal()], "the app and the staff": [refusal()]})
    run = desk.start()
    desk.queue.paused = True
    desk.runs.retry(LEO, TENANT, run.id)
    assert not desk.runs.state(TENANT, run.id).has_findings
    with pytest.raises(ConflictError) as caught:
        desk.runs.findings(TENANT, run.id)
    assert caught.value.remedy == "Wait until the run has ended."


def test_first_part_that_a_retry_brings_can_be_looked_at_when_all_had_failed(desk: RunDesk) -> None:
    desk.local.errors.update({"good app": [refusal()], "the app and the staff": [refusal()]})
    run = desk.start()
    seen: list[int] = []

    def look(_responses: object) -> None:
        if desk.runs.state(TENANT, run.id).has_findings:
            seen.append(int((desk.runs.findings(TENANT, run.id).overall > 0).sum()))

    desk.local.before = look
    desk.runs.retry(LEO, TENANT, run.id)
    assert seen == [3]


def test_throttled_chunk_comes_through_by_itself(desk: RunDesk) -> None:
    desk.paid.errors["good app"] = [BackendThrottledError("Slow down.", retry_after_seconds=1.0)] * 3
    assert desk.counts(desk.start(PAID)) == (3, 0, 0)


def test_run_whose_every_chunk_failed_has_nothing_to_look_at(desk: RunDesk) -> None:
    desk.local.errors.update({"good app": [refusal()], "the app and the staff": [refusal()]})
    run = desk.start()
    assert desk.runs.state(TENANT, run.id).job.status is JobStatus.FAILED
    with pytest.raises(ConflictError) as caught:
        desk.runs.findings(TENANT, run.id)
    assert caught.value.code == "run-not-finished"
    assert "Retry" in caught.value.remedy


def test_run_that_has_not_ended_has_nothing_to_look_at_yet(desk: RunDesk) -> None:
    desk.queue.paused = True
    run = desk.start()
    assert desk.runs.state(TENANT, run.id).facts is None
    with pytest.raises(ConflictError) as caught:
        desk.runs.findings(TENANT, run.id)
    assert (caught.value.code, caught.value.remedy) == ("run-not-finished", "Wait until the run has ended.")


def test_canceled_run_shows_what_was_done_until_then(desk: RunDesk) -> None:
    run_ids: list[str] = []

    def cancel_during_the_first_chunk(responses: object) -> None:
        run_ids.append(desk.repository.list_runs(TENANT)[0].id)
        desk.runs.cancel(LEO, TENANT, run_ids[0])

    desk.paid.before = cancel_during_the_first_chunk
    run = desk.start(PAID)
    assert desk.counts(run) == (1, 0, 2)
    state = desk.runs.state(TENANT, run.id)
    assert state.job.status is JobStatus.CANCELED
    assert state.facts == RunFacts(
        texts=2, missing_texts=3, calls=1, input_tokens=100, output_tokens=20, cost_usd=0.01, seconds=1.0
    )
    assert [bool(code) for code in desk.runs.findings(TENANT, run.id).overall] == [True, True, False, False, False]


def test_run_canceled_before_anything_was_done_has_nothing_to_look_at(desk: RunDesk) -> None:
    desk.queue.paused = True
    run = desk.start()
    desk.runs.cancel(LEO, TENANT, run.id)
    with pytest.raises(ConflictError, match="Nothing came of this run"):
        desk.runs.findings(TENANT, run.id)


def test_paused_run_goes_on_where_it_stood(desk: RunDesk) -> None:
    desk.queue.paused = True
    run = desk.start()
    assert desk.runs.pause(LEO, TENANT, run.id).paused
    desk.queue.run_waiting()
    assert not desk.local.read
    desk.queue.paused = False
    desk.runs.resume(LEO, TENANT, run.id)
    assert desk.counts(run) == (2, 0, 0)


def test_deleted_run_is_forgotten_with_its_files(desk: RunDesk) -> None:
    run, kept = desk.start(PAID), desk.start()
    assert desk.run_files(run) == {
        "taxonomy.json",
        "findings.parquet",
        *(f"parts/{number}.parquet" for number in range(3)),
        *(f"traces/{number}.jsonl.gz" for number in range(3)),
    }
    desk.runs.delete(LEO, TENANT, run.id)
    assert not desk.run_files(run)
    assert [state.run for state in desk.runs.list(TENANT, SURVEY)] == [kept]
    with pytest.raises(NotFoundError):
        desk.runs.get(TENANT, run.id)


def test_run_that_is_deleted_while_it_works_stops_and_leaves_nothing_behind(desk: RunDesk) -> None:
    def delete(responses: object) -> None:
        for run in desk.repository.list_runs(TENANT):
            desk.runs.delete(LEO, TENANT, run.id)

    desk.local.before = delete
    run = desk.start()
    assert not desk.run_files(run)
    assert len(desk.local.read) == 3
    # At the deletion, and once more by the chunk that was under way: it may have paid for calls since.
    assert desk.forgotten == [(TENANT, f"{run.id}/")] * 2


def test_runs_of_a_survey_are_listed_newest_first(desk: RunDesk) -> None:
    desk.add_survey("s2", ["good app"])
    first, second = desk.start(), desk.start(PAID)
    desk.start(survey_id="s2")
    assert [state.run.id for state in desk.runs.list(TENANT, SURVEY)] == [second.id, first.id]
    assert desk.runs.list(OTHER_TENANT, SURVEY) == []


def test_run_whose_start_was_cut_off_says_so_and_can_be_deleted(desk: RunDesk) -> None:
    lost = replace(desk.start(), id="lost", job_id="never-submitted")
    desk.repository.insert_run(lost)
    state = desk.runs.state(TENANT, "lost")
    assert (state.job.status, state.job.error_code, state.facts) == (JobStatus.FAILED, "run-not-started", None)
    desk.runs.delete(LEO, TENANT, "lost")
    assert "lost" not in {one.run.id for one in desk.runs.list(TENANT, SURVEY)}


def test_run_that_cannot_be_submitted_leaves_nothing_behind(desk: RunDesk) -> None:
    with desk.database.transaction() as session:
        session.connection().exec_driver_sql("DROP TABLE job_item")
    with pytest.raises(BackendUnavailableError):
        desk.start()
    assert desk.repository.list_runs(TENANT) == []
    assert not [name for name in desk.files.files if "/runs/" in name]


def test_storage_that_does_not_answer_starts_nothing(desk: RunDesk) -> None:
    desk.files.broken = True
    with pytest.raises(BackendUnavailableError):
        desk.start()
    assert desk.repository.list_runs(TENANT) == []
    assert desk.jobs.list_jobs(TENANT) == []


@pytest.mark.parametrize("account", [MIA, STRANGER])
def test_only_analysts_of_the_tenant_change_runs(desk: RunDesk, account: Account) -> None:
    run = desk.start()
    with pytest.raises(AccessError):
        desk.runs.start(account, TENANT, SURVEY, QUESTION, TAXONOMY, FREE)
    for steer in (desk.runs.cancel, desk.runs.pause, desk.runs.resume, desk.runs.retry, desk.runs.delete):
        with pytest.raises(AccessError):
            steer(account, TENANT, run.id)
    assert desk.runs.get(TENANT, run.id) == run


def test_administrators_start_runs_too_and_the_trail_holds_counts_only(desk: RunDesk) -> None:
    run = desk.runs.start(GRACE, TENANT, SURVEY, QUESTION, TAXONOMY, FREE)
    (event,) = desk.audit.events
    assert (event.action, event.username, event.subject) == ("survey-run-started", "grace", run.id)
    assert event.details == {"responses": 7, "backend": "fake"}


def test_other_tenants_runs_are_not_found(desk: RunDesk) -> None:
    run = desk.start()
    for read in (desk.runs.get, desk.runs.state, desk.runs.findings, desk.runs.taxonomy_of):
        with pytest.raises(NotFoundError):
            read(OTHER_TENANT, run.id)


@pytest.mark.parametrize(
    ("question", "taxonomy", "backend", "error", "code"),
    [
        ("no such", TAXONOMY, "fake", InputError, "unknown-column"),
        (QUESTION, "no such", "fake", NotFoundError, "taxonomy-missing"),
        (QUESTION, TAXONOMY, "no such", ConfigurationError, "unknown-backend"),
    ],
)
def test_what_a_run_cannot_do_without_is_said_before_it_starts(
    desk: RunDesk, question: str, taxonomy: str, backend: str, error: type[Exception], code: str
) -> None:
    for ask in (desk.runs.estimate, lambda *wanted: desk.runs.start(LEO, *wanted)):
        with pytest.raises(error) as caught:
            ask(TENANT, SURVEY, question, taxonomy, RunOptions(backend))
        assert getattr(caught.value, "code", None) == code
    assert desk.repository.list_runs(TENANT) == []
    assert not [name for name in desk.files.files if "/runs/" in name]
