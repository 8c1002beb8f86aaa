"""A small server that speaks chat completions with JSON schemas: it checks the request, and answers by simple rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.openai_server import MODEL, ChatRequest, OpenAiServer, Reply, running_openai_server
from tests.survey_model import answer, schema_problem, step_of, value_problem

_FIELDS = {"model", "messages", "response_format", "max_tokens", "temperature"}


def survey_reply(request: ChatRequest) -> None:
    """What a good model replies to the last request; 400 when the request is not as the API describes it."""
    body = request.server.bodies[-1]
    problem = _problem(body)
    if problem:
        refuse(400, problem)(request)
        return
    named = body["response_format"]["json_schema"]
    made = answer(step_of(named["name"]), json.loads(body["messages"][1]["content"]))
    assert not value_problem(made, named["schema"]), made
    send_completion(request, json.dumps(made))


def send_completion(request: ChatRequest, content: str | None, finish_reason: str = "stop", **message: Any) -> None:
    """A whole reply, with its tokens counted by words; cut where the request says so."""
    body = request.server.bodies[-1]
    words = (content or "").split(" ")
    limit: int = body.get("max_tokens") or body["max_completion_tokens"]
    if content is not None and len(words) > limit:
        content, finish_reason = " ".join(words[:limit]), "length"
    sent = sum(len(one["content"].split()) for one in body["messages"])
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": content, **message},
    }
    usage = {"prompt_tokens": sent, "completion_tokens": min(len(words), limit)}
    request.send_text(200, json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}))


def refuse(status: int, message: str, code: str | None = None, param: str | None = None) -> Reply:
    """An error in the API's form."""
    body = json.dumps({"error": {"message": message, "type": "invalid_request_error", "code": code, "param": param}})
    return lambda request: request.send_text(status, body)


def _problem(body: dict[str, Any]) -> str:
    if set(body) != _FIELDS or body["model"] != MODEL:
        return "a field is missing or unknown"
    if [message["role"] for message in body["messages"]] != ["system", "user"] or body["max_tokens"] < 1:
        return "messages or max_tokens are wrong"
    asked = body["response_format"]
    if asked.get("type") != "json_schema" or asked["json_schema"].get("strict") is not True:
        return "response_format is not a strict json_schema"
    return schema_problem(asked["json_schema"]["schema"])


@contextmanager
def running_survey_server() -> Iterator[OpenAiServer]:
    """Serve until the block ends."""
    with running_openai_server() as server:
        server.reply = survey_reply
        yield server
