"""What every store of jobs keeps to: as people see them, and as workers see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.errors import ConflictError, NotFoundError
from services.jobs.models import ClaimedItem, Failure, ItemStatus, Job, JobRound, JobStatus, NewItem
from services.ports.jobs import JobRepository, JobRuns

TENANT, OTHER_TENANT = "pharmacy", "clinic"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = START + timedelta(minutes=5)
FAILURE = Failure("test-failed", "It did not work.", "Try again.", retryable=True)


def new_job(job_id: str = "one", tenant_id: str = TENANT, kind: str = "load-files", at: datetime = START) -> Job:
    return Job(job_id, kind, tenant_id, "ana", "Load files", {"folder": "procedures"}, at)


def new_items(count: int = 3) -> list[NewItem]:
    return [NewItem(f"file-{number}.md", {"number": number}) for number in range(count)]


class JobRepositoryContract:
    """Inherit, and give ``repository`` and ``runs`` over the same empty store that knows both tenants."""

    @pytest.fixture
    def repository(self) -> JobRepository:
        raise NotImplementedError

    @pytest.fixture
    def runs(self) -> JobRuns:
        raise NotImplementedError

    @pytest.fixture
    def job_round(self, repository: JobRepository) -> JobRound:
        """The first round of a job with three items."""
        repository.insert_job(new_job(), new_items())
        return JobRound("one", 1)

    def claim(self, runs: JobRuns, job_round: JobRound, position: int, worker: str = "w1") -> ClaimedItem:
        claim = runs.begin_item(job_round, position, worker, START)
        assert claim is not None
        return claim

    def run_all(self, runs: JobRuns, job_round: JobRound, *failing: int) -> None:
        for position in runs.queued_positions(job_round):
            claim = self.claim(runs, job_round, position)
            assert runs.end_item(claim, FAILURE if position in failing else {"position": position}, LATER)

    def finish(self, runs: JobRuns, job_round: JobRound) -> None:
        claim = runs.begin_finish(job_round, "w1", LATER)
        assert claim is not None
        assert runs.end_finish(claim, {"ok": True}, LATER)

    def test_new_job_is_queued_with_its_items_in_order(self, repository: JobRepository, job_round: JobRound) -> None:
        job = repository.get_job(TENANT, "one")
        assert job == replace(new_job(), counts={**dict.fromkeys(ItemStatus, 0), ItemStatus.QUEUED: 3})
        items = repository.list_items(TENANT, "one", limit=10)
        assert [(item.position, item.name, item.arguments["number"]) for item in items] == [
            (number, f"file-{number}.md", number) for number in range(3)
        ]
        assert {item.status for item in items} == {ItemStatus.QUEUED}

    def test_jobs_of_another_tenant_are_not_there(self, repository: JobRepository, job_round: JobRound) -> None:
        for call in (
            lambda: repository.get_job(OTHER_TENANT, "one"),
            lambda: repository.list_items(OTHER_TENANT, "one", limit=10),
            lambda: repository.cancel_job(OTHER_TENANT, "one", START),
            lambda: repository.retry_job(OTHER_TENANT, "one"),
        ):
            with pytest.raises(NotFoundError):
                call()
        assert repository.list_jobs(OTHER_TENANT, limit=10) == []
        assert repository.get_job(TENANT, "one").status is JobStatus.QUEUED

    def test_jobs_are_listed_newest_first_and_by_kind(self, repository: JobRepository) -> None:
        repository.insert_job(new_job("old"), [])
        repository.insert_job(new_job("new", at=LATER), new_items(2))
        repository.insert_job(new_job("other", kind="run-survey", at=LATER + timedelta(1)), [])
        assert [job.id for job in repository.list_jobs(TENANT, limit=2)] == ["other", "new"]
        found = repository.list_jobs(TENANT, kind="load-files", limit=10)
        assert [(job.id, job.item_count) for job in found] == [("new", 2), ("old", 0)]

    def test_items_are_listed_by_status_and_in_pages(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        assert runs.end_item(self.claim(runs, job_round, 1), {"passages": 12}, LATER)
        done = repository.list_items(TENANT, "one", status=ItemStatus.DONE, limit=10)
        assert [(item.position, item.result) for item in done] == [(1, {"passages": 12})]
        assert [item.position for item in repository.list_items(TENANT, "one", offset=1, limit=1)] == [1]

    def test_claimed_item_runs_reports_and_ends(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        claim = self.claim(runs, job_round, 0)
        assert (claim.job.status, claim.item.status, claim.attempt) == (JobStatus.RUNNING, ItemStatus.RUNNING, 1)
        assert runs.report_item(claim, "reading", 0.25)
        item = repository.list_items(TENANT, "one", limit=1)[0]
        assert (item.stage, item.progress, item.started_at) == ("reading", 0.25, START)
        assert runs.end_item(claim, {"passages": 12}, LATER)
        item = repository.list_items(TENANT, "one", limit=1)[0]
        assert (item.status, item.stage, item.progress) == (ItemStatus.DONE, "", None)
        assert (item.result, item.finished_at, item.attempts) == ({"passages": 12}, LATER, 1)

    def test_failed_item_keeps_its_words(self, repository: JobRepository, runs: JobRuns, job_round: JobRound) -> None:
        runs.end_item(self.claim(runs, job_round, 0), FAILURE, LATER)
        item = repository.list_items(TENANT, "one", limit=1)[0]
        assert item.status is ItemStatus.FAILED
        assert Failure(str(item.error_code), item.cause, item.remedy, item.retryable) == FAILURE

    def test_item_that_ended_is_not_claimed_again(self, runs: JobRuns, job_round: JobRound) -> None:
        runs.end_item(self.claim(runs, job_round, 0), {}, LATER)
        assert runs.begin_item(job_round, 0, "w2", LATER) is None

    def test_item_that_was_taken_over_counts_for_the_newest_claim_only(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        old = self.claim(runs, job_round, 0, "w1")
        new = self.claim(runs, job_round, 0, "w2")
        assert not runs.report_item(old, "reading", None)
        assert not runs.end_item(old, {"by": "w1"}, LATER)
        assert runs.end_item(new, {"by": "w2"}, LATER)
        assert not runs.end_item(new, {"by": "w2 again"}, LATER)
        assert repository.list_items(TENANT, "one", limit=1)[0].result == {"by": "w2"}

    def test_item_that_lost_three_workers_fails(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        for worker in ("w1", "w2", "w3"):
            self.claim(runs, job_round, 0, worker)
        assert runs.begin_item(job_round, 0, "w4", LATER) is None
        item = repository.list_items(TENANT, "one", limit=1)[0]
        assert (item.status, item.error_code, item.retryable) == (ItemStatus.FAILED, "worker-lost", True)

    def test_item_that_was_handed_back_lost_no_worker(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        for _ in range(5):
            claim = self.claim(runs, job_round, 0)
            runs.release("w1")
            assert not runs.end_item(claim, {}, LATER)
        assert repository.list_items(TENANT, "one", limit=1)[0].status is ItemStatus.QUEUED

    def test_only_the_items_of_the_worker_are_handed_back(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        self.claim(runs, job_round, 0, "w1")
        self.claim(runs, job_round, 1, "w2")
        runs.release("w1")
        statuses = [item.status for item in repository.list_items(TENANT, "one", limit=2)]
        assert statuses == [ItemStatus.QUEUED, ItemStatus.RUNNING]

    def test_finish_is_due_once_every_item_ended(self, runs: JobRuns, job_round: JobRound) -> None:
        assert not runs.finish_is_due(job_round)
        assert runs.begin_finish(job_round, "w1", LATER) is None
        self.run_all(runs, job_round, 1)
        assert runs.finish_is_due(job_round)

    def test_finished_job_is_done_with_its_result(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        self.run_all(runs, job_round, 1)
        claim = runs.begin_finish(job_round, "w1", LATER)
        assert claim is not None
        assert runs.report_finish(claim, "publishing", 0.5)
        job = repository.get_job(TENANT, "one")
        assert (job.finishing, job.stage, job.progress) == (True, "publishing", 0.5)
        assert runs.end_finish(claim, {"snapshot": 3}, LATER)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.result, job.finishing, job.stage) == (JobStatus.DONE, {"snapshot": 3}, False, "")
        assert (job.started_at, job.finished_at) == (START, LATER)
        assert not runs.finish_is_due(job_round)
        assert not runs.end_finish(claim, {"snapshot": 4}, LATER)

    def test_finish_that_was_taken_over_counts_for_the_newest_claim_only(
        self, repository: JobRepository, runs: JobRuns
    ) -> None:
        repository.insert_job(new_job(), [])
        job_round = JobRound("one", 1)
        old = runs.begin_finish(job_round, "w1", START)
        new = runs.begin_finish(job_round, "w2", START)
        assert old is not None
        assert new is not None
        assert not runs.report_finish(old, "publishing", None)
        assert not runs.end_finish(old, {"by": "w1"}, LATER)
        assert runs.end_finish(new, {"by": "w2"}, LATER)
        assert repository.get_job(TENANT, "one").result == {"by": "w2"}

    def test_finish_that_lost_three_workers_fails_the_job(self, repository: JobRepository, runs: JobRuns) -> None:
        repository.insert_job(new_job(), [])
        for worker in ("w1", "w2", "w3"):
            assert runs.begin_finish(JobRound("one", 1), worker, START)
        assert runs.begin_finish(JobRound("one", 1), "w4", START) is None
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.error_code) == (JobStatus.FAILED, "worker-lost")

    def test_job_of_which_nothing_was_done_has_failed_whatever_its_finish_says(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        self.run_all(runs, job_round, 0, 1, 2)
        self.finish(runs, job_round)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.error_code, job.result) == (JobStatus.FAILED, "no-item-done", {"ok": True})

    def test_retry_queues_the_failed_items_only(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        self.run_all(runs, job_round, 1)
        self.finish(runs, job_round)
        retried = repository.retry_job(TENANT, "one")
        assert retried == JobRound("one", 2)
        assert runs.queued_positions(retried) == [1]
        item = repository.list_items(TENANT, "one", limit=10)[1]
        assert (item.error_code, item.cause, item.started_at, item.attempts) == (None, "", None, 1)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.result, job.finished_at) == (JobStatus.QUEUED, {}, None)
        self.run_all(runs, retried)
        self.finish(runs, retried)
        assert repository.get_job(TENANT, "one").counts[ItemStatus.DONE] == 3

    def test_retried_item_may_lose_workers_anew(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        for worker in ("w1", "w2", "w3"):
            self.claim(runs, job_round, 0, worker)
        assert runs.begin_item(job_round, 0, "w4", LATER) is None
        self.run_all(runs, job_round)
        self.finish(runs, job_round)
        retried = repository.retry_job(TENANT, "one")
        assert self.claim(runs, retried, 0, "w4").attempt == 4
        assert self.claim(runs, retried, 0, "w5").attempt == 5

    def test_steps_of_an_earlier_round_do_nothing(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        self.run_all(runs, job_round, 1)
        self.finish(runs, job_round)
        repository.retry_job(TENANT, "one")
        assert runs.queued_positions(job_round) == []
        assert runs.begin_item(job_round, 1, "w1", LATER) is None
        assert runs.begin_finish(job_round, "w1", LATER) is None
        assert not runs.finish_is_due(job_round)

    def test_job_whose_finish_failed_is_retried_without_items(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        self.run_all(runs, job_round)
        claim = runs.begin_finish(job_round, "w1", LATER)
        assert claim is not None
        assert runs.end_finish(claim, FAILURE, LATER)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.cause, job.remedy) == (JobStatus.FAILED, FAILURE.cause, FAILURE.remedy)
        retried = repository.retry_job(TENANT, "one")
        assert runs.queued_positions(retried) == []
        assert runs.finish_is_due(retried)

    def test_only_what_failed_can_be_retried(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        with pytest.raises(ConflictError) as live:
            repository.retry_job(TENANT, "one")
        self.run_all(runs, job_round)
        self.finish(runs, job_round)
        with pytest.raises(ConflictError) as done:
            repository.retry_job(TENANT, "one")
        repository.insert_job(new_job("two"), new_items())
        repository.cancel_job(TENANT, "two", LATER)
        with pytest.raises(ConflictError) as canceled:
            repository.retry_job(TENANT, "two")
        assert [error.value.code for error in (live, done, canceled)] == [
            "job-runs",
            "nothing-failed",
            "job-canceled",
        ]

    def test_cancel_ends_a_job_of_which_nothing_runs(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        assert repository.cancel_job(TENANT, "one", LATER) == [0, 1, 2]
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.finished_at, job.counts[ItemStatus.CANCELED]) == (JobStatus.CANCELED, LATER, 3)
        assert runs.begin_item(job_round, 0, "w1", LATER) is None
        assert not runs.finish_is_due(job_round)
        with pytest.raises(ConflictError):
            repository.cancel_job(TENANT, "one", LATER)

    def test_canceled_job_ends_with_the_last_item_that_runs(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        first, second = self.claim(runs, job_round, 0), self.claim(runs, job_round, 1)
        assert repository.cancel_job(TENANT, "one", LATER) == [2]
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.cancel_requested, job.can_cancel) == (JobStatus.RUNNING, True, False)
        assert runs.end_item(first, {"done": True}, LATER)
        assert repository.get_job(TENANT, "one").status is JobStatus.RUNNING
        assert runs.end_item(second, FAILURE, LATER)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.finished_at) == (JobStatus.CANCELED, LATER)
        assert not runs.finish_is_due(job_round)

    def test_item_of_a_canceled_job_is_not_begun_again_after_its_worker_was_lost(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        self.claim(runs, job_round, 0)
        repository.cancel_job(TENANT, "one", LATER)
        assert runs.begin_item(job_round, 0, "w2", LATER) is None
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.counts[ItemStatus.CANCELED]) == (JobStatus.CANCELED, 3)

    def test_finish_that_began_cannot_be_canceled(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        self.run_all(runs, job_round)
        assert runs.begin_finish(job_round, "w1", LATER)
        with pytest.raises(ConflictError) as caught:
            repository.cancel_job(TENANT, "one", LATER)
        assert caught.value.code == "job-finishing"
        assert not repository.get_job(TENANT, "one").can_cancel

    def test_rounds_wait_until_the_engine_has_them(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        assert (runs.undispatched_rounds(), runs.live_rounds()) == ([job_round], [job_round])
        runs.mark_dispatched(job_round)
        assert (runs.undispatched_rounds(), runs.live_rounds()) == ([], [job_round])
        self.run_all(runs, job_round, 1)
        self.finish(runs, job_round)
        assert runs.live_rounds() == []
        retried = repository.retry_job(TENANT, "one")
        assert runs.undispatched_rounds() == [retried]

    def test_renewed_round_begins_again_what_has_not_ended(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        runs.mark_dispatched(job_round)
        runs.end_item(self.claim(runs, job_round, 0), {}, LATER)
        self.claim(runs, job_round, 1)
        runs.renew_round(job_round)
        renewed = JobRound("one", 2)
        assert runs.undispatched_rounds() == [renewed]
        assert runs.queued_positions(renewed) == [1, 2]
        runs.renew_round(job_round)
        assert runs.live_rounds() == [renewed]

    def test_claims_that_meet_are_kept_apart(
        self, repository: JobRepository, runs: JobRuns, job_round: JobRound
    ) -> None:
        with ThreadPoolExecutor(4) as pool:
            claims = list(pool.map(lambda number: runs.begin_item(job_round, 0, f"w{number}", START), range(2)))
        attempts = [claim.attempt for claim in claims if claim is not None]
        assert sorted(attempts) == [1, 2]
        with ThreadPoolExecutor(4) as pool:
            ended = list(pool.map(lambda claim: claim and runs.end_item(claim, {"by": claim.attempt}, LATER), claims))
        assert sorted(map(bool, ended)) == [False, True]
        assert repository.list_items(TENANT, "one", limit=1)[0].result == {"by": 2}

    def test_items_that_end_at_once_leave_one_finish_due(self, repository: JobRepository, runs: JobRuns) -> None:
        repository.insert_job(new_job(), new_items(8))
        job_round = JobRound("one", 1)

        def run(position: int) -> bool:
            runs.end_item(self.claim(runs, job_round, position), {}, LATER)
            return runs.finish_is_due(job_round)

        with ThreadPoolExecutor(8) as pool:
            assert any(pool.map(run, range(8)))
        assert repository.get_job(TENANT, "one").counts[ItemStatus.DONE] == 8
