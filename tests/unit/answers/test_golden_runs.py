"""Golden questions run on a snapshot, and two snapshots compared by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from services.answers.golden_models import GoldenOutcome, GoldenRun, Turn
from services.answers.golden_runs import GoldenRunService, compared, figures_of, turn_of
from services.answers.models import Band
from services.errors import NotFoundError
from services.knowledge.library import KnowledgeService
from services.knowledge.models import Evidence, GoldenQuestion, Ranking, Retrieval, SearchType, Snapshot, SnapshotStatus
from tests.answer_fakes import STRONG, WEAK, FakeKnowledgeIndex, passage, retrieval
from tests.contract.knowledge_samples import LOADED_AT, record_snapshot
from tests.fakes import FakeEmbedder, FakeFiles
from tests.golden_fakes import TENANT, FakeGoldenRuns, golden
from tests.knowledge_fakes import FakeKnowledgeRepository

CODE = golden("q1", "What is code 75?", ("codes.md", "means that the plan wants form PA-100"))
SECOND = golden("q2", "Where is the second best?", ("second.md", ""))
MISSING = golden("q3", "Is it free?", kind="missing_fact")
FOREIGN = golden("q4", "How is the weather?", kind="off_topic")


class TwoSnapshots(FakeKnowledgeIndex):
    """Finds the same in every snapshot, but for what is told by its number; remembers how it was searched."""

    def __init__(self) -> None:
        super().__init__()
        self.by_number: dict[int, Retrieval] = {}
        self.rankings: list[Ranking | None] = []

    def search(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        search_type: SearchType,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Retrieval:
        self.rankings.append(ranking)
        self.find = lambda asked: self.by_number.get(number) or found(asked)
        return super().search(tenant, number, question, limit=limit, search_type=search_type, hidden=hidden)


def found(question: str) -> Retrieval:
    first = passage("Code 75 means that the plan wants form PA-100.")
    if "second" in question:
        return retrieval(STRONG, first, passage("Here.", "second.md"))
    return retrieval(WEAK if "weather" in question else STRONG, first)


class Bench:
    """The service on two snapshots of one tenant, with four questions."""

    def __init__(self) -> None:
        self.repository = FakeKnowledgeRepository()
        self.index = TwoSnapshots()
        self.runs = FakeGoldenRuns()
        knowledge = KnowledgeService(self.repository, self.index, FakeEmbedder(), FakeFiles(), max_file_bytes=1000)
        self.service = GoldenRunService(knowledge, self.index, self.repository, self.runs, now=lambda: LOADED_AT)
        record_snapshot(self.repository, Snapshot(TENANT, 2, SnapshotStatus.DRAFT, LOADED_AT, 1, 1, "fake"))
        self.repository.save_golden_questions(TENANT, [CODE, SECOND, MISSING, FOREIGN])


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_run_keeps_band_place_and_quote_of_every_question(bench: Bench) -> None:
    run = bench.service.run(TENANT, 1)
    assert run.outcomes == (
        GoldenOutcome("q1", Band.DRAFT, 1, quote_found=True),
        GoldenOutcome("q2", Band.DRAFT, 2),
        GoldenOutcome("q3", Band.DRAFT),
        GoldenOutcome("q4", Band.NOT_FOUND),
    )
    assert bench.service.latest(TENANT, 1) == run
    assert bench.service.latest(TENANT, 2) is None


def test_run_uses_the_weights_and_leaves_out_hidden_documents(bench: Bench) -> None:
    bench.repository.save_ranking(TENANT, 1, Ranking(0.4, 0.1))
    bench.repository.hidden = {"codes.md": 1}
    run = bench.service.run(TENANT, 1)
    assert set(bench.index.rankings) == {Ranking(0.4, 0.1)}
    first = run.outcome("q1")
    assert first == GoldenOutcome("q1", Band.NOT_FOUND, None, quote_found=False)


def test_long_question_is_condensed_as_an_agents_is(bench: Bench) -> None:
    story = "The patient came in this morning and told a long story about the week. " * 5 + "What is code 75?"
    bench.repository.save_golden_questions(TENANT, [replace(CODE, text=story)])
    bench.service.run(TENANT, 1)
    searched = next(text for text, kind in bench.index.searched if kind is SearchType.HYBRID)
    assert len(searched.split()) < len(story.split())
    assert "What is code 75?" in searched


def test_run_says_how_far_it_is(bench: Bench) -> None:
    steps: list[tuple[int, int]] = []
    bench.service.run(TENANT, 1, on_progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_unknown_snapshot_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFoundError):
        bench.service.run(TENANT, 9)


def test_question_that_is_declined_now_is_worse_and_a_regression(bench: Bench) -> None:
    bench.index.by_number[2] = retrieval(WEAK, passage("Code 75 means that the plan wants form PA-100."))
    comparison = bench.service.compare(TENANT, 2, 1)
    assert [(change.question.id, change.turn) for change in comparison.worse] == [
        ("q1", Turn.NOW_DECLINED),
        ("q2", Turn.NOW_DECLINED),
    ]
    assert [(change.question.id, change.turn) for change in comparison.better] == [("q3", Turn.NO_LONGER_DRAFTED)]
    assert comparison.has_regressions
    assert bench.service.count_regressions(TENANT, 2, 1) == 2
    assert comparison.stayed_count == 1


def test_comparison_runs_what_is_missing_and_nothing_twice(bench: Bench) -> None:
    bench.service.compare(TENANT, 2, 1)
    bench.service.compare(TENANT, 2, 1)
    assert sorted(run.snapshot for run in bench.runs.runs) == [1, 2]


@pytest.mark.parametrize("change", ["question", "weights", "hidden"])
def test_run_is_made_again_when_what_it_asked_or_what_answers_changed(bench: Bench, change: str) -> None:
    run = bench.service.run(TENANT, 1)
    assert bench.service.is_current(run)
    if change == "question":
        bench.repository.delete_golden_questions(TENANT, ["q3"])
    elif change == "weights":
        bench.repository.save_ranking(TENANT, 1, Ranking(0.5, 0.5))
    else:
        bench.repository.hidden = {"codes.md": 1}
    assert not bench.service.is_current(run)
    bench.service.compare(TENANT, 1, None)
    assert len(bench.runs.runs) == 2


def test_comparison_with_nothing_has_figures_and_no_regression(bench: Bench) -> None:
    comparison = bench.service.compare(TENANT, 1, None)
    assert not comparison.has_regressions
    assert comparison.figures_before is None
    assert bench.service.count_regressions(TENANT, 1, None) == 0
    figures = comparison.figures
    assert (figures.answerable_count, figures.unanswerable_count) == (2, 2)
    assert (figures.first, figures.first_three, figures.kept, figures.drafted) == (0.5, 1, 1, 1)
    assert (figures.quoted, figures.declined, figures.wrongly_drafted) == (1, 0.5, 0.5)


def test_lost_quote_is_told_though_the_document_is_still_first(bench: Bench) -> None:
    bench.index.by_number[2] = retrieval(STRONG, passage("Other words."), passage("Here.", "second.md"))
    bench.repository.delete_golden_questions(TENANT, ["q4"])
    comparison = bench.service.compare(TENANT, 2, 1)
    assert comparison.sentence_lost == (CODE,)
    assert not comparison.has_regressions


def test_no_question_makes_no_share_of_anything(bench: Bench) -> None:
    empty = GoldenRun("r", TENANT, 1, LOADED_AT, "f", ())
    assert figures_of([], empty).first == 0
    assert compared([CODE], empty, empty).worse == ()


def outcome(band: Band, rank: int | None = None) -> GoldenOutcome:
    return GoldenOutcome("q", band, rank)


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (outcome(Band.DRAFT, 1), outcome(Band.NOT_FOUND, 1), Turn.NOW_DECLINED),
        (outcome(Band.NOT_FOUND, 9), outcome(Band.SOURCES_ONLY, 9), Turn.NOW_FOUND),
        (outcome(Band.DRAFT, 1), outcome(Band.DRAFT, 2), Turn.NO_LONGER_FIRST),
        (outcome(Band.DRAFT, 1), outcome(Band.DRAFT, None), Turn.NO_LONGER_FIRST),
        (outcome(Band.DRAFT, 3), outcome(Band.DRAFT, 4), Turn.NO_LONGER_AMONG_THREE),
        (outcome(Band.DRAFT, None), outcome(Band.DRAFT, 3), Turn.NOW_AMONG_THREE),
        (outcome(Band.SOURCES_ONLY, 3), outcome(Band.SOURCES_ONLY, 1), Turn.NOW_FIRST),
        (outcome(Band.DRAFT, 2), outcome(Band.DRAFT, 3), None),
        (outcome(Band.DRAFT, 5), outcome(Band.DRAFT, 9), None),
        (outcome(Band.DRAFT, 1), outcome(Band.SOURCES_ONLY, 1), None),
        (outcome(Band.NOT_FOUND, 1), outcome(Band.NOT_FOUND, 9), None),
    ],
)
def test_turn_of_a_question_with_an_answer(before: GoldenOutcome, after: GoldenOutcome, turn: Turn | None) -> None:
    assert turn_of(CODE, before, after) is turn


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (Band.NOT_FOUND, Band.DRAFT, Turn.NOW_DRAFTED),
        (Band.DRAFT, Band.SOURCES_ONLY, Turn.NO_LONGER_DRAFTED),
        (Band.NOT_FOUND, Band.SOURCES_ONLY, None),
        (Band.DRAFT, Band.DRAFT, None),
    ],
)
@pytest.mark.parametrize("question", [MISSING, FOREIGN])
def test_turn_of_a_question_without_an_answer(
    question: GoldenQuestion, before: Band, after: Band, turn: Turn | None
) -> None:
    assert turn_of(question, outcome(before), outcome(after)) is turn


def test_evidence_alone_decides_nothing_without_a_passage(bench: Bench) -> None:
    bench.index.by_number[1] = Retrieval((), Evidence(0.9, 1.0, 0.9), 1)
    assert {one.band for one in bench.service.run(TENANT, 1).outcomes} == {Band.NOT_FOUND}
