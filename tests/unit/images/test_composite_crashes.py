"""A photo whose work was cut off goes on where it stood; what may be paid for is asked for again by people alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.errors import BackendError, BackendUnavailableError
from services.images.background_models import BackgroundWish
from services.jobs.models import Job, JobItem
from services.jobs.running import WorkNoLongerCountsError
from tests.unit.images.batch_desk import MIA, TENANT, PhotoDesk, photo
from tests.unit.images.photo_fakes import FakeGenerator

OAK = BackgroundWish(prompt="oak table", seed=7)


@pytest.fixture
def paid(tmp_path: Path) -> Iterator[PhotoDesk]:
    """A desk whose generator costs four cents a picture."""
    made = PhotoDesk(tmp_path, generator=FakeGenerator(paid=True, price=0.04))
    yield made
    made.close()


def begun(desk: PhotoDesk) -> tuple[Job, Any, JobItem]:
    """A run of one photo that nobody works on yet, its kind, and its item."""
    batch = desk.batch(a_png=photo())
    desk.queue.paused = True
    job = desk.service.start(MIA, TENANT, batch.id, OAK)
    return job, desk.kinds[job.kind], desk.jobs.list_items(TENANT, job.id)[0]


def nobody_listens(stage: str, progress: float | None = None) -> None:
    """A StageListener."""


class CrashingFiles:
    """Ends the work with an exception that no worker survives, at the write of a file of that name, once."""

    def __init__(self, desk: PhotoDesk, ending: str) -> None:
        self._write = desk.files.write
        self._ending = ending
        self.crashed = False

    def __call__(self, name: str, data: bytes) -> None:
        if name.endswith(self._ending) and not self.crashed:
            self.crashed = True
            raise WorkNoLongerCountsError
        self._write(name, data)


@pytest.mark.parametrize("ending", ["/reserved", "composite-1.png", "composites.json"])
def test_item_that_was_cut_off_goes_on_without_paying_again(
    paid: PhotoDesk, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    job, kind, item = begun(paid)
    monkeypatch.setattr(paid.files, "write", CrashingFiles(paid, ending))
    with pytest.raises(WorkNoLongerCountsError):
        kind.run_item(job, item, nobody_listens)
    result = kind.run_item(job, item, nobody_listens)
    assert len(paid.generator.requests) == 1
    assert len(result["composites"]) == 1


def test_answer_that_was_kept_is_not_paid_again_although_the_ledger_was_not_told(
    paid: PhotoDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, kind, item = begun(paid)
    settle = paid.ports.ledger.settle

    def cut_off(*arguments: Any) -> None:
        monkeypatch.setattr(paid.ports.ledger, "settle", settle)
        raise BackendUnavailableError("The database did not answer.", code="database-unavailable")

    monkeypatch.setattr(paid.ports.ledger, "settle", cut_off)
    with pytest.raises(BackendUnavailableError):
        kind.run_item(job, item, nobody_listens)
    result = kind.run_item(job, item, nobody_listens)
    assert (len(paid.generator.requests), result["calls"], result["cost_usd"]) == (1, 1, 0.04)


@pytest.mark.parametrize("ending", ["/background-1.png", "/answer.json"])
def test_answer_that_was_lost_in_a_crash_is_paid_again_only_when_a_person_says_so(
    paid: PhotoDesk, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    job, kind, item = begun(paid)
    monkeypatch.setattr(paid.files, "write", CrashingFiles(paid, ending))
    with pytest.raises(WorkNoLongerCountsError):
        kind.run_item(job, item, nobody_listens)
    with pytest.raises(BackendError) as caught:
        kind.run_item(job, item, nobody_listens)
    assert (caught.value.code, caught.value.retryable) == ("paid-reply-lost", False)
    assert len(paid.generator.requests) == 1
    result = kind.run_item(job, item, nobody_listens)
    assert (len(paid.generator.requests), result["calls"], result["cost_usd"]) == (2, 2, 0.08)
    assert any("earlier call" in note for note in result["notes"])


def test_answer_of_a_generator_that_is_free_is_asked_for_again_after_a_crash(
    paid: PhotoDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid.generator.price_per_picture = 0.0
    job, kind, item = begun(paid)
    monkeypatch.setattr(paid.files, "write", CrashingFiles(paid, "/answer.json"))
    with pytest.raises(WorkNoLongerCountsError):
        kind.run_item(job, item, nobody_listens)
    assert kind.run_item(job, item, nobody_listens)["composites"]
    assert len(paid.generator.requests) == 2


def test_answer_that_comes_after_its_work_was_taken_over_is_used_when_a_person_retries(
    paid: PhotoDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, kind, item = begun(paid)
    generate = paid.generator.generate

    def slow(*arguments: Any) -> Any:
        monkeypatch.setattr(paid.generator, "generate", generate)
        with pytest.raises(BackendError) as caught:  # another worker believes that this one is dead
            kind.run_item(job, item, nobody_listens)
        assert caught.value.code == "paid-reply-lost"
        return generate(*arguments)

    monkeypatch.setattr(paid.generator, "generate", slow)
    kind.run_item(job, item, nobody_listens)
    kind.run_item(job, item, nobody_listens)
    assert len(paid.generator.requests) == 1
