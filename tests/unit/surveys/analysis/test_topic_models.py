"""What is learned from examples."""

from __future__ import annotations

import numpy as np
import pytest

from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer
from services.backends.local.surveys.judging import fit_belonging
from services.backends.local.surveys.ridge_topics import RidgeTopics
from services.backends.local.surveys.single_topic import SingleTopic
from services.backends.local.surveys.thresholds import fit_thresholds
from services.backends.local.surveys.topic_model import build_topic_model
from services.backends.local.surveys.zero_shot import ZeroShotTopics
from services.surveys.models import Example, OtherReason, Response, ResponseFinding, Sentiment, Taxonomy, Topic
from tests.fakes import FakeEmbedder

TOPICS = (Topic("beans", "Coffee taste"), Topic("wait", "Waiting time"), Topic("seat", "Seating"))
WORDS = {
    "beans": ("espresso", "roast", "bitter", "latte", "beans", "aroma", "brew"),
    "wait": ("queue", "slow", "minutes", "line", "late", "hurry", "pickup"),
    "seat": ("chair", "table", "sofa", "bench", "outlet", "corner", "crowded"),
}


def sentence(topic_id: str, number: int) -> str:
    words = WORDS[topic_id]
    return f"the {words[number % 7]} with {words[(number + 2) % 7]} near {words[(number + 3) % 7]}"


SINGLE = tuple(Example(sentence(topic_id, number), (topic_id,)) for topic_id in WORDS for number in range(7))
SEVERAL = (
    *SINGLE,
    *(
        Example(f"{sentence('beans', number)}. {sentence('wait', number + 1)}", ("beans", "wait"))
        for number in range(7)
    ),
)
NONE = tuple(Example(f"my dog {word} in the park", ()) for word in ("runs", "barks", "sleeps", "jumps", "eats", "digs"))


def analyze(texts: list[str], taxonomy: Taxonomy) -> list[ResponseFinding]:
    responses = [Response(str(number), text) for number, text in enumerate(texts)]
    return LocalSurveyAnalyzer(FakeEmbedder()).analyze(responses, taxonomy)


def topics_of(finding: ResponseFinding) -> set[str]:
    return {topic.topic_id for topic in finding.topics}


@pytest.mark.parametrize(
    ("examples", "model"),
    [((), ZeroShotTopics), (SINGLE[:6], ZeroShotTopics), (SEVERAL, RidgeTopics)],
    ids=["none", "too few", "several topics each"],
)
def test_examples_decide_what_is_learned(examples: tuple[Example, ...], model: type) -> None:
    assert isinstance(build_topic_model(Taxonomy(TOPICS, examples), FakeEmbedder()), model)


def test_topics_compete_only_where_every_example_has_one_and_left_out_examples_agree() -> None:
    learned = build_topic_model(Taxonomy(TOPICS, SINGLE), FakeEmbedder())
    assert isinstance(learned, SingleTopic | RidgeTopics)
    finding = analyze([sentence("seat", 1)], Taxonomy(TOPICS, SINGLE))[0]
    assert topics_of(finding) == {"seat"}


def test_response_gets_all_topics_that_its_statements_carry() -> None:
    text = "bitter espresso with a strange aroma. twenty minutes in a slow queue"
    finding = analyze([text], Taxonomy(TOPICS, SEVERAL))[0]
    assert topics_of(finding) == {"beans", "wait"}
    evidence = {topic.topic_id: text[topic.start : topic.end] for topic in finding.topics}
    assert evidence["wait"] == "twenty minutes in a slow queue"


def test_examples_of_other_teach_what_is_other() -> None:
    findings = analyze(["my dog runs and barks in the park", sentence("wait", 2)], Taxonomy(TOPICS, (*SEVERAL, *NONE)))
    assert findings[0].other_reason is OtherReason.NOTHING_FITS
    assert topics_of(findings[1]) == {"wait"}
    assert findings[0].confidence < findings[1].confidence


def test_last_one_of_several_examples_with_the_same_text_counts() -> None:
    text = "the kiosk by the door"
    corrected = (Example(text, ("beans",)), *SEVERAL, Example(text.upper(), ("seat",)))
    assert topics_of(analyze([text], Taxonomy(TOPICS, corrected))[0]) == {"seat"}


def test_junk_is_an_answer_where_a_topic_is_about_it() -> None:
    topics = (*TOPICS, Topic("none", "Don't know"))
    assert topics_of(analyze(["don't know"], Taxonomy(topics))[0]) == {"none"}
    assert analyze(["don't know"], Taxonomy(TOPICS))[0].other_reason is OtherReason.JUNK


def test_sentiment_of_examples_corrects_the_general_one() -> None:
    words = ("mid", "cringe", "meh", "basic")
    examples = tuple(
        Example(f"{word} {thing} at the counter", ("seat",), Sentiment.NEGATIVE)
        for word in words
        for thing in ("chair", "table", "sofa", "bench")
    )
    others = tuple(
        Example(f"fire {thing} number {number}", ("seat",), Sentiment.POSITIVE)
        for number, thing in enumerate(("chair", "table", "sofa", "bench", "stool", "corner"))
    )
    text = "cringe stool at the counter"
    taxonomy = Taxonomy(TOPICS, (*SEVERAL, *examples, *others))
    assert analyze([text], taxonomy)[0].sentiment is Sentiment.NEGATIVE


def test_left_out_scores_are_those_of_a_regression_without_the_example() -> None:
    embedder = FakeEmbedder()
    whole = build_topic_model(Taxonomy(TOPICS, SEVERAL), embedder)
    assert isinstance(whole, RidgeTopics)
    fitted = whole.score([SEVERAL[0].text], embedder.embed([SEVERAL[0].text]))[0]
    # What was learned with an example fits it better than what was learned without it.
    assert fitted[0] > whole.left_out[0, 0]
    assert whole.left_out[0, 0] > whole.left_out[0, 2]


def test_thresholds_lie_between_what_has_the_topic_and_what_has_not() -> None:
    gold = np.tile(np.eye(2, dtype=bool), (20, 1))
    scores = np.where(gold, 0.8, 0.2) + np.linspace(-0.05, 0.05, 40)[:, None]
    thresholds = fit_thresholds(scores, gold)
    assert ((thresholds.values > 0.25) & (thresholds.values < 0.75)).all()
    assert (thresholds.confidences(scores.astype(np.float32)) > 0.5).tolist() == gold.tolist()


def test_cut_of_other_keeps_what_belongs_and_learns_from_examples_of_other() -> None:
    inside, outside = np.linspace(0.5, 1.0, 100), np.linspace(0.0, 0.3, 20)
    alone, taught = fit_belonging(inside, np.zeros(0)), fit_belonging(inside, outside)
    assert np.mean([alone.confidence(value) < 0.5 for value in inside]) <= 0.03
    assert all(taught.confidence(value) < 0.5 for value in outside)
    assert all(taught.confidence(value) > 0.5 for value in inside)
