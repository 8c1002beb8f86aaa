"""Converse and ConverseStream: one schema for all models; who answers is decided by the request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import unknown_model

# The members of Converse's reply; for ConverseStream also its events. A reply in one piece becomes events by itself.
ConverseAnswer = Callable[[AwsRequest], Mapping[str, Any] | Iterator[Mapping[str, Any]]]
Predicate = Callable[[AwsRequest], bool]

_answers: dict[str, tuple[Predicate, ConverseAnswer]] = {}


def register_converse(predicate: Predicate, answer: ConverseAnswer) -> None:
    """Say who answers the requests that fit; of several the one that registered last.

    An answer that registers again keeps no second place: it is known by its name.
    """
    name = f"{answer.__module__}.{answer.__qualname__}"
    _answers.pop(name, None)
    _answers[name] = (predicate, answer)


def register(endpoint: AwsEndpoint) -> None:
    """Answer Converse and ConverseStream."""
    endpoint.answer("bedrock-runtime", "Converse", _answered)
    endpoint.answer("bedrock-runtime", "ConverseStream", _streamed)


def _answered(request: AwsRequest) -> Mapping[str, Any] | Iterator[Mapping[str, Any]]:
    for predicate, answer in reversed(_answers.values()):
        if predicate(request):
            return answer(request)
    raise unknown_model()


def _streamed(request: AwsRequest) -> Iterator[Mapping[str, Any]]:
    answered = _answered(request)
    return events_of(answered) if isinstance(answered, Mapping) else answered


def events_of(reply: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The events of a reply that was made in one piece: a delta per word, tool input in pieces of 20 characters."""
    message = reply["output"]["message"]
    yield {"messageStart": {"role": message["role"]}}
    for index, block in enumerate(message["content"]):
        if "toolUse" in block:
            start = {"toolUse": {key: block["toolUse"][key] for key in ("toolUseId", "name")}}
            yield {"contentBlockStart": {"start": start, "contentBlockIndex": index}}
            written = json.dumps(block["toolUse"]["input"])
            pieces = [written[at : at + 20] for at in range(0, len(written), 20)]
            deltas: list[dict[str, Any]] = [{"toolUse": {"input": piece}} for piece in pieces]
        else:
            deltas = [{"text": piece} for piece in block["text"].split(" ")]
            deltas = [
                {"text": delta["text"] + (" " if at < len(deltas) - 1 else "")} for at, delta in enumerate(deltas)
            ]
        for delta in deltas:
            yield {"contentBlockDelta": {"delta": delta, "contentBlockIndex": index}}
        yield {"contentBlockStop": {"contentBlockIndex": index}}
    yield {"messageStop": {"stopReason": reply["stopReason"]}}
    metadata = {key: reply[key] for key in ("usage", "metrics", "trace", "performanceConfig") if key in reply}
    if "metrics" in metadata:
        metadata["metrics"] = {"latencyMs": metadata["metrics"]["latencyMs"]}
    yield {"metadata": metadata}
