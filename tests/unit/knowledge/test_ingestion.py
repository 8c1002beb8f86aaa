"""Files that are uploaded become documents and a checked draft, whatever happens on the way."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.errors import AccessError, BackendUnavailableError, InputError
from services.jobs.models import ItemStatus, JobStatus
from services.jobs.running import WorkNoLongerCountsError
from services.knowledge.ingestion import Upload
from services.knowledge.models import SnapshotStatus
from services.ports.jobs import JobKind
from tests.fakes import FakeEmbedder
from tests.unit.knowledge.admin_desk import (
    ANA,
    COLD,
    GRACE,
    LIMIT_BYTES,
    OTHER_TENANT,
    RETURNS,
    STRANGER,
    TENANT,
    AdminDesk,
    item_results,
)

QUESTION = "Within how many days can a parcel be returned?"


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/") + ".md", data)
    return stream.getvalue()


def test_files_become_documents_and_a_draft_that_does_not_answer_yet(desk: AdminDesk) -> None:
    job = desk.load(("returns.md", RETURNS), ("cold.md", COLD))
    assert (job.status, job.counts[ItemStatus.DONE]) == (JobStatus.DONE, 2)
    assert (job.result["snapshot"], job.result["documents"], job.result["chunks"]) == (1, 2, 3)
    assert job.result["embedded"] > 0
    first = item_results(desk, job)[0]
    assert (first["documents"], first["chunks"], first["warnings"], first["failures"]) == (1, 2, [], [])
    assert desk.live() is None
    assert desk.checked == [1]


def test_second_load_embeds_only_what_changed(desk: AdminDesk) -> None:
    desk.load(("returns.md", RETURNS), ("cold.md", COLD))
    job = desk.load(("returns.md", RETURNS.replace(b"30 days", b"60 days")))
    assert job.result["snapshot"] == 2
    assert job.result["embedded"] == 1
    assert job.result["reused"] > 0


def test_file_that_cannot_be_read_fails_with_its_cause_and_the_others_load(desk: AdminDesk) -> None:
    job = desk.load(("picture.png", b"\x89PNG\r\n\x1a\n0000"), ("cold.md", COLD))
    failed, done = desk.jobs.list_items(TENANT, job.id)
    assert (failed.status, failed.error_code) == (ItemStatus.FAILED, "unsupported-type")
    assert "picture.png" in failed.cause
    assert failed.remedy
    assert done.status is ItemStatus.DONE
    assert job.result["documents"] == 1


def test_archive_is_one_item_that_becomes_many_documents(desk: AdminDesk) -> None:
    job = desk.load(("rules.zip", zipped(returns=RETURNS, cold__chain=COLD, empty=b"")))
    (result,) = item_results(desk, job)
    assert (result["documents"], result["document_ids"]) == (2, ["returns.md", "cold/chain.md"])
    assert [failure["code"] for failure in result["failures"]] == ["empty-file"]


def uploads(desk: AdminDesk) -> list[Path]:
    return [path for path in (desk.storage / "uploads").rglob("*") if path.is_file()]


def test_archive_is_not_kept_once_its_files_are_documents(desk: AdminDesk) -> None:
    archive = zipped(returns=RETURNS)
    for _ in range(2):
        assert desk.load(("rules.zip", archive)).status is JobStatus.DONE
        assert uploads(desk) == []


def test_archive_that_another_load_waits_for_is_kept(desk: AdminDesk) -> None:
    archive = zipped(returns=RETURNS)
    desk.queue.paused = True
    first = desk.ingestion.submit_files(GRACE, TENANT, [Upload("rules.zip", archive)])
    second = desk.ingestion.submit_files(GRACE, TENANT, [Upload("again.zip", archive)])
    desk.queue.paused = False
    desk.queue.run_waiting()
    assert {desk.jobs.get(TENANT, job.id).status for job in (first, second)} == {JobStatus.DONE}
    assert uploads(desk) == []


def test_archive_that_cannot_be_opened_fails_as_a_whole_and_stays_for_a_retry(desk: AdminDesk) -> None:
    job = desk.load(("rules.zip", b"PK\x03\x04 no archive"))
    assert job.status is JobStatus.FAILED
    assert len(uploads(desk)) == 1
    assert desk.jobs.list_items(TENANT, job.id)[0].error_code == "archive-damaged"


def test_same_content_under_another_name_is_not_stored_twice(desk: AdminDesk) -> None:
    desk.load(("returns.md", RETURNS))
    job = desk.load(("copy of returns.md", RETURNS))
    (result,) = item_results(desk, job)
    assert result["documents"] == 0
    (warning,) = result["warnings"]
    assert warning["code"] == "duplicate"
    assert "returns.md" in warning["cause"]
    assert [held.document_id for held in desk.repository.current_versions(TENANT)] == ["returns.md"]
    assert "skipped" in job.result


def test_copies_within_one_load_are_stored_once(desk: AdminDesk) -> None:
    job = desk.load(("rules.zip", zipped(a=RETURNS, b=RETURNS)))
    (result,) = item_results(desk, job)
    assert (result["documents"], [warning["code"] for warning in result["warnings"]]) == (1, ["duplicate"])


def test_deleted_document_can_be_loaded_under_another_name(desk: AdminDesk) -> None:
    desk.load(("returns.md", RETURNS), ("cold.md", COLD))
    desk.documents.delete(GRACE, TENANT, ["returns.md"])
    (result,) = item_results(desk, desk.load(("rules.md", RETURNS)))
    assert (result["documents"], result["warnings"]) == (1, [])


def test_lines_of_jsonl_keep_their_own_ids(desk: AdminDesk) -> None:
    lines = b'{"id": "a", "title": "A", "text": "One."}\n{"id": "b", "title": "B", "text": "Two."}\n'
    desk.load(("docs.jsonl", lines))
    desk.documents.delete(GRACE, TENANT, ["b"])
    (result,) = item_results(desk, desk.load(("renamed.jsonl", lines)))
    assert (result["documents"], result["unchanged"]) == (1, 1)


def test_file_without_passages_is_a_warning(desk: AdminDesk) -> None:
    job = desk.load(("symbols.txt", b"*** --- ***"), ("cold.md", COLD))
    codes = [item.error_code or item.result["warnings"][0]["code"] for item in desk.jobs.list_items(TENANT, job.id)[:1]]
    assert codes[0] in {"no-text", "zero-chunks"}


@pytest.mark.parametrize(
    ("uploads", "code"),
    [
        ([], "no-files"),
        ([Upload("big.md", b"x" * (LIMIT_BYTES + 1))], "too-large"),
        ([Upload("good.md", COLD), Upload("empty.md", b"")], "empty-file"),
        ([Upload("n" * 401, COLD)], "name-too-long"),
    ],
)
def test_what_cannot_be_loaded_is_refused_before_anything_starts(
    desk: AdminDesk, uploads: list[Upload], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        desk.ingestion.submit_files(GRACE, TENANT, uploads)
    assert caught.value.code == code
    assert desk.jobs.list_jobs(TENANT) == []


def test_only_administrators_of_the_tenant_load_and_build(desk: AdminDesk) -> None:
    for account in (ANA, STRANGER):
        with pytest.raises(AccessError):
            desk.ingestion.submit_files(account, TENANT, [Upload("cold.md", COLD)])
        with pytest.raises(AccessError):
            desk.ingestion.submit_build(account, TENANT)


def test_stored_files_outlive_the_browser_and_wait_for_a_worker(desk: AdminDesk) -> None:
    desk.queue.paused = True
    kept = [desk.ingestion.keep_file(GRACE, TENANT, "returns.md", RETURNS)]
    job = desk.ingestion.submit_files(GRACE, TENANT, kept)
    assert desk.jobs.get(TENANT, job.id).status is JobStatus.QUEUED
    desk.queue.run_waiting()
    assert desk.jobs.get(TENANT, job.id).status is JobStatus.DONE


def test_two_jobs_at_once_end_with_a_draft_of_all_documents(desk: AdminDesk) -> None:
    desk.queue.paused = True
    first = desk.ingestion.submit_files(GRACE, TENANT, [Upload("returns.md", RETURNS)])
    second = desk.ingestion.submit_files(GRACE, TENANT, [Upload("cold.md", COLD)])
    desk.queue.run_waiting()
    assert [held.document_id for held in desk.index.held_documents(TENANT, desk.newest())] == ["cold.md", "returns.md"]
    assert desk.jobs.get(TENANT, first.id).status is desk.jobs.get(TENANT, second.id).status is JobStatus.DONE


def test_build_that_would_hold_nothing_new_is_skipped_with_words(desk: AdminDesk) -> None:
    desk.load(("returns.md", RETURNS))
    job = desk.jobs.get(TENANT, desk.ingestion.submit_build(GRACE, TENANT).id)
    assert job.status is JobStatus.DONE
    assert (job.result["snapshot"], job.result["embedded"]) == (1, 0)
    assert "Version 1" in job.result["skipped"]


def test_build_without_any_document_says_so(desk: AdminDesk) -> None:
    job = desk.jobs.get(TENANT, desk.ingestion.submit_build(GRACE, TENANT).id)
    assert (job.status, job.result["snapshot"]) == (JobStatus.DONE, None)


def test_jobs_of_the_knowledge_base_are_listed_newest_first_and_only_the_tenants(desk: AdminDesk) -> None:
    first = desk.load(("returns.md", RETURNS))
    second = desk.ingestion.submit_build(GRACE, TENANT)
    assert [job.id for job in desk.ingestion.list_jobs(GRACE, TENANT)] == [second.id, first.id]
    assert desk.ingestion.list_jobs(STRANGER, OTHER_TENANT) == []


def test_failed_check_keeps_the_draft_and_a_retry_checks_it(desk: AdminDesk) -> None:
    def fail() -> None:
        raise BackendUnavailableError("The index did not answer.")

    desk.before_check = fail
    job = desk.load(("returns.md", RETURNS))
    assert (job.status, job.retryable) == (JobStatus.FAILED, True)
    desk.before_check = lambda: None
    desk.jobs.retry_failed(TENANT, job.id)
    assert desk.jobs.get(TENANT, job.id).status is JobStatus.DONE
    assert desk.checked == [desk.newest()] == [1]


class StoppingEmbedder(FakeEmbedder):
    """Stops the process, so to speak, at its next call."""

    def __init__(self) -> None:
        super().__init__()
        self.stop: BaseException | None = None

    def embed(self, texts: Any) -> NDArray[np.float32]:
        if self.stop is not None:
            raise self.stop
        return super().embed(texts)


def killed_build(home: Path) -> AdminDesk:
    """A desk whose second build was killed in the middle."""
    embedder = StoppingEmbedder()
    desk = AdminDesk(home, embedder=embedder)
    desk.load(("returns.md", RETURNS))
    desk.publish()
    embedder.stop = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        desk.load(("cold.md", COLD))
    embedder.stop = None
    return desk


def test_killed_build_leaves_no_files_and_goes_on_under_its_number(tmp_path: Path) -> None:
    desk = killed_build(tmp_path)
    abandoned = desk.snapshot_folder(2).with_name(".building-2-ffffffff")
    abandoned.mkdir()
    assert desk.repository.list_snapshots(TENANT, unfinished=True)[0].status is SnapshotStatus.BUILDING
    assert "30 days" in desk.ask(QUESTION).text
    (job,) = desk.jobs.list_jobs(TENANT)[:1]
    made = desk.drafts.make(job, lambda *_: None)
    assert made.snapshot is not None
    assert made.snapshot.number == 2
    assert sorted(path.name for path in desk.snapshot_folder(2).parent.iterdir()) == ["000001", "000002"]
    desk.close()


def test_build_whose_worker_was_replaced_does_not_fail_the_number_that_goes_on(desk: AdminDesk) -> None:
    desk.load(("returns.md", RETURNS))
    desk.queue.paused = True
    job = desk.ingestion.submit_files(GRACE, TENANT, [Upload("cold.md", COLD)])
    desk.knowledge.store_loaded(TENANT, desk.documents._loader.load_bytes("cold.md", COLD))

    def lost(stage: str, progress: float | None = None) -> None:
        if stage == "embedding" and progress:
            raise WorkNoLongerCountsError

    with pytest.raises(WorkNoLongerCountsError):
        desk.drafts.make(job, lost)
    newest = desk.repository.list_snapshots(TENANT, unfinished=True)[0]
    assert (newest.number, newest.status) == (2, SnapshotStatus.BUILDING)
    made = desk.drafts.make(job, lambda *_: None).snapshot
    assert made is not None
    assert made.number == 2


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("out of memory")])
def test_build_that_fails_keeps_what_answers_and_says_why(tmp_path: Path, error: Exception) -> None:
    embedder = StoppingEmbedder()
    desk = AdminDesk(tmp_path, embedder=embedder)
    desk.load(("returns.md", RETURNS))
    desk.publish()
    embedder.stop = error
    job = desk.load(("cold.md", COLD))
    assert job.status is JobStatus.FAILED
    assert job.cause
    embedder.stop = None
    assert desk.live() == 1
    assert "30 days" in desk.ask(QUESTION).text
    assert sorted(path.name for path in desk.snapshot_folder(1).parent.iterdir()) == ["000001"]
    desk.jobs.retry_failed(TENANT, job.id)
    assert desk.jobs.get(TENANT, job.id).result["documents"] == 2
    desk.close()


def test_upload_that_cannot_be_stored_starts_nothing(desk: AdminDesk) -> None:
    desk.storage.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(BackendUnavailableError):
        desk.ingestion.submit_files(GRACE, TENANT, [Upload("cold.md", COLD)])
    assert desk.jobs.list_jobs(TENANT) == []


class Hearing:
    """A kind that also notes the stages that its work tells."""

    def __init__(self, inner: JobKind, heard: list[tuple[str, float | None]]) -> None:
        self._inner = inner
        self._heard = heard
        self.kind = inner.kind

    def run_item(self, job: Any, item: Any, report: Any) -> Mapping[str, Any]:
        return self._inner.run_item(job, item, self._told(report))

    def finish(self, job: Any, report: Any) -> Mapping[str, Any]:
        return self._inner.finish(job, self._told(report))

    def _told(self, report: Any) -> Any:
        def tell(stage: str, progress: float | None = None) -> None:
            self._heard.append((stage, progress))
            report(stage, progress)

        return tell


def test_stages_tell_how_far_the_work_is(tmp_path: Path) -> None:
    heard: list[tuple[str, float | None]] = []
    desk = AdminDesk(tmp_path, wrap_kinds=lambda kinds: {name: Hearing(kind, heard) for name, kind in kinds.items()})
    desk.load(("returns.md", RETURNS))
    assert list(dict.fromkeys(stage for stage, _ in heard)) == ["reading", "storing", "embedding", "checking"]
    assert ("embedding", 1.0) in heard
    assert ("checking", 1.0) in heard
    desk.close()
