"""What every store of jobs keeps to about running a choice of what failed, and what a cancel left, in the same job."""

from __future__ import annotations

import pytest

from services.errors import ConflictError, NotFoundError
from services.jobs.models import ItemStatus, JobRound, JobStatus
from services.ports.jobs import JobRepository, JobRuns
from tests.contract.job_pausing import claimed
from tests.contract.job_repository import FAILURE, LATER, OTHER_TENANT, TENANT, new_items, new_job


def run_queued(runs: JobRuns, job_round: JobRound, *failing: int) -> None:
    """Run what waits, and the finish when it is due."""
    for position in runs.queued_positions(job_round):
        outcome = FAILURE if position in failing else {"position": position}
        assert runs.end_item(claimed(runs, job_round, position), outcome, LATER)
    finish = runs.begin_finish(job_round, "w1", LATER)
    if finish is not None:
        assert runs.end_finish(finish, {"ok": True}, LATER)


class JobRetryingContract:
    """Inherit, and give ``repository`` and ``runs`` over the same empty store that knows both tenants."""

    @pytest.fixture
    def five(self, repository: JobRepository) -> JobRound:
        """The first round of a job with five items."""
        repository.insert_job(new_job(), new_items(5))
        return JobRound("one", 1)

    @pytest.fixture
    def canceled(self, repository: JobRepository, runs: JobRuns, five: JobRound) -> JobRound:
        """The same, canceled when one item was done and one had failed."""
        assert runs.end_item(claimed(runs, five, 0), {"position": 0}, LATER)
        assert runs.end_item(claimed(runs, five, 1), FAILURE, LATER)
        assert repository.cancel_job(TENANT, "one", LATER) == [2, 3, 4]
        return five

    def test_only_the_chosen_ones_of_what_failed_are_queued(
        self, repository: JobRepository, runs: JobRuns, five: JobRound
    ) -> None:
        run_queued(runs, five, 1, 2, 4)
        retried = repository.retry_job(TENANT, "one", [1, 4, 0])
        assert runs.queued_positions(retried) == [1, 4]
        items = repository.list_items(TENANT, "one", limit=5)
        assert [item.status.value for item in items] == ["done", "queued", "failed", "done", "queued"]
        assert (items[0].result, items[2].cause) == ({"position": 0}, FAILURE.cause)
        run_queued(runs, retried, 4)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.counts[ItemStatus.DONE], job.counts[ItemStatus.FAILED]) == (JobStatus.DONE, 3, 2)
        assert (job.round, job.can_retry) == (2, True)

    def test_choice_of_which_nothing_failed_is_refused_and_changes_nothing(
        self, repository: JobRepository, runs: JobRuns, five: JobRound
    ) -> None:
        run_queued(runs, five, 1)
        for positions in ([0, 2], [9], []):
            with pytest.raises(ConflictError) as caught:
                repository.retry_job(TENANT, "one", positions)
            assert caught.value.code == "nothing-failed"
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.round, job.result) == (JobStatus.DONE, 1, {"ok": True})

    def test_choice_of_a_live_or_foreign_job_is_refused(self, repository: JobRepository, five: JobRound) -> None:
        with pytest.raises(ConflictError) as live:
            repository.retry_job(TENANT, "one", [0])
        assert live.value.code == "job-runs"
        with pytest.raises(NotFoundError):
            repository.retry_job(OTHER_TENANT, "one", [0])

    def test_canceled_job_goes_on_with_what_is_left_and_is_done_then(
        self, repository: JobRepository, runs: JobRuns, canceled: JobRound
    ) -> None:
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.left_count) == (JobStatus.CANCELED, 3)
        continued = repository.retry_job(TENANT, "one", [1, 2, 3, 4])
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.cancel_requested, job.can_cancel, job.left_count) == (JobStatus.QUEUED, False, True, 0)
        assert (continued, runs.undispatched_rounds()) == (JobRound("one", 2), [JobRound("one", 2)])
        assert runs.begin_item(canceled, 2, "w1", LATER) is None
        waiting = runs.waiting_items("one")
        assert waiting is not None
        assert [item.position for item in waiting.items] == [1, 2, 3, 4]
        run_queued(runs, continued)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.counts[ItemStatus.DONE], job.result) == (JobStatus.DONE, 5, {"ok": True})

    def test_job_of_which_something_is_still_left_stays_canceled(
        self, repository: JobRepository, runs: JobRuns, canceled: JobRound
    ) -> None:
        retried = repository.retry_job(TENANT, "one", [1])
        run_queued(runs, retried)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.counts[ItemStatus.DONE], job.left_count) == (JobStatus.CANCELED, 2, 3)
        assert (job.result, job.finished_at, job.cancel_requested) == ({"ok": True}, LATER, False)
        run_queued(runs, repository.retry_job(TENANT, "one", [2, 3, 4]))
        assert repository.get_job(TENANT, "one").status is JobStatus.DONE

    def test_continued_job_can_be_paused_and_canceled_again(
        self, repository: JobRepository, runs: JobRuns, canceled: JobRound
    ) -> None:
        continued = repository.retry_job(TENANT, "one", [2, 3, 4])
        assert runs.end_item(claimed(runs, continued, 2), {}, LATER)
        repository.pause_job(TENANT, "one", LATER)
        assert repository.get_job(TENANT, "one").paused
        assert repository.cancel_job(TENANT, "one", LATER) == [3, 4]
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.paused_at, job.left_count) == (JobStatus.CANCELED, None, 2)
        assert runs.queued_positions(repository.retry_job(TENANT, "one", [3, 4])) == [3, 4]
