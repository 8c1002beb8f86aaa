"""Sentiment: of the whole, of topics, and the head that comes with the app."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.backends.local.onnx_embedder import OnnxEmbedder
from services.backends.local.surveys.sentiment import overall_feeling, topic_sentiment
from services.backends.local.surveys.sentiment_head import CLASSES, head_for, learn_head, read_sentences
from services.backends.local.surveys.sentiment_words import lexicon_features
from services.surveys.models import Sentiment
from tests.fakes import FakeEmbedder

POSITIVE, NEUTRAL, NEGATIVE = np.eye(3, dtype=np.float32) * 0.85 + 0.05


def test_clear_praise_and_clear_blame_are_mixed() -> None:
    feeling = overall_feeling(NEUTRAL, np.stack([POSITIVE, NEGATIVE]), 0.0)
    assert feeling.sentiment is Sentiment.MIXED
    assert feeling.is_unclear


@pytest.mark.parametrize(("probabilities", "sentiment"), [(POSITIVE, "positive"), (NEGATIVE, "negative")])
def test_one_feeling_is_the_whole(probabilities: np.ndarray, sentiment: str) -> None:
    feeling = overall_feeling(probabilities, probabilities[None], 0.0)
    assert feeling.sentiment == sentiment
    assert not feeling.is_unclear


def test_words_that_say_the_opposite_ask_for_a_look() -> None:
    assert overall_feeling(POSITIVE, POSITIVE[None], -0.8).is_unclear


def test_topic_feels_as_the_statement_that_carries_it() -> None:
    statements = np.stack([POSITIVE, NEGATIVE])
    assert topic_sentiment(np.array([0.9, 0.1], dtype=np.float32), statements)[0] is Sentiment.POSITIVE
    assert topic_sentiment(np.array([0.1, 0.9], dtype=np.float32), statements)[0] is Sentiment.NEGATIVE


def test_lexicon_knows_negation() -> None:
    assert lexicon_features("good")[0] > 0 > lexicon_features("not good")[0]


def test_sentences_are_many_different_and_of_all_sentiments() -> None:
    sentences = read_sentences()
    assert len({text for text, _ in sentences}) == len(sentences) > 300
    assert all(sum(found is sentiment for _, found in sentences) > 80 for sentiment in CLASSES)


def test_other_embedder_gets_a_head_of_its_own() -> None:
    head = head_for(FakeEmbedder())
    assert head.weights.shape == (256 + 4, 3)


@pytest.mark.slow
def test_head_that_comes_with_the_app_is_the_one_that_its_sentences_teach(model_home: Path) -> None:
    embedder = OnnxEmbedder(model_home)
    shipped, learned = head_for(embedder), learn_head(embedder)
    np.testing.assert_allclose(shipped.weights, learned.weights, atol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("the new branch is lovely and easy to get to", Sentiment.POSITIVE),
        ("they lost my parcel and nobody cares", Sentiment.NEGATIVE),
        ("i bought it in march", Sentiment.NEUTRAL),
    ],
)
def test_general_head_reads_sentences_that_it_has_not_seen(text: str, sentiment: Sentiment, model_home: Path) -> None:
    embedder = OnnxEmbedder(model_home)
    probabilities = head_for(embedder).probabilities(embedder.embed([text]), lexicon_features(text)[None])
    assert CLASSES[int(probabilities[0].argmax())] is sentiment
