"""Folders that are read again and again, on a real database, index and folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.errors import AccessError, ConflictError, InputError, NotFoundError
from services.jobs.models import JobStatus
from services.knowledge.source_models import KnowledgeSource, SourceReading
from tests.unit.knowledge.admin_desk import ANA, COLD, GRACE, RETURNS, STRANGER, TENANT, AdminDesk

QUESTION = "Within how many days can a parcel be returned?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shared" / TENANT / "rules"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def desk(tmp_path: Path, folder: Path) -> Iterator[AdminDesk]:
    (tmp_path / "home").mkdir()
    made = AdminDesk(tmp_path / "home", roots=(str(tmp_path / "shared" / "{tenant}"),))
    yield made
    made.close()


def put(folder: Path, name: str, data: bytes) -> None:
    """Write a file whose time is new even when the clock of the disk is coarse."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_bytes(data)
    if file.stat().st_mtime_ns <= before:
        os.utime(file, ns=(before + 1, before + 1))


def add(desk: AdminDesk, folder: Path, *, publishes: bool = False) -> KnowledgeSource:
    return desk.sources.add_source(GRACE, TENANT, str(folder), every_minutes=60, publishes=publishes)


def read(desk: AdminDesk) -> SourceReading:
    """Let the time of the next reading come, and read."""
    desk.clock.advance(minutes=61)
    desk.sources.submit_due()
    (source,) = desk.sources.list_sources(GRACE, TENANT)
    assert source.last is not None
    return source.last


def counts(reading: SourceReading) -> tuple[int, int, int, int]:
    return reading.added, reading.changed, reading.removed, reading.unchanged


def ids(desk: AdminDesk) -> list[str]:
    return [held.document_id for held in desk.repository.current_versions(TENANT)]


def test_new_source_is_read_at_once_and_becomes_a_draft(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    put(folder, "cold/chain.md", COLD)
    put(folder, ".hidden.md", COLD + b"Hidden.")
    source = add(desk, folder)
    (job,) = desk.sources.submit_due()
    assert desk.jobs.get(TENANT, job.id).status is JobStatus.DONE
    (after,) = desk.sources.list_sources(GRACE, TENANT)
    assert after.last is not None
    assert (counts(after.last), after.last.snapshot, after.last.published) == ((2, 0, 0, 0), 1, False)
    assert after.next_run_at == source.created_at + timedelta(minutes=60)
    assert ids(desk) == ["cold/chain.md", "returns.md"]


def test_changed_files_become_versions_and_vanished_ones_are_deleted(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    put(folder, "cold.md", COLD)
    put(folder, "same.md", b"# Same\n\nThis stays.")
    add(desk, folder)
    read(desk)
    desk.publish()
    put(folder, "returns.md", RETURNS.replace(b"30", b"60"))
    (folder / "cold.md").unlink()
    reading = read(desk)
    assert (counts(reading), reading.snapshot) == ((0, 1, 1, 1), 2)
    assert ids(desk) == ["returns.md", "same.md"]
    assert "cold.md" not in desk.found_documents("How does insulin travel?")


def test_reading_without_changes_builds_nothing(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    add(desk, folder)
    read(desk)
    os.utime(folder / "returns.md", ns=(1, 1))
    reading = read(desk)
    assert (counts(reading), reading.snapshot) == ((0, 0, 0, 1), None)
    assert desk.newest() == 1


def test_edit_by_an_admin_stays_until_the_file_changes(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    add(desk, folder)
    read(desk)
    desk.documents.replace_document(GRACE, TENANT, "returns.md", "x.md", b"# Returns\n\nIn a year.", expected_version=1)
    read(desk)
    assert "In a year." in desk.documents.get_version(GRACE, TENANT, "returns.md").document.text


def test_renamed_file_stays_one_document_under_its_new_name(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    add(desk, folder)
    read(desk)
    (folder / "returns.md").rename(folder / "sendings.md")
    reading = read(desk)
    assert (counts(reading), reading.failures) == ((1, 0, 1, 0), ())
    assert ids(desk) == ["sendings.md"]


def test_place_that_cannot_be_listed_deletes_nothing_and_is_read_again(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    add(desk, folder)
    read(desk)
    away = folder.with_name("away")
    folder.rename(away)
    assert "is not there" in read(desk).failure
    assert ids(desk) == ["returns.md"]
    away.rename(folder)
    reading = read(desk)
    assert (reading.failure, counts(reading)) == ("", (0, 0, 0, 1))


def test_folder_that_is_suddenly_empty_deletes_nothing(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    add(desk, folder)
    read(desk)
    (folder / "returns.md").unlink()
    assert "nothing was deleted" in read(desk).failure
    assert ids(desk) == ["returns.md"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_folder_that_may_not_be_opened_deletes_nothing(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    put(folder, "closed/cold.md", COLD)
    add(desk, folder)
    read(desk)
    (folder / "closed").chmod(0)
    try:
        assert read(desk).failure
    finally:
        (folder / "closed").chmod(0o700)
    assert ids(desk) == ["closed/cold.md", "returns.md"]


def test_file_that_cannot_be_loaded_is_told_every_time_until_it_can(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    put(folder, "broken.pdf", b"%PDF-1.7 broken")
    add(desk, folder)
    for _ in range(2):
        reading = read(desk)
        assert [failure["file"] for failure in reading.failures] == ["broken.pdf"]
    put(folder, "broken.pdf", b"# No PDF at all but text\n\nMended.")
    put(folder, "good.md", COLD)
    assert read(desk).added == 1


def test_broken_file_keeps_the_document_that_it_was(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    add(desk, folder)
    read(desk)
    put(folder, "returns.md", b"\0\0\0\0")
    assert len(read(desk).failures) == 1
    assert ids(desk) == ["returns.md"]


def test_lines_that_left_a_jsonl_file_are_deleted(desk: AdminDesk, folder: Path) -> None:
    put(folder, "docs.jsonl", b'{"id": "a", "text": "One."}\n{"id": "b", "text": "Two."}\n')
    add(desk, folder)
    read(desk)
    put(folder, "docs.jsonl", b'{"id": "a", "text": "One."}\n')
    reading = read(desk)
    assert (counts(reading), ids(desk)) == ((0, 1, 0, 0), ["a"])


def test_document_of_another_source_is_not_overwritten(desk: AdminDesk, folder: Path) -> None:
    other = folder.with_name("other")
    put(folder, "returns.md", RETURNS)
    put(other, "returns.md", COLD)
    add(desk, folder)
    desk.sources.submit_due()
    desk.clock.advance(minutes=1)
    add(desk, other)
    desk.sources.submit_due()
    second = desk.sources.list_sources(GRACE, TENANT)[1]
    assert second.last is not None
    assert [failure["code"] for failure in second.last.failures] == ["of-another-source"]
    assert "30 days" in desk.documents.get_version(GRACE, TENANT, "returns.md").document.text


def test_source_that_may_publish_does_so_unless_questions_got_worse(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    add(desk, folder, publishes=True)
    assert read(desk).published
    assert desk.live() == 1
    desk.regressions[2] = 2
    put(folder, "returns.md", RETURNS.replace(b"30", b"60"))
    reading = read(desk)
    assert (reading.published, desk.live()) == (False, 1)
    assert "2 golden questions got worse" in reading.note


def test_failed_build_is_told_and_made_up_for_at_the_next_reading(desk: AdminDesk, folder: Path) -> None:
    def fail() -> None:
        raise InputError("The golden questions could not be asked.")

    put(folder, "returns.md", RETURNS)
    add(desk, folder)
    desk.before_check = fail
    assert "could not be asked" in read(desk).failure
    desk.before_check = lambda: None
    reading = read(desk)
    assert (reading.failure, reading.snapshot) == ("", 1)


def test_due_source_is_started_once_by_however_many_workers(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    source = add(desk, folder)
    desk.queue.paused = True
    assert desk.source_repository.claim(source, desk.clock() + timedelta(hours=1))
    assert not desk.source_repository.claim(source, desk.clock() + timedelta(hours=1))
    assert desk.sources.submit_due() == []
    desk.clock.advance(minutes=61)
    assert [len(desk.sources.submit_due()) for _ in range(3)] == [1, 0, 0]
    desk.clock.advance(minutes=61)
    assert desk.sources.submit_due() == []
    with pytest.raises(ConflictError) as caught:
        desk.sources.read_now(GRACE, TENANT, source.id)
    assert caught.value.code == "source-being-read"


def test_paused_source_rests_and_is_due_when_it_goes_on(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    source = add(desk, folder)
    changed = desk.sources.change_source(GRACE, TENANT, source.id, every_minutes=60, publishes=True, paused=True)
    assert (changed.next_run_at, changed.publishes) == (None, True)
    desk.clock.advance(days=2)
    assert desk.sources.submit_due() == []
    assert desk.sources.read_now(GRACE, TENANT, source.id).kind == "read-source"
    desk.sources.change_source(GRACE, TENANT, source.id, every_minutes=60, publishes=True, paused=False)
    assert len(desk.sources.submit_due()) == 1


def test_removed_source_leaves_its_documents(desk: AdminDesk, folder: Path) -> None:
    put(folder, "returns.md", RETURNS)
    source = add(desk, folder)
    read(desk)
    desk.sources.remove_source(GRACE, TENANT, source.id)
    assert desk.sources.list_sources(GRACE, TENANT) == []
    assert ids(desk) == ["returns.md"]
    with pytest.raises(NotFoundError):
        desk.sources.read_now(GRACE, TENANT, source.id)


def test_source_of_an_archived_tenant_is_not_read(desk: AdminDesk, folder: Path) -> None:
    add(desk, folder)
    desk.accounts.set_archived(TENANT, desk.clock())
    assert desk.sources.submit_due() == []


@pytest.mark.parametrize("place", ["/etc", "relative/folder", "", "{shared}/clinic", "{shared}/pharmacy/../clinic"])
def test_place_outside_the_allowed_roots_is_refused(desk: AdminDesk, folder: Path, place: str) -> None:
    shared = folder.parent.parent
    (shared / "clinic").mkdir()
    with pytest.raises(InputError) as caught:
        desk.sources.add_source(GRACE, TENANT, place.format(shared=shared), every_minutes=60)
    assert caught.value.code == "place-not-allowed"


def test_link_does_not_lead_out_of_the_allowed_roots(desk: AdminDesk, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    put(secret, "secret.md", b"# Secret\n\nNobody may read this.")
    (folder / "way-out").symlink_to(secret)
    (folder / "file-out.md").symlink_to(secret / "secret.md")
    put(folder, "returns.md", RETURNS)
    with pytest.raises(InputError):
        add(desk, folder / "way-out")
    add(desk, folder)
    read(desk)
    assert ids(desk) == ["returns.md"]


def test_what_frontline_writes_is_no_source(tmp_path: Path) -> None:
    desk = AdminDesk(tmp_path, roots=("/",))
    for place in (tmp_path, tmp_path.parent, tmp_path / "files" / "originals"):
        place.mkdir(parents=True, exist_ok=True)
        with pytest.raises(InputError) as caught:
            add(desk, place)
        assert caught.value.code == "place-not-allowed"
    desk.close()


def test_without_roots_sources_are_off(tmp_path: Path) -> None:
    desk = AdminDesk(tmp_path)
    assert desk.sources.allowed_places(GRACE, TENANT) == ()
    with pytest.raises(InputError):
        add(desk, tmp_path)
    desk.close()


def test_wrong_place_interval_and_second_source_of_a_place_are_refused(desk: AdminDesk, folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        add(desk, folder / "nowhere")
    assert caught.value.code == "source-missing"
    with pytest.raises(InputError):
        desk.sources.add_source(GRACE, TENANT, str(folder), every_minutes=1)
    add(desk, folder)
    with pytest.raises(ConflictError):
        add(desk, folder.parent / "rules")


def test_only_administrators_of_the_tenant_reach_sources(desk: AdminDesk, folder: Path) -> None:
    source = add(desk, folder)
    for account in (ANA, STRANGER):
        with pytest.raises(AccessError):
            desk.sources.list_sources(account, TENANT)
        with pytest.raises(AccessError):
            desk.sources.remove_source(account, TENANT, source.id)
        with pytest.raises(AccessError):
            desk.sources.read_now(account, TENANT, source.id)
