"""What an OpenAI-compatible server was asked for is told to the log of calls, whatever comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.answers.models import AnswerRequest
from services.backends.openai_compatible.answers import OpenAiCompatibleAnswers
from services.backends.openai_compatible.prompt_trial import ServerPromptTrial
from services.backends.openai_compatible.survey_model import OpenAiCompatibleModel
from services.errors import BackendError, BackendRejectedError
from services.ports.language_models import ModelRequest
from services.ports.model_calls import ModelCall
from tests.contract.answer_generator import PASSAGES
from tests.openai_server import MODEL, ChatRequest, OpenAiServer, running_openai_server

USAGE = {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15}


class Heard:
    def __init__(self) -> None:
        self.calls: list[ModelCall] = []

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        self.calls.append(call)


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with running_openai_server() as server:
        yield server


@pytest.fixture
def heard() -> Heard:
    return Heard()


def whole(text: str, **besides: Any) -> Any:
    body = {"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": USAGE, **besides}
    return lambda request: request.send_text(200, json.dumps(body))


def test_streamed_answer_is_asked_to_count_and_is_counted(server: OpenAiServer, heard: Heard) -> None:
    def reply(request: ChatRequest) -> None:
        assert request.server.bodies[-1]["stream_options"] == {"include_usage": True}
        request.send_events(
            json.dumps({"choices": [{"delta": {"content": "Yes [1]."}, "finish_reason": "stop"}]}),
            json.dumps({"choices": [], "usage": USAGE}),
        )

    server.reply = reply
    answers = OpenAiCompatibleAnswers(server.base_url, MODEL, None, 30.0, recorder=heard)
    answers.generate(AnswerRequest("May it be refilled?", PASSAGES))
    (call,) = heard.calls
    assert (call.backend, call.model, call.outcome) == ("openai", MODEL, "ok")
    assert (call.input_tokens, call.output_tokens) == (11, 4)


def test_server_that_refuses_to_count_is_asked_without_from_then_on(server: OpenAiServer, heard: Heard) -> None:
    def reply(request: ChatRequest) -> None:
        if "stream_options" in request.server.bodies[-1]:
            error = {"error": {"message": "Unrecognized request argument supplied: stream_options"}}
            request.send_text(400, json.dumps(error))
        else:
            event = {"choices": [{"delta": {"content": "Yes [1]."}, "finish_reason": "stop"}]}
            request.send_events(json.dumps(event))

    server.reply = reply
    answers = OpenAiCompatibleAnswers(server.base_url, MODEL, None, 30.0, recorder=heard)
    for _ in range(2):
        answers.generate(AnswerRequest("May it be refilled?", PASSAGES))
    assert len(server.bodies) == 3
    assert [call.input_tokens for call in heard.calls] == [0, 0]


def test_call_that_fails_is_told_with_its_code(server: OpenAiServer, heard: Heard) -> None:
    server.reply = lambda request: request.send_text(429, "{}")
    answers = OpenAiCompatibleAnswers(server.base_url, MODEL, None, 30.0, recorder=heard)
    with pytest.raises(BackendError):
        answers.generate(AnswerRequest("May it be refilled?", PASSAGES))
    assert [call.outcome for call in heard.calls] == ["backend-throttled"]


def test_survey_model_tells_its_tokens(server: OpenAiServer, heard: Heard) -> None:
    server.reply = whole("{}")
    model = OpenAiCompatibleModel(server.base_url, MODEL, None, recorder=heard)
    model.complete(ModelRequest("s", "u", "name", {"type": "object"}, 100))
    assert [(call.input_tokens, call.output_tokens) for call in heard.calls] == [(11, 4)]


def test_tried_prompt_comes_with_its_count(server: OpenAiServer, heard: Heard) -> None:
    server.reply = whole("Good day")
    reply = ServerPromptTrial(server.base_url, "key", 30.0, recorder=heard).ask(MODEL, "Hello", most_output_tokens=9)
    assert (reply.text, reply.input_tokens, reply.output_tokens) == ("Good day", 11, 4)
    assert server.bodies[-1]["messages"] == [{"role": "user", "content": "Hello"}]
    assert heard.calls[0].outcome == "ok"


def test_tried_prompt_without_a_reply_is_an_error(server: OpenAiServer) -> None:
    server.reply = whole("")
    with pytest.raises(BackendRejectedError):
        ServerPromptTrial(server.base_url, None, 30.0).ask(MODEL, "Hello", most_output_tokens=9)
