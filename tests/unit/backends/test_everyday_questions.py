"""Likeness to everyday questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.backends.local.everyday_questions import EverydayQuestions
from tests.fakes import FakeEmbedder

TEXTS = ("who won the match", "play a song", "will it rain today", "will it snow today")


def likeness(everyday: EverydayQuestions, embedder: FakeEmbedder, question: str) -> float:
    return everyday.likeness(question, embedder.embed([question])[0], embedder)


def test_everyday_question_is_more_alike_than_one_of_the_company() -> None:
    embedder = FakeEmbedder()
    everyday = EverydayQuestions(lambda: TEXTS)
    assert likeness(everyday, embedder, "will it rain or snow") > likeness(
        everyday, embedder, "reject 75 prior approval"
    )


def test_question_does_not_find_itself() -> None:
    embedder = FakeEmbedder()
    everyday = EverydayQuestions(lambda: ("play a song", "reject 75"))
    assert likeness(everyday, embedder, "play a song") == pytest.approx(
        float(embedder.embed(["play a song"])[0] @ embedder.embed(["reject 75"])[0])
    )


def test_without_everyday_questions_nothing_is_alike() -> None:
    assert likeness(EverydayQuestions(tuple), FakeEmbedder(), "will it rain") == 0.0


def test_vectors_are_kept_between_starts_and_made_anew_when_damaged(tmp_path: Path) -> None:
    first = FakeEmbedder()
    expected = likeness(EverydayQuestions(lambda: TEXTS, tmp_path), first, "will it rain")
    assert len(first.embedded) == len(TEXTS) + 1
    second = FakeEmbedder()
    assert likeness(EverydayQuestions(lambda: TEXTS, tmp_path), second, "will it rain") == expected
    assert len(second.embedded) == 1
    (kept,) = tmp_path.glob("*.npy")
    kept.write_bytes(b"half")
    third = FakeEmbedder()
    assert likeness(EverydayQuestions(lambda: TEXTS, tmp_path), third, "will it rain") == expected
    assert len(third.embedded) == len(TEXTS) + 1


def test_another_model_has_vectors_of_its_own() -> None:
    everyday = EverydayQuestions(lambda: TEXTS)
    small, large = FakeEmbedder(), FakeEmbedder("other", 64)
    assert likeness(everyday, small, "will it rain") > 0
    assert likeness(everyday, large, "will it rain") > 0
