"""InvokeModel: one operation, one body per family of models."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import AwsFault, unknown_model
from tests.aws_endpoint.model_ids import plain_model_id

# The body of the reply; of InvokeModelWithResponseStream also the bodies of its chunks.
ModelAnswer = Callable[[AwsRequest, dict[str, Any]], Mapping[str, Any] | Iterator[Mapping[str, Any]]]

_models: dict[str, ModelAnswer] = {}


def register_model(prefix: str, answer: ModelAnswer) -> None:
    """Say who answers for the models whose plain id starts so (``amazon.titan-embed``); the longest prefix counts."""
    _models[prefix] = answer


def register(endpoint: AwsEndpoint) -> None:
    """Answer InvokeModel and InvokeModelWithResponseStream."""
    endpoint.answer("bedrock-runtime", "InvokeModel", _invoke)
    endpoint.answer("bedrock-runtime", "InvokeModelWithResponseStream", _invoke_with_stream)


def _invoke(request: AwsRequest) -> dict[str, Any]:
    body = _answered(request)
    if not isinstance(body, Mapping):
        raise TypeError("InvokeModel is answered with one body.")
    return {"body": json.dumps(body).encode(), "contentType": "application/json"}


def _invoke_with_stream(request: AwsRequest) -> dict[str, Any]:
    body = _answered(request)
    chunks = iter([body]) if isinstance(body, Mapping) else body
    events = ({"chunk": {"bytes": json.dumps(chunk).encode()}} for chunk in chunks)
    return {"body": events, "contentType": "application/json"}


def _answered(request: AwsRequest) -> Mapping[str, Any] | Iterator[Mapping[str, Any]]:
    model_id = plain_model_id(request.parameters["modelId"])
    fitting = [prefix for prefix in _models if model_id.startswith(prefix)]
    if not fitting:
        raise unknown_model()
    try:
        body = json.loads(request.parameters.get("body", b""))
    except ValueError as error:
        raise AwsFault("ValidationException", "Malformed input request, please reformat your input.") from error
    if not isinstance(body, dict):
        raise AwsFault("ValidationException", "Malformed input request: expected an object.")
    return _models[max(fitting, key=len)](request, body)
