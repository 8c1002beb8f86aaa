"""The sample for gold labels holds some of everything, and the same again for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest

from services.errors import InputError
from services.surveys.label_models import key_of_text
from services.surveys.models import Example
from tests.unit.surveys.labels.label_desk import FOUND, TENANT, LabelDesk, keys


@pytest.fixture
def large() -> LabelDesk:
    """600 texts: 480 about prices, 90 about staff, 6 about waiting (in both moods), 24 Other."""
    found: dict[str, str] = {}
    for number in range(600):
        topics = "prices-" if number < 480 else "staff+" if number < 570 else "prices- waiting?" if number < 576 else ""
        sign = "+" if 573 <= number < 576 else "-" if number < 480 or number >= 570 else "+"
        found[f"text {number}"] = f"{topics.replace('?', sign)} {sign}"
    desk = LabelDesk([(str(row), text) for row, text in enumerate(found)] + [("empty", "")])
    desk.add_run(found={**found, "": "0"})
    return desk


def stratum(number: int) -> str:
    return "prices" if number < 480 else "staff" if number < 570 else "waiting" if number < 576 else "other"


def strata(desk: LabelDesk, sample: tuple[str, ...]) -> Counter[str]:
    of_key = {key_of_text(f"text {number}"): stratum(number) for number in range(600)}
    return Counter(of_key[key] for key in sample)


def test_rare_topics_get_more_than_their_share_and_common_ones_still_most(large: LabelDesk) -> None:
    sample = large.labels.gold_sample(TENANT, "run", 100, seed=1)
    assert len(set(sample)) == 100
    found = strata(large, sample)
    assert found["waiting"] >= 4
    assert found["other"] > 100 * 24 / 600
    assert found["prices"] > found["staff"] > found["other"] > 0


def test_the_beginning_of_a_sample_is_spread_like_the_whole(large: LabelDesk) -> None:
    sample = large.labels.gold_sample(TENANT, "run", 100, seed=1)
    assert set(strata(large, sample[:15])) == {"prices", "staff", "waiting", "other"}
    assert sample[:15] == large.labels.gold_sample(TENANT, "run", 15, seed=1)


def test_the_same_seed_draws_the_same_texts_and_another_one_others(large: LabelDesk) -> None:
    first = large.labels.gold_sample(TENANT, "run", 50, seed=7)
    assert large.labels.gold_sample(TENANT, "run", 50, seed=7) == first
    assert set(large.labels.gold_sample(TENANT, "run", 50, seed=8)) != set(first)


def test_labeled_texts_come_last_and_those_that_the_run_learned_from_before_them() -> None:
    desk = LabelDesk()
    desk.add_run(examples=[Example("  ASDF ", ("app",))])
    desk.gold("Too expensive", "prices? ?")
    sample = desk.labels.gold_sample(TENANT, "run", 100)
    assert list(sample[-2:]) == keys("asdf", "Too expensive")
    assert len(sample) == len(FOUND) - 1
    assert set(desk.labels.gold_sample(TENANT, "run", 3)).isdisjoint(keys("asdf", "Too expensive"))


def test_empty_texts_and_those_not_analyzed_are_never_drawn() -> None:
    desk = LabelDesk()
    desk.add_run(found={"": "0", "asdf": "0"})
    assert list(desk.labels.gold_sample(TENANT, "run", 100)) == keys("asdf")


def test_an_empty_sample_is_refused(large: LabelDesk) -> None:
    with pytest.raises(InputError) as caught:
        large.labels.gold_sample(TENANT, "run", 0)
    assert caught.value.code == "sample-size"
