"""The peers of survey analysis are given the same as Frontline, and what is missing is said."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from bench.places import Places
from bench.survey_peers import difference, found_again, installed_peers, write_task
from bench.survey_peers_text import peers_text
from bench.survey_sets import GoldRow, SurveySet, topic_scores
from services.surveys.models import Topic

TOPICS = (Topic("price", "Price", "Too high"), Topic("staff", "Staff"))
SCORES = dict.fromkeys(("micro_f1", "macro_f1", "precision", "recall", "correct_per_1000", "cpu_seconds"), 0.5)


def survey() -> SurveySet:
    draw = random.Random(0)
    rows = [
        GoldRow(str(number), f"text {number}", (draw.choice(TOPICS).id,), "test" if number % 4 == 0 else "train")
        for number in range(80)
    ]
    return SurveySet("small", TOPICS, tuple(rows))


def test_peers_learn_from_training_rows_alone_and_choose_options_on_others(tmp_path: Path) -> None:
    one = survey()
    write_task(tmp_path / "task.json", one, one.test_rows(), 5)
    task = json.loads((tmp_path / "task.json").read_text())
    learned, chosen, tested = {*task["texts"], *task["pool"]}, set(task["held_out"]), set(task["test"])
    assert (len(task["texts"]), len(tested)) == (10, 20)
    assert tested == {row.text for row in one.rows if row.split == "test"}
    assert not learned & chosen
    assert not (learned | chosen) & tested
    assert task["topics"] == ["price. too high", "staff. "]


def test_a_difference_is_that_of_the_scores_and_its_interval_is_paired() -> None:
    draw = np.random.default_rng(0)
    gold, one = draw.random((300, 4)) < 0.4, draw.random((300, 4)) < 0.4
    better = np.where(draw.random((300, 4)) < 0.8, gold, one)
    value, low, high = difference(better, one, gold)
    scores = [topic_scores(found, gold)["micro_f1"] for found in (better, one)]
    assert value == pytest.approx(scores[0] - scores[1], abs=1e-4)
    assert 0 < low < value < high
    assert difference(one, one, gold) == [0, 0, 0]


def test_a_topic_is_found_again_by_a_group_most_of_whose_texts_have_it() -> None:
    rows = [
        GoldRow(str(number), f"t{number}", topics, "test") for number, topics in enumerate([("a",), ("a", "b"), ("b",)])
    ]
    assert found_again([["t0", "t1", "t2"], ["unknown"]], rows) == {"groups": 2, "found_again": 2}
    assert found_again([["t0", "t2"]], rows) == {"groups": 1, "found_again": 0}


def test_peers_that_are_not_installed_are_named_with_how_to_install_them(tmp_path: Path) -> None:
    installed = installed_peers(Places(tmp_path, tmp_path, tmp_path, None, tmp_path / "python"))
    assert installed == {"bertopic": None, "setfit": None}
    one = {str(count): {**SCORES} for count in (0, 5, 16)}
    rival = {count: {**scores, "behind": [0.1, 0.05, 0.15]} for count, scores in one.items()}
    found = {"frontline": {"groups": 3, "found_again": 2, "cpu_seconds": 1.0}}
    sets = {"small": {"topics": 2, "responses": 20, "systems": {"frontline": one, "cosine": rival}, "discovery": found}}
    drawn = peers_text({"installed": installed, "sets": sets})
    assert "not measured: BERTopic and SetFit" in drawn
    assert "requirements-peers.txt" in drawn
    assert "+0.100 against plain zero-shot (95 % interval +0.050 to +0.150) | yes" in drawn
