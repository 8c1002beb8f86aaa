"""What a good small language model would reply to the chain's calls, by simple rules: for servers and for fakes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.ports.language_models import ModelLimits, ModelReply, ModelRequest, StopReason

_END = re.compile(r"(?<=[.;!?])\s+|,\s+(?=but\b)")
_GOOD = {"friendly", "nice", "great", "good", "love", "amable", "👍"}
_BAD = {"expensive", "crashes", "rude", "bad", "slow", "missing", "broken", "altos"}
_TOO_COMMON = {"the", "too", "and", "in", "number", "subject"}
Values = dict[str, Any]
Script = Callable[[ModelRequest, Values], ModelReply | Values | str]


def answer(step: str, given: Mapping[str, Any]) -> Values:
    """The reply to a call.

    Args:
        step: ``split``, ``topics`` or ``sentiment``.
        given: The user's message.
    """
    reply_to = {"split": _split, "topics": _assign, "sentiment": _feel}[step]
    return {"responses": [reply_to(response, given) for response in given["responses"]]}


def step_of(schema_name: str) -> str:
    """The step that a schema is for."""
    return schema_name.split("_", maxsplit=1)[0]


def schema_problem(schema: Mapping[str, Any]) -> str:
    """What a strict mode would refuse about a schema; empty when nothing."""
    kind = schema.get("type")
    if kind == "object":
        if schema.get("additionalProperties") is not False:
            return "additionalProperties must be false"
        if set(schema.get("required", ())) != set(schema["properties"]):
            return "everything must be required"
        return next((found for one in schema["properties"].values() if (found := schema_problem(one))), "")
    if kind == "array":
        return schema_problem(schema["items"])
    return "" if kind in {"string", "integer"} and set(schema) <= {"type", "enum"} else f"unknown type {kind}"


def value_problem(value: object, schema: Mapping[str, Any]) -> str:
    """What of a value is not as its schema says; empty when nothing. For the schemas of the chain alone."""
    match schema["type"]:
        case "object":
            if not isinstance(value, dict) or set(value) != set(schema["properties"]):
                return f"{value} is not such an object"
            return next(
                (found for name, one in schema["properties"].items() if (found := value_problem(value[name], one))), ""
            )
        case "array":
            if not isinstance(value, list):
                return f"{value} is no list"
            return next((found for one in value if (found := value_problem(one, schema["items"]))), "")
        case "integer":
            return "" if isinstance(value, int) else f"{value} is no number"
    return "" if isinstance(value, str) and value in schema.get("enum", (value,)) else f"{value} is not allowed"


def _split(response: Values, given: Mapping[str, Any]) -> Values:
    return {"id": response["id"], "statements": [part for part in _END.split(response["text"]) if part.strip()]}


def _assign(response: Values, given: Mapping[str, Any]) -> Values:
    found = []
    for number, statement in response["statements"].items():
        said = _words(statement)
        for topic in given["topics"]:
            words = _words(f"{topic['name']} {topic.get('description', '')}") | set(topic.get("keywords", ()))
            if said & (words - _TOO_COMMON):
                found.append({"topic": topic["id"], "statement": int(number), "sure": "high"})
    return {"id": response["id"], "topics": found, "other": "none" if found else "nothing-fits"}


def _feel(response: Values, given: Mapping[str, Any]) -> Values:
    statements = response["statements"]
    topics = [
        {"topic": one["topic"], "sentiment": _feeling([statements[str(number)] for number in one["statements"]])}
        for one in response["topics"]
    ]
    felt = {_feeling([statement]) for statement in statements.values()}
    overall = "mixed" if felt >= {"positive", "negative"} else _feeling(list(statements.values()))
    return {"id": response["id"], "topics": topics, "overall": overall}


def _feeling(statements: Sequence[str]) -> str:
    words = set().union(*(_words(statement) for statement in statements))
    return "positive" if words & _GOOD else "negative" if words & _BAD else "neutral"


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+|👍", text.casefold()))


class FakeLanguageModel:
    """LanguageModel that answers by the rules above, or by a script.

    Attributes:
        requests: All that it was asked, in order.
        script: What it replies; given the request and what a good model would reply to it.
    """

    name = "fake"

    def __init__(self, limits: ModelLimits | None = None, script: Script | None = None, model: str = "rules-1") -> None:
        self.model = model
        self.limits = limits or ModelLimits(input_price=1.0, output_price=4.0)
        self.requests: list[ModelRequest] = []
        self.script: Script = script or (lambda request, good: good)
        self._lock = threading.Lock()

    def complete(self, request: ModelRequest) -> ModelReply:
        with self._lock:
            self.requests.append(request)
        good = answer(step_of(request.schema_name), json.loads(request.user))
        said = self.script(request, good)
        if isinstance(said, ModelReply):
            return said
        text = said if isinstance(said, str) else json.dumps(said)
        return ModelReply(text, StopReason.COMPLETE, len(request.system + request.user) // 4, len(text) // 4)

    def check_ready(self) -> None:
        """It always is."""

    def asked(self, step: str) -> list[list[str]]:
        """The ids of each call of a step."""
        return [
            [response["id"] for response in json.loads(request.user)["responses"]]
            for request in self.requests
            if step_of(request.schema_name) == step
        ]
