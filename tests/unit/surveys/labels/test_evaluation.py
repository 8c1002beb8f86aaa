"""Every figure of an evaluation is what a slow recount finds."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from services.errors import ConflictError, InputError, NotFoundError
from services.surveys.evaluation_models import Evaluation
from services.surveys.label_models import LabelChange, LabeledTopic
from services.surveys.models import Example, Sentiment, Topic
from services.surveys.statistics import Interval, wilson_interval
from tests.unit.surveys.labels import recount
from tests.unit.surveys.labels.label_desk import ANALYST, FOUND, MASKED, TENANT, TOPICS, LabelDesk, keys
from tests.unit.surveys.labels.recount import Said, near, random_label, said

COUNT = 160


def random_survey(seed: int, count: int = COUNT) -> tuple[dict[str, str], dict[str, str]]:
    """Gold labels and findings of texts, the findings near the labels."""
    draw = random.Random(seed)
    gold = {f"text {number}": random_label(draw, unsaid=True) for number in range(count)}
    return gold, {text: near(draw, label) for text, label in gold.items()}


def desk_of(gold: Mapping[str, str], found: Mapping[str, str]) -> LabelDesk:
    """Text i is said by i % 4 + 1 responses."""
    texts = [text for place, text in enumerate(found) for _ in range(place % 4 + 1)]
    desk = LabelDesk([(f"r{row}", text) for row, text in enumerate(texts)])
    desk.add_run(found=found)
    for text, label in gold.items():
        desk.gold(text, label)
    return desk


def evaluate(desk: LabelDesk, run_id: str = "run") -> Evaluation:
    return desk.evaluation.evaluate(TENANT, run_id)


def value(figure: Interval | None) -> Any:
    """About its value."""
    return None if figure is None else pytest.approx(figure.value)


@pytest.fixture(scope="module")
def measured() -> tuple[Evaluation, list[Said], list[Said]]:
    """An evaluation with its labels."""
    gold, found = random_survey(3)
    desk = desk_of(gold, found)
    return evaluate(desk), [said(one) for one in gold.values()], [said(found[text]) for text in gold]


def test_each_different_text_counts_once_and_its_responses_are_told(
    measured: tuple[Evaluation, list[Said], list[Said]],
) -> None:
    evaluation, gold, found = measured
    assert evaluation.text_count == COUNT
    assert evaluation.response_count == sum(place % 4 + 1 for place in range(COUNT))
    assert evaluation.exact_match.value == pytest.approx(recount.exact_match(gold, found))


def test_micro_and_macro_f1_are_as_counted(measured: tuple[Evaluation, list[Said], list[Said]]) -> None:
    evaluation, gold, found = measured
    assert value(evaluation.micro_f1) == recount.micro_f1(gold, found)
    assert value(evaluation.macro_f1) == recount.macro_f1(gold, found)


def test_every_topic_and_other_are_as_counted(measured: tuple[Evaluation, list[Said], list[Said]]) -> None:
    evaluation, gold, found = measured
    assert [score.topic_id for score in evaluation.topics] == [topic.id for topic in TOPICS]
    for score in (*evaluation.topics, evaluation.other):
        support, asserted, right = recount.counts(gold, found, score.topic_id)
        assert (score.support, score.found, score.right) == (support, asserted, right)
        assert (score.missed, score.false_alarms) == (support - right, asserted - right)
        assert (score.precision, score.recall) == (wilson_interval(right, asserted), wilson_interval(right, support))
        assert value(score.f1) == recount.f1(right, support, asserted)
        assert len(score.missed_keys) == score.missed
        assert len(score.false_alarm_keys) == score.false_alarms


def test_the_texts_behind_misses_and_false_alarms_are_named() -> None:
    desk = desk_of({"a": "prices? ?", "b": "staff? ?", "c": "?"}, {"a": "staff+ +", "b": "staff+ +", "c": "prices- -"})
    prices, staff, *_ = evaluate(desk).topics
    assert (list(prices.missed_keys), list(prices.false_alarm_keys)) == (keys("a"), keys("c"))
    assert (list(staff.missed_keys), list(staff.false_alarm_keys)) == ([], keys("a"))


def test_confusions_say_which_topic_was_found_instead(measured: tuple[Evaluation, list[Said], list[Said]]) -> None:
    evaluation, gold, found = measured
    pairs = {(one.missed, one.found): one.count for one in evaluation.confusions}
    assert pairs == dict(recount.confusions(gold, found))
    sizes = [one.count for one in evaluation.confusions]
    assert sizes == sorted(sizes, reverse=True)
    assert all(len(one.text_keys) == min(one.count, 100) for one in evaluation.confusions)


def test_sentiment_of_responses_is_as_counted(measured: tuple[Evaluation, list[Said], list[Said]]) -> None:
    evaluation, gold, found = measured
    check_sentiment(evaluation, recount.sentiment_pairs(gold, found), "sentiment")


def test_sentiment_of_topics_rightly_found_is_as_counted(measured: tuple[Evaluation, list[Said], list[Said]]) -> None:
    evaluation, gold, found = measured
    check_sentiment(evaluation, recount.topic_sentiment_pairs(gold, found), "topic_sentiment")


def check_sentiment(evaluation: Evaluation, pairs: Sequence[tuple[Sentiment, Sentiment | None]], name: str) -> None:
    score = getattr(evaluation, name)
    assert score.count == len(pairs)
    assert value(score.accuracy) == recount.accuracy(pairs)
    assert value(score.macro_f1) == recount.sentiment_macro_f1(pairs)
    matrix = tuple(tuple(pairs.count((one, two)) for two in Sentiment) for one in Sentiment)
    assert score.confusion == matrix


def test_intervals_are_those_of_an_obvious_bootstrap(measured: tuple[Evaluation, list[Said], list[Said]]) -> None:
    evaluation, gold, found = measured
    draw = random.Random(1)
    drawn = []
    for _ in range(600):
        rows = draw.choices(range(COUNT), k=COUNT)
        drawn.append(recount.micro_f1([gold[row] for row in rows], [found[row] for row in rows]) or 0.0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert evaluation.micro_f1 is not None
    assert (evaluation.micro_f1.low, evaluation.micro_f1.high) == pytest.approx((low, high), abs=0.015)


def test_the_same_labels_give_the_same_intervals() -> None:
    gold, found = random_survey(5, 30)
    assert evaluate(desk_of(gold, found)) == evaluate(desk_of(gold, found))


def test_a_faultless_run_has_figures_of_one_and_nothing_confused() -> None:
    gold = {f"text {number}": f"{topic.id}- -" for number, topic in enumerate(TOPICS)}
    evaluation = evaluate(desk_of(gold, gold))
    assert (value(evaluation.micro_f1), value(evaluation.macro_f1), evaluation.exact_match.value) == (1, 1, 1)
    assert evaluation.exact_match.low < 1
    assert evaluation.confusions == ()
    assert evaluation.other.f1 is None


def test_topics_that_occur_nowhere_have_no_figures_and_do_not_lower_the_mean() -> None:
    evaluation = evaluate(desk_of({"a": "prices- ?", "b": "prices- ?"}, {"a": "prices- -", "b": "prices- -"}))
    app = evaluation.topics[3]
    assert (app.precision, app.recall, app.f1) == (None, None, None)
    assert value(evaluation.macro_f1) == 1
    assert (evaluation.sentiment.count, evaluation.sentiment.accuracy, evaluation.sentiment.macro_f1) == (0, None, None)


def test_a_topic_that_was_only_found_wrongly_lowers_micro_f1_and_not_the_mean_over_topics() -> None:
    evaluation = evaluate(desk_of({"a": "prices- ?", "b": "prices- ?"}, {"a": "prices- app- -", "b": "prices- -"}))
    assert (value(evaluation.macro_f1), value(evaluation.micro_f1)) == (1, 4 / 5)
    assert evaluation.topics[3].f1 == Interval(0, 0, 0)


def test_only_other_has_no_f1_of_topics() -> None:
    evaluation = evaluate(desk_of({"a": "+"}, {"a": "+"}))
    assert (evaluation.micro_f1, evaluation.macro_f1) == (None, None)
    assert evaluation.exact_match.value == 1
    assert evaluation.other.right == 1


def test_few_gold_labels_are_warned_of() -> None:
    gold, found = random_survey(1, 49)
    assert any("Only 49" in warning for warning in evaluate(desk_of(gold, found)).warnings)
    gold, found = random_survey(1, 60)
    assert not any("Only" in warning for warning in evaluate(desk_of(gold, found)).warnings)


def test_texts_that_the_run_learned_from_are_left_out_with_a_warning() -> None:
    desk = LabelDesk()
    desk.add_run(examples=[Example("too  expensive.", ("prices",)), Example("Not in the survey", ("app",))])
    desk.gold("Too expensive", "prices- -")
    desk.gold("asdf", "app- -")
    evaluation = evaluate(desk)
    assert (evaluation.text_count, evaluation.learned_count) == (1, 1)
    assert evaluation.micro_f1 is not None
    assert evaluation.micro_f1.value == 0
    assert any("learned from 1 of" in warning for warning in evaluation.warnings)


def test_a_run_that_learned_from_all_gold_labels_cannot_be_measured() -> None:
    desk = LabelDesk()
    desk.add_run(examples=[Example("asdf", ("app",))])
    desk.gold("asdf", "app- -")
    with pytest.raises(InputError) as caught:
        evaluate(desk)
    assert caught.value.code == "no-gold"
    assert "learned" in caught.value.message_for_user


def test_texts_that_were_not_analyzed_are_left_out_and_told(desk: LabelDesk) -> None:
    desk.add_run("partial", {"asdf": "0"})
    desk.gold("asdf", "?")
    desk.gold("Too expensive", "prices- -")
    evaluation = evaluate(desk, "partial")
    assert (evaluation.text_count, evaluation.not_analyzed_count) == (1, 1)


def test_without_gold_labels_there_is_nothing_to_compare_with(desk: LabelDesk) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(desk)
    assert caught.value.code == "no-gold"
    assert "sample" in caught.value.remedy


def test_a_run_that_goes_on_and_one_of_another_tenant_are_not_measured(desk: LabelDesk) -> None:
    desk.gold("asdf", "?")
    with pytest.raises(NotFoundError):
        desk.evaluation.evaluate("other", "run")
    desk.unfinish("run")
    with pytest.raises(ConflictError):
        evaluate(desk)


def test_labels_and_runs_of_different_versions_meet_in_the_newest_one(desk: LabelDesk) -> None:
    desk.gold("Friendly people but slow", "staff+ waiting- ~")
    desk.gold("The app crashes", "app- -")
    service = Topic("service", "Service")
    desk.add_version((TOPICS[0], service), {"staff": "service", "waiting": "service", "app": None})
    desk.gold(MASKED, "service+ +")
    desk.add_run(
        "new",
        {**FOUND, MASKED: "service- -", "Friendly people but slow": "service~ ~", "The app crashes": "-"},
        version=2,
    )
    old, new = evaluate(desk), evaluate(desk, "new")
    assert [score.topic_id for score in old.topics] == ["prices", "service"]
    # The run of version 1 found staff and prices in one text, and staff in the other.
    assert (old.topics[1].support, old.topics[1].right, old.topics[0].false_alarms) == (2, 2, 1)
    assert (new.topics[1].support, new.topics[1].right, new.topics[0].found) == (2, 2, 0)
    assert (old.removed_count, new.removed_count) == (1, 1)
    # Positive and negative parts of what became one topic make it mixed: right in the new run.
    assert (new.topic_sentiment.count, value(new.topic_sentiment.accuracy)) == (2, 0.5)


def test_corrections_count_only_where_agreement_after_them_is_asked_for(desk: LabelDesk) -> None:
    desk.gold("Too expensive", "waiting- +")
    desk.gold("asdf", "+")
    change = LabelChange(topics=(LabeledTopic("waiting"),))
    desk.labels.correct(ANALYST, TENANT, "run", keys("Too expensive"), change)
    before, after = evaluate(desk), desk.evaluation.with_corrections(TENANT, "run")
    assert (before.is_corrected, after.is_corrected) == (False, True)
    assert (before.exact_match.value, after.exact_match.value) == (0.5, 1.0)
    # What the correction left unsaid is still what the run found.
    assert after.sentiment == before.sentiment
    assert after.topic_sentiment.confusion[2][2] == 1
    assert any("agreement of people" in warning for warning in after.warnings)
    assert not any("agreement of people" in warning for warning in before.warnings)


def test_gold_labels_of_another_taxonomy_do_not_count(desk: LabelDesk) -> None:
    first = desk.repository.get_version(TENANT, "t1")
    desk.repository.insert_taxonomy(TENANT, "Second", replace(first, taxonomy_id="t2"))
    desk.add_run("second", taxonomy_id="t2")
    desk.gold("asdf", "app? ?", run_id="second")
    with pytest.raises(InputError):
        evaluate(desk)
    assert evaluate(desk, "second").text_count == 1
