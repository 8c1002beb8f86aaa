"""Vectors from embedding models on Amazon Bedrock: Titan Text Embeddings, one text per call, and Cohere Embed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.backends.aws.access import AwsAccess
from services.backends.aws.active_models import ActiveModels
from services.backends.aws.bedrock_model_ids import plain_model_id
from services.backends.aws.calls import AwsService, CallPolicy, Usage
from services.backends.aws.embedding_batches import (
    CALLED,
    Vectors,
    batched,
    embedded,
    sendable,
    unit_vectors,
    unreadable,
)
from services.backends.aws.errors import AwsProblem
from services.errors import AppError, BackendRejectedError, ConfigurationError

EMBEDDING_POLICY = CallPolicy(
    attempts=6,
    first_wait_seconds=0.3,
    longest_wait_seconds=5.0,
    give_up_seconds=20.0,
    read_timeout_seconds=30.0,
    at_once=16,
)
_MOST_BODY_BYTES = 5_000_000
_TEXT_TOO_LONG = "text-too-long"
_TOKENS_HEADER = "x-amzn-bedrock-input-token-count"
_TITAN_TOKENS = re.compile(rb'"inputTextTokenCount"\s*:\s*(\d+)')


@dataclass(frozen=True, slots=True)
class _Family:
    """Models that are asked in the same way.

    Attributes:
        dimensions: What they offer, the one they take by themselves first.
        most_characters: Of one text; what is longer is cut.
        body: Makes the JSON of a request.
        rows: Finds the vectors in that of a reply.
    """

    dimensions: tuple[int, ...]
    most_texts: int
    most_characters: int
    body: Callable[[Sequence[str], int], Mapping[str, Any]]
    rows: Callable[[Any], object]


def _titan_v1(texts: Sequence[str], _dimension: int) -> Mapping[str, Any]:
    return {"inputText": texts[0]}


def _titan_v2(texts: Sequence[str], dimension: int) -> Mapping[str, Any]:
    return {"inputText": texts[0], "dimensions": dimension, "normalize": True}


# Cohere tells questions from documents; Embedder does not. All texts go as documents: they are alike then, which the
# comparison of questions with questions (curated answers, everyday questions) needs too.
def _cohere_v3(texts: Sequence[str], _dimension: int) -> Mapping[str, Any]:
    return {"texts": list(texts), "input_type": "search_document", "truncate": "END", "embedding_types": ["float"]}


def _cohere_v4(texts: Sequence[str], dimension: int) -> Mapping[str, Any]:
    return {
        "texts": list(texts),
        "input_type": "search_document",
        "truncate": "RIGHT",
        "embedding_types": ["float"],
        "output_dimension": dimension,
    }


def _titan_rows(body: Any) -> object:
    return [body["embedding"]]


def _cohere_rows(body: Any) -> object:
    embeddings = body["embeddings"]
    return embeddings["float"] if isinstance(embeddings, Mapping) else embeddings


# By what the plain id starts with; the characters are what the models' own pages say.
_FAMILIES = {
    "amazon.titan-embed-text-v2": _Family((1024, 512, 256), 1, 50_000, _titan_v2, _titan_rows),
    "amazon.titan-embed-text-v1": _Family((1536,), 1, 50_000, _titan_v1, _titan_rows),
    "cohere.embed-english-v3": _Family((1024,), 96, 2_048, _cohere_v3, _cohere_rows),
    "cohere.embed-multilingual-v3": _Family((1024,), 96, 2_048, _cohere_v3, _cohere_rows),
    "cohere.embed-v4": _Family((1536, 1024, 512, 256), 96, 50_000, _cohere_v4, _cohere_rows),
}


class BedrockEmbedder:
    """See :class:`services.ports.knowledge.Embedder`.

    Args:
        model: The id of a model, or of a system-defined inference profile of it.
        dimension: None takes the model's own.
        on_used: Hears the model's id here and the id that it is called by, when it is used for the first time.

    Raises:
        ConfigurationError: Frontline does not know the model, or the model does not offer the dimension.
    """

    def __init__(
        self,
        aws: AwsAccess,
        model: str,
        dimension: int | None = None,
        *,
        on_used: Callable[[str, str], None] = lambda *_: None,
        policy: CallPolicy = EMBEDDING_POLICY,
    ) -> None:
        plain = plain_model_id(model)
        self._family = _family_of(plain)
        self.dimension = dimension or self._family.dimensions[0]
        if self.dimension not in self._family.dimensions:
            raise ConfigurationError(
                f"FRONTLINE_BEDROCK_EMBEDDING_DIMENSION={self.dimension} is not offered by {plain}.",
                code="embedding-dimension",
                remedy=f"Set it to one of {', '.join(map(str, self._family.dimensions))}, or leave it unset.",
            )
        # Without the profile's prefix: through which region a model is asked changes no vector.
        self.model_id = f"bedrock/{plain}/{self.dimension}"
        self._model = model
        self._on_used: Callable[[str, str], None] | None = on_used
        self._service = AwsService(
            aws.clients, "bedrock-runtime", called=CALLED, backend="bedrock", policy=policy, recorder=aws.recorder
        )
        self._models = ActiveModels(aws.clients, called=CALLED)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See the port. Texts that are too long for the model count with their beginning.

        Raises:
            BackendError: codes of its own are ``embedding-dimension`` and ``model-reply-malformed``.
        """
        family = self._family
        sent = [sendable(text, family.most_characters) for text in texts]
        batches = list(batched(sent, family.most_texts, _MOST_BODY_BYTES))
        vectors = embedded(batches, self._ask, self.dimension, self._service.policy.at_once)
        if self._on_used is not None:
            self._on_used(self.model_id, self._model)
            self._on_used = None
        return vectors

    def check_ready(self) -> None:
        """Raise BackendError unless the model is known and in service."""
        self._models.require(self._model, output="EMBEDDING")

    def _ask(self, texts: Sequence[str]) -> Vectors:
        try:
            return self._vectors(texts)
        except BackendRejectedError as error:
            # A refused text costs nothing. How many tokens its characters make, only the model knows.
            if error.code != _TEXT_TOO_LONG or len(texts) > 1 or len(texts[0]) < 2:
                raise
            return self._ask([texts[0][: len(texts[0]) // 2]])

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        reply = self._service.call(
            "InvokeModel",
            {
                "modelId": self._model,
                "body": json.dumps(self._family.body(texts, self.dimension)),
                "contentType": "application/json",
                "accept": "application/json",
            },
            model=self._model,
            usage=_usage,
            refused=_refusal,
        )
        try:
            rows = self._family.rows(json.loads(reply.get("body", b"")))
        except (ValueError, LookupError, TypeError) as exc:
            raise unreadable() from exc
        return unit_vectors(rows, len(texts), self.dimension)


def _family_of(plain: str) -> _Family:
    for start, family in _FAMILIES.items():
        if plain.startswith(start):
            return family
    raise ConfigurationError(
        f"FRONTLINE_BEDROCK_EMBEDDING_MODEL={plain} is not a model that Frontline knows how to ask.",
        code="embedding-model-unknown",
        remedy=f"Set it to a model, or a system-defined inference profile, of {', '.join(_FAMILIES)}.",
    )


def _usage(reply: dict[str, Any]) -> Usage:
    headers = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    counted = headers.get(_TOKENS_HEADER)
    if counted is None and (found := _TITAN_TOKENS.search(reply.get("body") or b"")):
        counted = found.group(1)
    return Usage(input_tokens=int(counted) if counted else 0)


def _refusal(problem: AwsProblem) -> AppError | None:
    if problem.code == "ValidationException" and (
        "too many input tokens" in problem.message
        or "maxlength" in problem.message
        or "input is too long" in problem.message
    ):
        return BackendRejectedError("A text is too long for the embedding model.", code=_TEXT_TOO_LONG)
    return None
