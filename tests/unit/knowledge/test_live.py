"""Which snapshot answers while the published one cannot be opened."""

from __future__ import annotations

import pytest

from services.errors import BackendUnavailableError, ConfigurationError
from services.knowledge.live import SECONDS_BETWEEN_TRIALS, LiveSnapshots
from services.knowledge.models import Snapshot, SnapshotStatus
from tests.answer_fakes import FakeKnowledgeIndex
from tests.contract.knowledge_samples import LOADED_AT, publish, record_snapshot
from tests.knowledge_fakes import FakeKnowledgeRepository

TENANT = "pharmacy"


class Base:
    """Three snapshots that were published one after the other, and a clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.repository = FakeKnowledgeRepository()
        self.index = FakeKnowledgeIndex()
        self.live = LiveSnapshots(self.repository, self.index, clock=lambda: self.seconds)
        for number in (1, 2, 3):
            record_snapshot(self.repository, Snapshot(TENANT, number, SnapshotStatus.DRAFT, LOADED_AT, 1, 1, "fake"))
            publish(self.repository, TENANT, number)


@pytest.fixture
def base() -> Base:
    return Base()


def test_nearest_earlier_one_that_opens_answers(base: Base) -> None:
    base.index.damaged = {(TENANT, 3), (TENANT, 2)}
    assert base.live.require(TENANT).number == 1
    assert base.live.trouble_of(TENANT) == "Version 3 cannot be opened; version 1 answers instead."


def test_damaged_one_is_tried_again_after_a_while_and_answers_once_mended(base: Base) -> None:
    base.index.damaged = {(TENANT, 3)}
    assert base.live.require(TENANT).number == 2
    base.index.damaged = set()
    base.seconds += SECONDS_BETWEEN_TRIALS - 1
    assert base.live.require(TENANT).number == 2
    base.seconds += 2
    assert base.live.require(TENANT).number == 3
    assert base.live.trouble_of(TENANT) == ""
    base.live.check_ready()


def test_other_publication_ends_the_trouble_at_once(base: Base) -> None:
    base.index.damaged = {(TENANT, 3)}
    base.live.require(TENANT)
    publish(base.repository, TENANT, 2)
    assert base.live.require(TENANT).number == 2
    assert base.live.trouble_of(TENANT) == ""


def test_storage_that_does_not_answer_is_no_damage(base: Base) -> None:
    base.index.failure = BackendUnavailableError("The storage did not answer.")
    assert base.live.require(TENANT).number == 3
    assert base.live.trouble_of(TENANT) == ""


def test_missing_embedding_model_is_no_damage(base: Base) -> None:
    base.index.failure = ConfigurationError("It was made with another model.", code="snapshot-model")
    assert base.live.require(TENANT).number == 3


def test_what_was_rolled_back_from_is_not_fallen_back_to(base: Base) -> None:
    publish(base.repository, TENANT, 1)
    publish(base.repository, TENANT, 3)
    assert list(base.live.published_before(TENANT, 3)) == [1]
