"""The cuts that are learned from golden and out-of-scope questions."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from services.answers.bands import DEFAULT_CUTS, band_of, confidence
from services.answers.calibration import FEWEST_GOLDEN, CalibrationReport, CalibrationService
from services.answers.models import Band
from services.errors import NotFoundError
from services.knowledge.library import KnowledgeService
from services.knowledge.models import BandCuts, ExpectedPassage, GoldenQuestion, Retrieval, Snapshot, SnapshotStatus
from tests.answer_fakes import STRONG, FakeKnowledgeIndex, passage, retrieval
from tests.contract.knowledge_samples import LOADED_AT, publish, record_snapshot
from tests.fakes import FakeEmbedder, FakeFiles
from tests.knowledge_fakes import FakeKnowledgeRepository

TENANT = "pharmacy"


def wobble(text: str) -> float:
    """A small number that differs from question to question and is always the same for one."""
    return (sum(map(ord, text)) % 17) / 170


def find(question: str) -> Retrieval:
    """Questions about claims are covered and stand out; confusing ones find the wrong document; the rest is foreign."""
    angle = wobble(question)
    if "claim" in question:
        vector = (math.cos(angle), math.sin(angle))
        evidence = replace(STRONG, similarity=0.6 + angle, breadth=0.5 + angle, lead=0.3 + angle)
        return retrieval(evidence, passage("About claims."), vector=vector)
    if "confusing" in question:
        evidence = replace(STRONG, similarity=0.5 + angle, breadth=0.5, lead=0.01 + angle / 50)
        return retrieval(evidence, passage("Else.", "wrong.md"), vector=(math.cos(angle), math.sin(angle)))
    evidence = replace(STRONG, similarity=0.2 + angle, breadth=0.15 + angle, lead=0.01)
    return retrieval(evidence, passage("About claims."), vector=(math.sin(angle), math.cos(angle)))


def golden(count: int, words: str = "claim question", *, split: str = "tune") -> list[GoldenQuestion]:
    expected = (ExpectedPassage("codes.md"),)
    return [
        GoldenQuestion(f"{words}-{split}-{number}", f"{words} {number}", expected, "fact", split)
        for number in range(count)
    ]


MISSING = [GoldenQuestion(f"m{number}", f"missing claim {number}", kind="missing_fact") for number in range(4)]


class Calibrated:
    """A calibration service with one published and one newer snapshot."""

    def __init__(self) -> None:
        self.repository = FakeKnowledgeRepository()
        self.index = FakeKnowledgeIndex(find)
        knowledge = KnowledgeService(self.repository, self.index, FakeEmbedder(), FakeFiles(), max_file_bytes=1000)
        self.service = CalibrationService(knowledge, self.index, self.repository)
        for number in (1, 2):
            record_snapshot(self.repository, Snapshot(TENANT, number, SnapshotStatus.DRAFT, LOADED_AT, 1, 1, "fake"))
        publish(self.repository, TENANT, 1)

    def cuts(self, number: int = 1) -> BandCuts:
        """The cuts that were learned."""
        cuts = self.repository.get_snapshot(TENANT, number).cuts
        assert cuts is not None
        return cuts


@pytest.fixture
def calibrated() -> Calibrated:
    return Calibrated()


@pytest.fixture(scope="module")
def learned() -> tuple[Calibrated, CalibrationReport]:
    """Calibrated on 40 golden questions; only for reading."""
    made = Calibrated()
    made.repository.save_golden_questions(TENANT, [*golden(40), *golden(10, split="test"), *MISSING])
    return made, made.service.calibrate(TENANT)


def test_golden_questions_are_kept_and_foreign_ones_declined(learned: tuple[Calibrated, CalibrationReport]) -> None:
    _, report = learned
    assert report.snapshot == 1
    for share in (report.tune, report.test):
        assert share.kept >= 0.9
        assert share.declined >= 0.95
    assert (report.tune.golden_count, report.test.golden_count) == (40, 10)


def test_cut_lies_midway_where_golden_and_foreign_questions_are_apart(
    learned: tuple[Calibrated, CalibrationReport],
) -> None:
    cuts = learned[0].cuts()
    kept = min(confidence(find(question.text), cuts) for question in golden(40))
    foreign = max(confidence(find(text), cuts) for text in ("who won the match", "play a song", "the weather"))
    assert foreign < cuts.not_found_below < kept
    assert min(kept - cuts.not_found_below, cuts.not_found_below - foreign) > 0.2 * (kept - foreign)


def test_cuts_are_stored_with_the_published_snapshot_only(learned: tuple[Calibrated, CalibrationReport]) -> None:
    calibrated, _ = learned
    assert calibrated.cuts().calibrated_on > 40
    assert band_of(find("claim question 7"), calibrated.cuts()) is Band.DRAFT
    assert band_of(find("who won the match"), calibrated.cuts()) is Band.NOT_FOUND
    assert calibrated.repository.get_snapshot(TENANT, 2).cuts is None


def test_share_of_unanswerable_questions_with_a_draft_is_told(learned: tuple[Calibrated, CalibrationReport]) -> None:
    calibrated, report = learned
    bands = [band_of(find(question.text), calibrated.cuts()) for question in MISSING]
    assert report.tune.unanswerable_drafted == bands.count(Band.DRAFT) / len(MISSING) > 0
    assert report.test.unanswerable_drafted == 0


def test_same_questions_give_the_same_cuts_and_the_test_split_teaches_nothing(
    calibrated: Calibrated, learned: tuple[Calibrated, CalibrationReport]
) -> None:
    more = golden(30, "foreign words", split="test")
    calibrated.repository.save_golden_questions(TENANT, [*golden(40), *MISSING, *more])
    calibrated.service.calibrate(TENANT)
    assert calibrated.cuts() == learned[0].cuts()


def test_named_snapshot_is_calibrated_instead(calibrated: Calibrated) -> None:
    assert calibrated.service.calibrate(TENANT, number=2).snapshot == 2
    assert calibrated.cuts(2).calibrated_on > 0
    assert calibrated.repository.get_snapshot(TENANT, 1).cuts is None


@pytest.mark.parametrize("count", [0, 1, FEWEST_GOLDEN - 1])
def test_with_few_golden_questions_the_foreign_ones_set_the_cut(calibrated: Calibrated, count: int) -> None:
    calibrated.repository.save_golden_questions(TENANT, golden(count))
    report = calibrated.service.calibrate(TENANT)
    cuts = calibrated.cuts()
    assert cuts.direction == ()
    assert cuts.not_found_below >= DEFAULT_CUTS.not_found_below
    assert report.tune.declined >= 0.95
    assert band_of(find("a claim"), cuts) is Band.DRAFT


def test_own_out_of_scope_questions_count_beside_the_general_ones(calibrated: Calibrated) -> None:
    without = calibrated.service.calibrate(TENANT).tune.out_of_scope_count
    own = [GoldenQuestion("o1", "pay my bill"), GoldenQuestion("o2", "the weather", split="test")]
    report = calibrated.service.calibrate(TENANT, own)
    assert report.tune.out_of_scope_count == without + 1


def test_golden_questions_that_are_off_topic_count_as_foreign(calibrated: Calibrated) -> None:
    before = calibrated.service.calibrate(TENANT).tune
    calibrated.repository.save_golden_questions(TENANT, [GoldenQuestion("x", "the weather", kind="off_topic")])
    after = calibrated.service.calibrate(TENANT).tune
    assert (after.out_of_scope_count, after.golden_count) == (before.out_of_scope_count + 1, 0)


def test_drafts_are_kept_from_questions_that_find_the_wrong_document(calibrated: Calibrated) -> None:
    calibrated.repository.save_golden_questions(TENANT, [*golden(40), *golden(20, "confusing matter")])
    calibrated.service.calibrate(TENANT)
    cuts = calibrated.cuts()
    assert cuts.draft_from > DEFAULT_CUTS.draft_from
    assert band_of(find("confusing matter 5"), cuts) is not Band.DRAFT
    assert band_of(find("claim question 5"), cuts) is Band.DRAFT


def test_tenant_without_a_published_snapshot_cannot_be_calibrated(calibrated: Calibrated) -> None:
    with pytest.raises(NotFoundError):
        calibrated.service.calibrate("clinic")
    with pytest.raises(NotFoundError):
        calibrated.service.calibrate(TENANT, number=9)


def test_cuts_taken_over_hold_while_texts_and_questions_are_the_same(calibrated: Calibrated) -> None:
    calibrated.repository.save_golden_questions(TENANT, [*golden(30), *golden(5, split="test"), *MISSING])
    calibrated.service.calibrate(TENANT)
    cuts = calibrated.cuts()

    def drafted(reused: int) -> int:
        draft = Snapshot(TENANT, 0, SnapshotStatus.DRAFT, LOADED_AT, 9, 100, "fake", cuts, reused_count=reused)
        number = calibrated.repository.reserve_snapshot(draft, build_id=f"build {reused}").number
        calibrated.repository.complete_snapshot(replace(draft, number=number))
        return number

    assert not calibrated.service.calibrate_unless_it_holds(TENANT, drafted(reused=97))
    assert calibrated.service.calibrate_unless_it_holds(TENANT, drafted(reused=50))
    same = drafted(reused=98)
    calibrated.repository.save_golden_questions(TENANT, [GoldenQuestion("x", "the weather", kind="off_topic")])
    assert calibrated.service.calibrate_unless_it_holds(TENANT, same)
    assert not calibrated.service.calibrate_unless_it_holds(TENANT, same)
