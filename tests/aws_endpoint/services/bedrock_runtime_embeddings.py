"""Titan Text Embeddings and Cohere Embed, with their limits and in their own words."""

from __future__ import annotations

from typing import Any, Final

from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import AwsFault
from tests.aws_endpoint.model_ids import plain_model_id
from tests.aws_endpoint.services.bedrock_runtime_invoke import register_model
from tests.aws_endpoint.word_vectors import word_vectors

MOST_TITAN_TOKENS: Final = 8_192
MOST_TITAN_CHARACTERS: Final = 50_000
MOST_COHERE_TEXTS: Final = 96
_DIMENSIONS: Final = {
    "amazon.titan-embed-text-v2": (1024, 512, 256),
    "cohere.embed-v4": (1536, 1024, 512, 256),
}
_TITAN_FIELDS: Final = {"inputText", "dimensions", "normalize", "embeddingTypes"}
_COHERE_FIELDS: Final = {"texts", "input_type", "truncate", "embedding_types"}
_INPUT_TYPES: Final = {"search_document", "search_query", "classification", "clustering"}


def register(endpoint: AwsEndpoint) -> None:
    """Answer for the models."""
    register_model("amazon.titan-embed-text", titan)
    register_model("cohere.embed", cohere)


def titan(request: AwsRequest, body: dict[str, Any]) -> dict[str, Any]:
    """The body of the reply."""
    model = plain_model_id(request.parameters["modelId"])
    newer = model.startswith("amazon.titan-embed-text-v2")
    _require(body.keys() <= (_TITAN_FIELDS if newer else {"inputText"}), "extraneous key is not permitted")
    text = body.get("inputText")
    _require(isinstance(text, str), "required key [inputText] not found")
    assert isinstance(text, str)
    _require(bool(text), "expected minLength: 1, actual: 0")
    _require(len(text) <= MOST_TITAN_CHARACTERS, f"expected maxLength: {MOST_TITAN_CHARACTERS}, actual: {len(text)}")
    tokens = count_tokens(text)
    if tokens > MOST_TITAN_TOKENS:
        raise AwsFault(
            "ValidationException",
            f"400 Bad Request: Too many input tokens. Max input tokens: {MOST_TITAN_TOKENS}, request input token count:"
            f" {tokens}",
        )
    vector = word_vectors([text], _dimension(model, body.get("dimensions")) if newer else 1536)[0]
    by_type = {"embeddingsByType": {"float": vector}} if newer else {}
    return {"embedding": vector, "inputTextTokenCount": tokens, **by_type}


def cohere(request: AwsRequest, body: dict[str, Any]) -> dict[str, Any]:
    """The body of the reply."""
    model = plain_model_id(request.parameters["modelId"])
    newer = model.startswith("cohere.embed-v4")
    fields = _COHERE_FIELDS | ({"output_dimension", "max_tokens"} if newer else set())
    _require(body.keys() <= fields, "extraneous key is not permitted")
    texts = body.get("texts")
    _require(isinstance(texts, list) and 0 < len(texts) <= MOST_COHERE_TEXTS, "texts: expected 1 to 96 items")
    assert isinstance(texts, list)
    _require(all(isinstance(text, str) and text for text in texts), "texts: expected minLength: 1")
    _require(newer or all(len(text) <= 2_048 for text in texts), "texts: expected maxLength: 2048")
    _require(body.get("input_type") in _INPUT_TYPES, "input_type is not a valid enum value")
    ends = {"NONE", "LEFT", "RIGHT"} if newer else {"NONE", "START", "END"}
    _require(body.get("truncate", "NONE") in ends, "truncate is not a valid enum value")
    rows = word_vectors(texts, _dimension(model, body.get("output_dimension")) if newer else 1024)
    reply: dict[str, Any] = {"id": "1f2e", "texts": texts, "response_type": "embeddings_floats", "embeddings": rows}
    if body.get("embedding_types"):
        reply |= {"response_type": "embeddings_by_type", "embeddings": {"float": rows}}
    return reply


def count_tokens(text: str) -> int:
    """Tokens of a text: one for every four characters."""
    return -(-len(text) // 4)


def _dimension(model: str, wanted: object) -> int:
    offered = next(sizes for start, sizes in _DIMENSIONS.items() if model.startswith(start))
    if wanted is None:
        return offered[0]
    _require(wanted in offered, f"#/dimensions: {wanted} is not a valid enum value")
    assert isinstance(wanted, int)
    return wanted


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise AwsFault("ValidationException", f"Malformed input request: {problem}, please reformat your input.")
