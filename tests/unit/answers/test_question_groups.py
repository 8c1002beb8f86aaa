"""Questions that mean the same come into one group, in whatever order and however many they are."""

from __future__ import annotations

import random

import numpy as np

from services.answers.question_groups import group_by_meaning, most_central
from tests.fakes import FakeEmbedder

CODE = ["what does reject code 75 mean", "reject code 75 what does it mean", "what does reject code 75 mean here"]
TRAVEL = ["vacation supply before a trip", "supply for a vacation trip"]
ALONE = ["who signs the visitor book"]


def groups_of(texts: list[str]) -> set[frozenset[str]]:
    labels = group_by_meaning(FakeEmbedder().embed(texts))
    return {
        frozenset(text for text, other in zip(texts, labels, strict=True) if other == label) for label in set(labels)
    }


def test_questions_with_the_same_meaning_come_together() -> None:
    assert groups_of([*CODE, *TRAVEL, *ALONE]) == {frozenset(CODE), frozenset(TRAVEL), frozenset(ALONE)}


def test_groups_do_not_hang_on_the_order() -> None:
    texts = [*CODE, *TRAVEL, *ALONE]
    wanted = groups_of(texts)
    for seed in range(5):
        shuffled = list(texts)
        random.Random(seed).shuffle(shuffled)
        assert groups_of(shuffled) == wanted


def test_few_questions_and_none_are_grouped_too() -> None:
    embedder = FakeEmbedder()
    assert group_by_meaning(embedder.embed([])) == []
    assert group_by_meaning(embedder.embed(ALONE)) == [0]
    assert group_by_meaning(embedder.embed([CODE[0], TRAVEL[0]])) == [0, 1]
    assert group_by_meaning(embedder.embed(CODE[:2])) == [0, 0]


def test_groups_are_numbered_as_they_come() -> None:
    labels = group_by_meaning(FakeEmbedder().embed([*ALONE, *CODE, *TRAVEL]))
    assert labels == [0, 1, 1, 1, 2, 2]


def test_the_same_vector_many_times_is_one_group() -> None:
    assert group_by_meaning(np.full((5, 4), 0.5, dtype=np.float32)) == [0] * 5


def test_most_central_question_is_the_one_asked_most_or_nearest_to_all() -> None:
    vectors = FakeEmbedder().embed([CODE[2], CODE[0], TRAVEL[0]])
    assert most_central(vectors, [1, 1, 1]) in {0, 1}
    assert most_central(vectors, [1, 1, 9]) == 2
