"""Runs side by side: paired on the same texts, with what differs between them."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from services.errors import InputError
from services.surveys.evaluation_models import Metric
from services.surveys.models import Example
from tests.unit.surveys.labels import recount
from tests.unit.surveys.labels.label_desk import TAXONOMY, TENANT, TOPICS, LabelDesk
from tests.unit.surveys.labels.recount import near, random_label, said

COUNT = 120


def written_down() -> dict[str, list[str]]:
    """Gold labels, and what three runs found: two near the labels, one that knows nothing of them."""
    draw = random.Random(11)
    gold = [random_label(draw, unsaid=True) for _ in range(COUNT)]
    return {
        "gold": gold,
        "good": [near(draw, label) for label in gold],
        "alike": [near(draw, label) for label in gold],
        "bad": [random_label(draw, unsaid=False) for _ in gold],
    }


def by_text(name: str) -> dict[str, str]:
    return {f"text {number}": label for number, label in enumerate(written_down()[name])}


@pytest.fixture
def desk() -> LabelDesk:
    """The three runs, and the labels."""
    gold = by_text("gold")
    desk = LabelDesk([(str(row), text) for row, text in enumerate(gold)])
    for run_id, backend in (("good", "local"), ("alike", "local"), ("bad", "openai")):
        desk.add_run(run_id, by_text(run_id), backend=backend)
    for text, label in gold.items():
        desk.gold(text, label, run_id="good")
    return desk


def test_each_run_has_the_figures_of_its_own_evaluation(desk: LabelDesk) -> None:
    comparison = desk.evaluation.compare(TENANT, ["good", "bad"])
    assert comparison.text_counts == (COUNT, COUNT)
    for place, run_id in enumerate(("good", "bad")):
        alone = desk.evaluation.evaluate(TENANT, run_id)
        assert comparison.metrics[Metric.MICRO_F1].values[place] == alone.micro_f1
        assert comparison.metrics[Metric.MACRO_F1].values[place] == alone.macro_f1
        for score in alone.topics:
            assert score.topic_id is not None
            assert comparison.topics[score.topic_id].values[place] == score.f1


def test_differences_are_to_the_first_run_and_tell_runs_apart_only_when_they_differ(desk: LabelDesk) -> None:
    comparison = desk.evaluation.compare(TENANT, ["bad", "good"])
    figure = comparison.metrics[Metric.MICRO_F1]
    bad, good = figure.values
    assert bad is not None
    assert good is not None
    assert figure.differences[0] is None
    difference = figure.differences[1]
    assert difference is not None
    assert difference.value == pytest.approx(good.value - bad.value)
    assert difference.is_clear
    alike = desk.evaluation.compare(TENANT, ["good", "alike"]).metrics[Metric.MICRO_F1].differences[1]
    assert alike is not None
    assert not alike.is_clear
    assert alike.low < 0 < alike.high


def test_differences_are_drawn_in_pairs(desk: LabelDesk) -> None:
    """A run beside itself differs by nothing in every draw; unpaired draws would differ by chance."""
    desk.add_run("twin", by_text("good"))
    difference = desk.evaluation.compare(TENANT, ["good", "twin"]).metrics[Metric.MACRO_F1].differences[1]
    assert difference is not None
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert not difference.is_clear


def test_the_interval_of_a_difference_is_that_of_an_obvious_paired_bootstrap(desk: LabelDesk) -> None:
    gold, good, bad = ([said(one) for one in written_down()[name]] for name in ("gold", "good", "bad"))
    draw = random.Random(2)
    drawn = []
    for _ in range(500):
        rows = draw.choices(range(COUNT), k=COUNT)
        values = [
            recount.micro_f1([gold[row] for row in rows], [found[row] for row in rows]) or 0.0 for found in (good, bad)
        ]
        drawn.append(values[1] - values[0])
    low, high = np.quantile(drawn, [0.025, 0.975])
    difference = desk.evaluation.compare(TENANT, ["good", "bad"]).metrics[Metric.MICRO_F1].differences[1]
    assert difference is not None
    assert (difference.low, difference.high) == pytest.approx((low, high), abs=0.02)


def test_only_texts_that_every_run_can_be_measured_on_count(desk: LabelDesk) -> None:
    found = by_text("good")
    partial = dict(list(found.items())[:60])
    desk.add_run("partial", partial)
    desk.add_run("taught", found, examples=[Example("text 0", ("app",)), Example("text 99", ("app",))])
    comparison = desk.evaluation.compare(TENANT, ["good", "partial", "taught"])
    assert comparison.text_counts == (59, 59, 59)
    assert comparison.metrics[Metric.EXACT_MATCH].values[0] == comparison.metrics[Metric.EXACT_MATCH].values[2]


def test_what_differs_between_runs_is_said(desk: LabelDesk) -> None:
    def notes(*run_ids: str) -> str:
        return " ".join(desk.evaluation.compare(TENANT, run_ids).notes)

    found = by_text("good")
    assert notes("good", "alike") == ""
    assert "backends: local, openai" in notes("good", "bad")
    desk.add_run("newer", found, backend_version="2")
    assert "prompts or the model changed" in notes("good", "newer")
    desk.add_run("taught", found, examples=[Example("Never said", ("app",))])
    assert "different examples: 0 (0 of them corrections), 1 (0 of them corrections)" in notes("good", "taught")
    desk.add_version(TOPICS, {})
    desk.add_run("second", found, version=2)
    assert "versions of the taxonomy: 1, 2" in notes("good", "second")


def test_runs_with_different_taxonomies_stand_side_by_side_without_differences(desk: LabelDesk) -> None:
    first = desk.repository.get_version(TENANT, TAXONOMY)
    desk.repository.insert_taxonomy(TENANT, "Second", replace(first, taxonomy_id="t2"))
    desk.add_run("other", by_text("good"), taxonomy_id="t2")
    desk.gold("text 0", "app? ?", run_id="other")
    comparison = desk.evaluation.compare(TENANT, ["good", "other"])
    assert (comparison.is_paired, comparison.text_counts, comparison.topics) == (False, (COUNT - 1, 1), {})
    assert comparison.metrics[Metric.MICRO_F1].differences == (None, None)
    assert "different taxonomies" in comparison.notes[0]


def test_one_run_or_runs_of_different_questions_are_not_compared(desk: LabelDesk) -> None:
    with pytest.raises(InputError) as caught:
        desk.evaluation.compare(TENANT, ["good", "good"])
    assert caught.value.code == "too-few-runs"
    desk.repository.insert_run(replace(desk.repository.get_run(TENANT, "good"), id="else", question="Why not?"))
    for attempt in (
        lambda: desk.evaluation.compare(TENANT, ["good", "else"]),
        lambda: desk.evaluation.changes(TENANT, "else", "good"),
    ):
        with pytest.raises(InputError) as caught:
            attempt()
        assert caught.value.code == "different-questions"
