"""Whatever a model replies, no response is lost, none is paid for twice, and nothing false is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.errors import (
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
)
from services.ports.language_models import ModelReply, ModelRequest, StopReason
from services.surveys.chain.asking import MOST_BARREN_CALLS
from services.surveys.models import OtherReason, ResponseFinding
from tests.survey_model import Script, Values, step_of
from tests.unit.surveys.chain.chain_desk import ChainDesk, complaints

EIGHT = complaints(8)
POISON = "The poison waiter was rude to everybody"


def topics_of(findings: list[ResponseFinding]) -> list[list[str]]:
    return [[topic.topic_id for topic in finding.topics] for finding in findings]


def once(step: str, spoil: Any) -> Script:
    """A script that spoils the first reply of a step, and is good from then on."""
    spoiled: list[str] = []

    def script(request: ModelRequest, good: Values) -> ModelReply | Values | str:
        if step_of(request.schema_name) == step and not spoiled:
            spoiled.append(step)
            said: ModelReply | Values | str = spoil(good)
            return said
        return good

    return script


def always(step: str, spoil: Any, needle: str = "poison") -> Script:
    """A script that spoils every reply of a step about a response with this word; entries come with their request."""

    def script(request: ModelRequest, good: Values) -> ModelReply | Values | str:
        poisoned = {one["id"] for one in json.loads(request.user)["responses"] if needle in json.dumps(one)}
        if step_of(request.schema_name) == step and poisoned:
            said: ModelReply | Values | str = spoil(good, poisoned)
            return said
        return good

    return script


def ids(first: int, last: int) -> list[str]:
    return [f"r{number}" for number in range(first, last + 1)]


def assert_all_found(desk: ChainDesk, texts: list[str]) -> None:
    """Every response has its topic, as with a good model, and nothing is asked for when it is done again."""
    findings = desk.analyze(texts)
    assert topics_of(findings) == [["staff"]] * len(texts)
    assert not any(finding.needs_review for finding in findings)
    calls = len(desk.model.requests)
    assert desk.analyze(texts) == findings
    assert len(desk.model.requests) == calls


def test_twenty_responses_share_a_call_and_each_step_is_asked_once() -> None:
    desk = ChainDesk()
    assert_all_found(desk, complaints(45))
    expected = [ids(1, 20), ids(1, 20), ids(1, 5)]
    assert [desk.model.asked(step) for step in ("split", "topics", "sentiment")] == [expected] * 3


def test_half_of_the_ids_is_asked_for_again_in_halves_and_no_other() -> None:
    desk = ChainDesk(once("split", lambda good: {"responses": good["responses"][:4]}))
    assert_all_found(desk, EIGHT)
    assert desk.model.asked("split") == [ids(1, 8), ids(5, 6), ids(7, 8)]
    assert desk.model.asked("topics") == [ids(1, 8)]
    assert "Ids were missing. (4 of 8 responses) Asked again in two halves." in desk.notes()


def test_ids_that_nobody_asked_about_are_left_aside() -> None:
    def renamed(good: Values) -> Values:
        return {"responses": [{**entry, "id": f"x{entry['id']}"} for entry in good["responses"]]}

    desk = ChainDesk(once("topics", renamed))
    assert_all_found(desk, EIGHT)
    assert desk.model.asked("topics") == [ids(1, 8), ids(1, 4), ids(5, 8)]
    assert "8 entries for ids that were not asked about were left aside." in desk.notes()


def test_id_that_comes_twice_is_asked_for_again_alone() -> None:
    desk = ChainDesk(once("sentiment", lambda good: {"responses": [*good["responses"], good["responses"][2]]}))
    assert_all_found(desk, EIGHT)
    assert desk.model.asked("sentiment") == [ids(1, 8), ["r3"]]


@pytest.mark.parametrize(
    "said", ["Sure! Here are the topics you asked for.", "", "[]", "null", '{"responses": "none"}', "[" * 100_000]
)
def test_prose_instead_of_json_is_asked_for_again(said: str) -> None:
    desk = ChainDesk(once("topics", lambda good: said))
    assert_all_found(desk, EIGHT)
    assert desk.model.asked("topics") == [ids(1, 8), ids(1, 4), ids(5, 8)]


def test_json_in_a_code_fence_with_a_sentence_before_it_is_read() -> None:
    desk = ChainDesk(once("topics", lambda good: f"Here it is:\n```json\n{json.dumps(good)}\n```"))
    assert_all_found(desk, EIGHT)
    assert len(desk.model.asked("topics")) == 1


def test_of_a_reply_that_was_cut_off_what_is_whole_counts_and_the_rest_is_asked_for() -> None:
    def cut(good: Values) -> ModelReply:
        whole = json.dumps(good)
        return ModelReply(whole[: whole.index('"r6"') + 20], StopReason.LENGTH, 100, 50)

    desk = ChainDesk(once("split", cut))
    assert_all_found(desk, EIGHT)
    assert desk.model.asked("split") == [ids(1, 8), ["r6", "r7"], ["r8"]]
    assert "cut off" in desk.notes()


def test_another_attempt_says_what_was_wrong_in_our_words_alone() -> None:
    desk = ChainDesk(once("split", lambda good: {"responses": []}))
    desk.analyze(EIGHT)
    first, second = desk.model.requests[:2]
    assert second.system.startswith(first.system)
    assert "Ids were missing." in second.system
    assert "attempt 2" in second.system


@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("topics", {"topics": [{"topic": "t9", "statement": 1, "sure": "high"}], "other": "none"}),
        ("topics", {"topics": [{"topic": "weather", "statement": 1, "sure": "high"}], "other": "none"}),
        ("topics", {"topics": [{"topic": "t2", "statement": 2, "sure": "high"}], "other": "none"}),
        ("topics", {"topics": [{"topic": "t2", "statement": 0, "sure": "high"}], "other": "none"}),
        ("topics", {"topics": [{"topic": "t2", "statement": 1, "sure": "very"}], "other": "none"}),
        ("topics", {"topics": None}),
        ("sentiment", {"topics": []}),
        ("sentiment", {"topics": [{"topic": "t2", "sentiment": feeling} for feeling in ("negative", "positive")]}),
        ("sentiment", {"topics": [{"topic": "t1", "sentiment": "negative"}]}),
        ("sentiment", {"topics": [{"topic": "t2", "sentiment": "mixed"}]}),
        ("sentiment", {"topics": [{"topic": "t2", "sentiment": "furious"}]}),
        ("sentiment", {"overall": None}),
    ],
)
def test_claim_that_does_not_hold_is_asked_for_again_and_given_up_without_harm_to_others(
    step: str, change: dict[str, Any]
) -> None:
    def spoil(good: Values, poisoned: set[str]) -> Values:
        return {"responses": [{**one, **(change if one["id"] in poisoned else {})} for one in good["responses"]]}

    desk = ChainDesk(always(step, spoil))
    *others, last = desk.analyze([*EIGHT, POISON])
    assert topics_of(others) == [["staff"]] * 8
    assert (last.topics, last.other_reason) == ((), OtherReason.NOT_UNDERSTOOD)
    assert last.needs_review
    assert desk.model.asked(step) == [ids(1, 9), ["r9"]]
    assert "Given up." in desk.notes()
    assert "Somebody should look." in desk.notes()


@pytest.mark.parametrize("statements", [["The staff was rude"], [], ["", " "], ["rude"]])
def test_text_that_the_model_does_not_quote_is_judged_as_one_statement(statements: list[str]) -> None:
    def spoil(good: Values, poisoned: set[str]) -> Values:
        return {
            "responses": [
                {**one, "statements": statements} if one["id"] in poisoned else one for one in good["responses"]
            ]
        }

    desk = ChainDesk(always("split", spoil))
    *others, last = desk.analyze([*EIGHT, POISON])
    assert topics_of(others) == [["staff"]] * 8
    assert [(topic.topic_id, POISON[topic.start : topic.end]) for topic in last.topics] == [("staff", POISON)]
    assert desk.model.asked("split") == [ids(1, 9), ["r9"]]
    assert "judged as one statement" in desk.notes()


@pytest.mark.parametrize("step", ["split", "topics", "sentiment"])
@pytest.mark.parametrize("kind", ["refusal", "error"])
def test_response_that_the_model_refuses_is_singled_out(step: str, kind: str) -> None:
    def spoil(good: Values, poisoned: set[str]) -> ModelReply:
        if kind == "error":
            raise BackendRejectedError("The survey model refused the request.")
        return ModelReply("I cannot help with that.", StopReason.REFUSED, 10, 5)

    desk = ChainDesk(always(step, spoil))
    *others, last = desk.analyze([*EIGHT, POISON])
    assert topics_of(others) == [["staff"]] * 8
    assert (last.topics, last.other_reason) == ((), OtherReason.NOT_UNDERSTOOD)
    # 9, then 5 and 4, of the 4 with it 2 and 2, then 1 and 1.
    assert [len(call) for call in desk.model.asked(step)] == [9, 5, 4, 2, 2, 1, 1]


def test_single_response_that_is_refused_is_not_asked_about_again() -> None:
    desk = ChainDesk(always("split", lambda good, poisoned: ModelReply("", StopReason.REFUSED)))
    (finding,) = desk.analyze([POISON])
    assert finding.other_reason is OtherReason.NOT_UNDERSTOOD
    assert len(desk.model.requests) == 1


def test_model_that_never_gives_json_ends_the_analysis_before_it_costs_much() -> None:
    desk = ChainDesk(lambda request, good: "I am a poet.")
    with pytest.raises(BackendRejectedError) as caught:
        desk.analyze(complaints(40))
    assert caught.value.code == "model-unusable"
    assert len(desk.model.requests) == MOST_BARREN_CALLS


def test_server_that_refuses_everything_is_named_as_it_is() -> None:
    def refuse(request: ModelRequest, good: Values) -> Values:
        raise BackendRejectedError("Too large.", code="context-exceeded", remedy="Set the context.")

    desk = ChainDesk(refuse)
    with pytest.raises(BackendRejectedError) as caught:
        desk.analyze(complaints(40))
    assert (caught.value.code, caught.value.remedy) == ("context-exceeded", "Set the context.")


def test_server_that_throttles_for_a_minute_loses_nothing_and_is_paid_once() -> None:
    desk = ChainDesk()

    def throttle(request: ModelRequest, good: Values) -> Values:
        if desk.clock.seconds < 58:
            raise BackendThrottledError("Too many requests.")
        return good

    desk.model.script = throttle
    findings = desk.analyze(EIGHT)
    assert topics_of(findings) == [["staff"]] * 8
    answered = len(desk.model.requests) - len(desk.clock.naps)
    assert answered == 3


def test_wait_that_the_server_asks_for_is_kept() -> None:
    desk = ChainDesk()

    def throttle(request: ModelRequest, good: Values) -> Values:
        if not desk.clock.naps:
            raise BackendThrottledError("Too many requests.", retry_after_seconds=42)
        return good

    desk.model.script = throttle
    desk.analyze(EIGHT)
    assert desk.clock.naps == [42]


@pytest.mark.parametrize(
    "error",
    [
        BackendThrottledError("Too many requests."),
        BackendUnavailableError("The server has an error."),
        BackendTimeoutError("No answer in time."),
    ],
)
def test_error_that_lasts_is_for_the_caller_who_tries_later_and_pays_only_for_the_rest(error: Exception) -> None:
    down = [True]

    def script(request: ModelRequest, good: Values) -> Values:
        if step_of(request.schema_name) == "topics" and down:
            raise error
        return good

    desk = ChainDesk(script)
    with pytest.raises(type(error)):
        desk.analyze(EIGHT)
    assert desk.clock.seconds == 60
    assert len(desk.model.asked("split")) == 1
    down.clear()
    assert topics_of(desk.analyze(EIGHT)) == [["staff"]] * 8
    assert len(desk.model.asked("split")) == 1
    # What it paid for before belongs to this analysis too.
    assert not any(trace.reused for trace in desk.traces)


def test_error_that_will_not_pass_is_not_tried_again() -> None:
    def script(request: ModelRequest, good: Values) -> Values:
        raise BackendMisconfiguredError("The key is refused.")

    desk = ChainDesk(script)
    with pytest.raises(BackendMisconfiguredError):
        desk.analyze(EIGHT)
    assert len(desk.model.requests) == 1
    assert desk.clock.naps == []
