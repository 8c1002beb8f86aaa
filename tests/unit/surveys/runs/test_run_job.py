"""The background work of a run, done again after a crash, and by other versions."""

from __future__ import annotations

from services.jobs.lanes import lane_of
from services.jobs.models import ItemStatus
from services.surveys.run_chunks import chunk_items
from tests.unit.surveys.runs.run_desk import LEO, PAID, TENANT, RunDesk


def silent(stage: str, progress: float | None = None) -> None:
    """A StageListener that keeps nothing."""


def test_chunk_whose_findings_were_kept_before_a_crash_is_not_analyzed_again(desk: RunDesk) -> None:
    run = desk.start(PAID)
    job = desk.jobs.get(TENANT, run.job_id)
    read, written = dict(desk.paid.read), len(desk.files.written)
    for item in desk.jobs.list_items(TENANT, run.job_id):
        # What was paid for counts once, whichever of the two the job keeps.
        assert desk.kind.run_item(job, item, silent) == {**item.result, "reused": True}
    assert (desk.paid.read, len(desk.files.written)) == (read, written)


def test_findings_that_a_crash_of_the_machine_cut_off_are_made_anew(desk: RunDesk) -> None:
    run = desk.start()
    job, item = desk.jobs.get(TENANT, run.job_id), desk.jobs.list_items(TENANT, run.job_id)[0]
    name = next(name for name in desk.files.files if name.endswith(f"{run.id}/parts/0.parquet"))
    whole = desk.files.files[name]
    desk.files.write(name, whole[: len(whole) // 2])
    assert desk.kind.run_item(job, item, silent)["reused"] is False
    assert desk.local.read["good app"] == 2
    assert desk.runs.findings(TENANT, run.id).overall.all()


def test_chunk_makes_its_calls_under_the_same_name_after_a_crash(desk: RunDesk) -> None:
    run = desk.start(PAID)
    claims = [f"{run.id}/{position}" for position in range(3)]
    assert desk.owners[-3:] == claims
    for name in [name for name in desk.files.files if "/parts/" in name]:
        desk.files.delete(name)
    job = desk.jobs.get(TENANT, run.job_id)
    for item in desk.jobs.list_items(TENANT, run.job_id):
        desk.kind.run_item(job, item, silent)
    assert desk.owners[-3:] == claims


def test_backend_that_changed_in_the_middle_fails_the_rest_of_the_run(desk: RunDesk) -> None:
    desk.local.before = lambda _responses: setattr(desk.local, "version", "fake-2")
    run = desk.start()
    assert desk.counts(run) == (1, 1, 0)
    (failed,) = desk.jobs.list_items(TENANT, run.job_id, ItemStatus.FAILED)
    assert (failed.error_code, failed.retryable) == ("backend-changed", False)


def test_backend_that_was_taken_away_fails_chunks_with_a_remedy(desk: RunDesk) -> None:
    desk.queue.paused = True
    run = desk.start(PAID)
    desk.remove_backend("paid")
    desk.queue.run_waiting()
    assert desk.counts(run) == (0, 3, 0)
    failed = desk.jobs.list_items(TENANT, run.job_id)[0]
    assert (failed.error_code, "Use fake" in failed.remedy) == ("unknown-backend", True)


def test_only_backends_that_cost_money_wait_in_a_lane(desk: RunDesk) -> None:
    desk.queue.paused = True
    for run, lane in ((desk.start(PAID), "paid"), (desk.start(), "")):
        job = desk.jobs.get(TENANT, run.job_id)
        assert {lane_of(desk.kind, job, item) for item in desk.jobs.list_items(TENANT, job.id)} == {lane}


def test_texts_go_to_the_backend_under_numbers_instead_of_the_surveys_ids(desk: RunDesk) -> None:
    ids: list[str] = []
    desk.paid.before = lambda responses: ids.extend(response.id for response in responses)
    desk.start(PAID)
    assert ids == ["0", "1", "2", "3", "4"]


def test_finish_that_failed_is_done_again_by_a_retry(desk: RunDesk) -> None:
    desk.queue.paused = True
    run = desk.start()
    desk.files.broken_for = "findings.parquet"
    desk.queue.run_waiting()
    assert desk.runs.state(TENANT, run.id).job.error_code == "storage-unavailable"
    desk.files.broken_for = ""
    desk.queue.paused = False
    desk.runs.retry(LEO, TENANT, run.id)
    assert desk.runs.findings(TENANT, run.id).overall.all()
    assert set(desk.local.read.values()) == {1}


def test_chunks_hold_every_text_once_and_are_never_too_many_for_a_job() -> None:
    for count, size, most in ((1, 3, 1), (7, 3, 3), (500_000, 20, 20_000), (40_001, 1, 20_000)):
        items = chunk_items(size, count)
        spans = [(int(item.arguments["first"]), int(item.arguments["last"])) for item in items]
        assert len(spans) <= most
        assert [first for first, _ in spans] == [0, *(last + 1 for _, last in spans[:-1])]
        assert spans[-1][1] == count - 1
