"""What comes of a chain: findings that say how sure they are, traces, and estimates."""

from __future__ import annotations

import json

import pytest

from services.ports.language_models import ModelLimits, ModelRequest
from services.surveys.chain.tokens import json_tokens, text_tokens
from services.surveys.models import OtherReason, Sentiment
from services.surveys.run_models import Step
from tests.survey_model import Values, step_of
from tests.unit.surveys.chain.chain_desk import TAXONOMY, ChainDesk, complaints


def test_trace_of_a_call_holds_its_prompt_its_reply_its_tokens_and_its_cost() -> None:
    desk = ChainDesk()
    desk.analyze(["The waiter was rude", "The waiter was nice"])
    traces = [trace for trace in desk.traces if trace.model]
    assert [(trace.step, trace.version) for trace in traces] == [
        (Step.SPLIT, "split-1"), (Step.TOPICS, "topics-1"), (Step.SENTIMENT, "sentiment-1"),
    ]  # fmt: skip
    for trace, request in zip(traces, desk.model.requests, strict=True):
        assert trace.response_ids == ("0", "1")
        assert request.system in trace.given
        assert request.user in trace.given
        assert json.loads(trace.made)["responses"]
        assert trace.input_tokens > 0
        assert trace.cost_usd == pytest.approx((trace.input_tokens + 4 * trace.output_tokens) / 1e6)
    desk.traces.clear()
    desk.owner = "run-2/0"
    desk.analyze(["The waiter was rude", "The waiter was nice"])
    assert [(trace.reused, trace.cost_usd) for trace in desk.traces if trace.model] == [(True, 0.0)] * 3


def test_weak_topics_contradictions_and_mixed_feelings_are_told() -> None:
    def unsure(request: ModelRequest, good: Values) -> Values:
        for entry in good["responses"]:
            for topic in entry.get("topics", ()):
                if "sure" in topic:
                    topic["sure"] = "low"
        return good

    assert ChainDesk(unsure).analyze(["The waiter was rude"])[0].needs_review == ("weak-topic",)

    def contradicting(request: ModelRequest, good: Values) -> Values:
        for entry in good["responses"]:
            if "overall" in entry:
                entry["overall"] = "positive"
        return good

    rude, both = ChainDesk(contradicting).analyze(
        ["The waiter was rude", "The prices are expensive; the waiter was nice"]
    )
    assert rude.needs_review == ("unclear-sentiment",)
    assert (both.sentiment, both.needs_review) == (Sentiment.MIXED, ())


@pytest.mark.parametrize(
    ("said", "reason"),
    [("nothing-fits", "nothing-fits"), ("too-short", "too-short"), ("none", "nothing-fits"), ("odd", "nothing-fits"),
     ("junk", "junk"), ("not-understood", "not-understood")],
)  # fmt: skip
def test_response_without_a_topic_says_why_in_the_models_words_or_that_nothing_fits(said: str, reason: str) -> None:
    def script(request: ModelRequest, good: Values) -> Values:
        if step_of(request.schema_name) == "topics":
            return {"responses": [{"id": one["id"], "topics": [], "other": said} for one in good["responses"]]}
        return good

    desk = ChainDesk(script)
    (finding,) = desk.analyze(["My grandfather plays the violin, nice"])
    assert (finding.topics, finding.other_reason) == ((), OtherReason(reason))
    assert finding.confidence < 0.4
    assert bool(finding.needs_review) == (reason == "not-understood")
    assert len(desk.model.asked("sentiment")) == (reason in {"nothing-fits", "too-short"})


def test_estimate_is_about_what_is_asked_and_its_cost_follows_the_prices() -> None:
    desk = ChainDesk()
    texts = [*complaints(90), "n/a", "", "ok"]
    estimate = desk.analyzer.estimate(texts, TAXONOMY)
    desk.analyze(texts)
    assert estimate.readable_count == 90
    assert abs(estimate.calls - len(desk.model.requests)) <= 3
    sent = sum(
        text_tokens(request.system + request.user) + json_tokens(request.schema) for request in desk.model.requests
    )
    assert 0.9 * sent <= estimate.input_tokens <= 1.3 * sent
    assert estimate.cost_usd == pytest.approx((estimate.input_tokens + 4 * estimate.output_tokens) / 1e6)
    assert estimate.warnings == ()


def test_estimate_says_that_a_price_is_unknown_and_that_responses_are_cut() -> None:
    desk = ChainDesk(limits=ModelLimits())
    estimate = desk.analyzer.estimate(["The waiter was rude. " * 500, "Rude waiter"], TAXONOMY)
    assert estimate.cost_usd is None
    assert len(estimate.warnings) == 2
    assert "about 1." in estimate.warnings[1]
