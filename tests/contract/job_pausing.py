"""What every store of jobs keeps to about pauses, tries that follow by themselves, and how long items took."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.errors import ConflictError, NotFoundError
from services.jobs.models import ClaimedItem, ItemSpan, ItemStatus, JobRound, JobStatus
from services.ports.jobs import JobRepository, JobRuns
from tests.contract.job_repository import FAILURE, LATER, OTHER_TENANT, START, TENANT, new_items, new_job

MUCH_LATER = LATER + timedelta(hours=1)


def claimed(runs: JobRuns, job_round: JobRound, position: int, worker: str = "w1") -> ClaimedItem:
    claim = runs.begin_item(job_round, position, worker, START)
    assert claim is not None
    return claim


class JobPausingContract:
    """Inherit, and give ``repository`` and ``runs`` over the same empty store that knows both tenants."""

    @pytest.fixture
    def three(self, repository: JobRepository) -> JobRound:
        """The first round of a job with three items."""
        repository.insert_job(new_job(), new_items())
        return JobRound("one", 1)

    def test_paused_job_begins_nothing_and_goes_on_in_another_round(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        assert repository.pause_job(TENANT, "one", LATER) == [0, 1, 2]
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.paused, job.paused_at) == (JobStatus.QUEUED, True, LATER)
        assert (job.can_pause, job.can_resume, job.can_cancel) == (False, True, True)
        assert (runs.undispatched_rounds(), runs.live_rounds(), runs.queued_positions(three)) == ([], [], [])
        assert runs.waiting_items("one") is None
        assert runs.begin_item(three, 0, "w1", LATER) is None

        resumed = repository.resume_job(TENANT, "one", MUCH_LATER)
        assert resumed == JobRound("one", 2)
        job = repository.get_job(TENANT, "one")
        assert (job.paused, job.resumed_at, job.can_pause, job.can_resume) == (False, MUCH_LATER, True, False)
        assert runs.undispatched_rounds() == [resumed]
        assert runs.queued_positions(resumed) == [0, 1, 2]
        assert runs.begin_item(three, 0, "w1", LATER) is None
        assert runs.begin_item(resumed, 0, "w1", LATER) is not None

    def test_item_that_runs_when_the_job_is_paused_ends_and_counts(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        claim = claimed(runs, three, 0)
        assert repository.pause_job(TENANT, "one", LATER) == [1, 2]
        assert runs.report_item(claim, "reading", None)
        assert runs.end_item(claim, {"ok": True}, LATER)
        job = repository.get_job(TENANT, "one")
        assert (job.counts[ItemStatus.DONE], job.counts[ItemStatus.QUEUED], job.paused) == (1, 2, True)

    def test_finish_waits_for_the_end_of_the_pause(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        claims = [claimed(runs, three, position) for position in range(3)]
        repository.pause_job(TENANT, "one", LATER)
        for claim in claims:
            assert runs.end_item(claim, {}, LATER)
        assert runs.due_finish("one") is None
        assert runs.begin_finish(three, "w1", LATER) is None
        resumed = repository.resume_job(TENANT, "one", LATER)
        assert runs.due_finish("one") == resumed

    def test_item_that_began_before_the_pause_brings_the_finish_of_the_present_round(
        self, repository: JobRepository, runs: JobRuns
    ) -> None:
        repository.insert_job(new_job(), new_items(1))
        claim = claimed(runs, JobRound("one", 1), 0)
        repository.pause_job(TENANT, "one", LATER)
        resumed = repository.resume_job(TENANT, "one", LATER)
        assert runs.end_item(claim, {}, LATER)
        assert runs.due_finish("one") == resumed

    def test_item_that_lost_its_worker_during_a_pause_waits_with_the_others(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        lost = claimed(runs, three, 0)
        repository.pause_job(TENANT, "one", LATER)
        assert runs.begin_item(three, 0, "w2", LATER) is None
        assert repository.get_job(TENANT, "one").counts[ItemStatus.QUEUED] == 3
        assert not runs.end_item(lost, {}, LATER)
        resumed = repository.resume_job(TENANT, "one", LATER)
        assert resumed is not None
        assert runs.queued_positions(resumed) == [0, 1, 2]

    def test_item_that_lost_its_worker_after_the_pause_is_queued_in_the_present_round(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        claimed(runs, three, 0)
        repository.pause_job(TENANT, "one", LATER)
        resumed = repository.resume_job(TENANT, "one", LATER)
        assert resumed is not None
        assert runs.begin_item(three, 0, "w2", LATER) is None
        assert claimed(runs, resumed, 0, "w2").attempt == 2

    def test_pausing_and_resuming_twice_is_doing_it_once(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        assert repository.resume_job(TENANT, "one", LATER) is None
        repository.pause_job(TENANT, "one", LATER)
        assert repository.pause_job(TENANT, "one", MUCH_LATER) == [0, 1, 2]
        assert repository.get_job(TENANT, "one").paused_at == LATER
        assert repository.resume_job(TENANT, "one", MUCH_LATER) == JobRound("one", 2)
        assert repository.resume_job(TENANT, "one", MUCH_LATER) is None
        assert runs.live_rounds() == [JobRound("one", 2)]

    def test_paused_job_can_be_canceled(self, repository: JobRepository, runs: JobRuns, three: JobRound) -> None:
        claim = claimed(runs, three, 0)
        repository.pause_job(TENANT, "one", LATER)
        assert repository.cancel_job(TENANT, "one", LATER) == [1, 2]
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.paused, job.can_resume) == (JobStatus.RUNNING, False, False)
        assert repository.resume_job(TENANT, "one", LATER) is None
        assert runs.end_item(claim, {}, LATER)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.paused_at) == (JobStatus.CANCELED, None)

    def test_only_a_job_that_can_still_begin_something_is_paused(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        for position in range(3):
            assert runs.end_item(claimed(runs, three, position), {}, LATER)
        finish = runs.begin_finish(three, "w1", LATER)
        assert finish is not None
        with pytest.raises(ConflictError) as finishing:
            repository.pause_job(TENANT, "one", LATER)
        assert not repository.get_job(TENANT, "one").can_pause
        assert runs.end_finish(finish, {}, LATER)
        with pytest.raises(ConflictError) as ended:
            repository.pause_job(TENANT, "one", LATER)
        with pytest.raises(ConflictError) as resumed:
            repository.resume_job(TENANT, "one", LATER)
        repository.insert_job(new_job("two"), new_items())
        claimed(runs, JobRound("two", 1), 0)
        repository.cancel_job(TENANT, "two", LATER)
        with pytest.raises(ConflictError) as canceled:
            repository.pause_job(TENANT, "two", LATER)
        codes = [error.value.code for error in (finishing, ended, resumed, canceled)]
        assert codes == ["job-finishing", "job-ended", "job-ended", "job-canceled"]

    def test_job_of_another_tenant_is_neither_paused_nor_looked_into(
        self, repository: JobRepository, three: JobRound
    ) -> None:
        for call in (
            lambda: repository.pause_job(OTHER_TENANT, "one", START),
            lambda: repository.resume_job(OTHER_TENANT, "one", START),
            lambda: repository.list_spans(OTHER_TENANT, "one", limit=1),
            lambda: repository.latest_next_try(OTHER_TENANT, "one"),
        ):
            with pytest.raises(NotFoundError):
                call()
        assert not repository.get_job(TENANT, "one").paused

    def test_postponed_item_waits_for_its_next_try_and_says_why(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        claim = claimed(runs, three, 1)
        assert runs.postpone_item(claim, FAILURE, MUCH_LATER, LATER)
        item = repository.list_items(TENANT, "one", limit=3)[1]
        assert (item.status, item.next_try_at, item.failed_tries) == (ItemStatus.QUEUED, MUCH_LATER, 1)
        assert (item.cause, item.attempts) == (FAILURE.cause, 1)
        assert repository.latest_next_try(TENANT, "one") == MUCH_LATER
        assert not runs.postpone_item(claim, FAILURE, MUCH_LATER, LATER)
        assert not runs.end_item(claim, {}, LATER)
        waiting = runs.waiting_items("one", 1)
        assert waiting is not None
        assert (waiting.job_round, [(one.position, one.failed_tries) for one in waiting.items]) == (three, [(1, 1)])

    def test_each_try_is_claimed_by_its_own_turn_only(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        first = runs.begin_item(three, 0, "w1", START, turn=0)
        assert first is not None
        assert runs.postpone_item(first, FAILURE, MUCH_LATER, LATER)
        assert runs.begin_item(three, 0, "w2", MUCH_LATER, turn=0) is None
        second = runs.begin_item(three, 0, "w2", MUCH_LATER, turn=1)
        assert second is not None
        item = repository.list_items(TENANT, "one", limit=1)[0]
        assert (item.next_try_at, item.error_code, item.cause, item.attempts) == (None, None, "", 2)
        assert repository.latest_next_try(TENANT, "one") is None
        assert runs.end_item(second, {"ok": True}, MUCH_LATER)

    def test_item_of_a_canceled_job_is_not_postponed(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        claim = claimed(runs, three, 0)
        repository.cancel_job(TENANT, "one", LATER)
        assert runs.postpone_item(claim, FAILURE, MUCH_LATER, LATER)
        job = repository.get_job(TENANT, "one")
        assert (job.status, job.finished_at, job.counts[ItemStatus.FAILED]) == (JobStatus.CANCELED, LATER, 1)

    def test_tries_survive_a_pause_and_begin_anew_with_a_retry(self, repository: JobRepository, runs: JobRuns) -> None:
        repository.insert_job(new_job(), new_items(1))
        assert runs.postpone_item(claimed(runs, JobRound("one", 1), 0), FAILURE, MUCH_LATER, LATER)
        repository.pause_job(TENANT, "one", LATER)
        resumed = repository.resume_job(TENANT, "one", LATER)
        assert resumed is not None
        waiting = runs.waiting_items("one")
        assert waiting is not None
        assert [(item.failed_tries, item.next_try_at) for item in waiting.items] == [(1, MUCH_LATER)]
        assert runs.end_item(claimed(runs, resumed, 0), FAILURE, LATER)
        finish = runs.begin_finish(resumed, "w1", LATER)
        assert finish is not None
        assert runs.end_finish(finish, {}, LATER)
        repository.retry_job(TENANT, "one")
        assert repository.list_items(TENANT, "one", limit=1)[0].failed_tries == 0

    def test_spans_tell_how_long_items_took_the_latest_end_first(
        self, repository: JobRepository, runs: JobRuns, three: JobRound
    ) -> None:
        for position, minutes in ((0, 5), (1, 2)):
            assert runs.end_item(claimed(runs, three, position), {}, START + timedelta(minutes=minutes))
        repository.cancel_job(TENANT, "one", LATER)
        spans = repository.list_spans(TENANT, "one", limit=10)
        assert [span.seconds for span in spans] == [300.0, 120.0]
        assert repository.list_spans(TENANT, "one", limit=1) == [ItemSpan(START, START + timedelta(minutes=5))]

    def test_longest_item_of_late_counts_what_still_runs(self, repository: JobRepository, runs: JobRuns) -> None:
        assert not runs.something_to_do()
        assert runs.longest_recent_seconds(LATER) is None
        repository.insert_job(new_job(), new_items())
        job_round = JobRound("one", 1)
        assert runs.something_to_do()
        assert runs.end_item(claimed(runs, job_round, 0), {}, START + timedelta(seconds=2))
        assert runs.longest_recent_seconds(LATER) == 2.0
        claim = claimed(runs, job_round, 1)
        assert runs.longest_recent_seconds(START + timedelta(seconds=9)) == 9.0
        repository.pause_job(TENANT, "one", LATER)
        assert runs.something_to_do()
        assert runs.end_item(claim, {}, LATER)
        assert not runs.something_to_do()
