"""Vectors from an embedding model at a SageMaker endpoint."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from services.backends.aws.access import AwsAccess
from services.backends.aws.bedrock_embeddings import EMBEDDING_POLICY
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
from services.backends.aws.sagemaker_endpoints import MOST_BODY_BYTES, SageMakerEndpoints, endpoint_refusal
from services.setting_choices import EmbeddingContainer

# What Text Embeddings Inference takes at once by itself.
_MOST_TEXTS = 32
_MOST_CHARACTERS = 50_000
# In JSON a character may take six bytes; the names around the texts take the rest.
_MOST_TEXT_BYTES = (MOST_BODY_BYTES - 10_000) // 6
_JSON = "application/json"
_PROBE = "How long is a vector?"
_ROW_NAMES = ("embeddings", "embedding", "vectors")
_refused = partial(endpoint_refusal, called=CALLED)


class SageMakerEmbedder:
    """See :class:`services.ports.knowledge.Embedder`.

    Which model the endpoint runs, and how long its vectors are, is found out when it is first needed.

    Args:
        endpoint: Its name.
        container: What serves the model there.
        on_used: Hears the model's id and the container, when it is used for the first time.
    """

    def __init__(
        self,
        aws: AwsAccess,
        endpoint: str,
        container: EmbeddingContainer,
        *,
        on_used: Callable[[str, str], None] = lambda *_: None,
        policy: CallPolicy = EMBEDDING_POLICY,
    ) -> None:
        self._endpoint = endpoint
        self._container = container
        self._on_used = on_used
        self._service = AwsService(
            aws.clients, "sagemaker-runtime", called=CALLED, backend="sagemaker", policy=policy, recorder=aws.recorder
        )
        self._endpoints = SageMakerEndpoints(aws.clients, called=CALLED)
        self._finding_out = threading.Lock()
        self._known: tuple[str, int] | None = None

    @property
    def model_id(self) -> str:
        """Another model behind the endpoint, or another dimension, has another id. Raises BackendError."""
        return self._identity()[0]

    @property
    def dimension(self) -> int:
        """Length of a vector. Raises BackendError."""
        return self._identity()[1]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See the port. Texts that are too long for the model count with their beginning.

        Raises:
            BackendError: codes of its own are ``embedding-dimension``, ``container-refused``, ``container-failed`` and
                ``model-reply-malformed``.
        """
        dimension = self.dimension
        sent = [sendable(text, _MOST_CHARACTERS) for text in texts]
        batches = list(batched(sent, _MOST_TEXTS, _MOST_TEXT_BYTES))
        ask = partial(self._ask, dimension=dimension)
        return embedded(batches, ask, dimension, self._service.policy.at_once)

    def check_ready(self) -> None:
        """Raise BackendError unless the endpoint is in service."""
        self._endpoints.require_in_service(self._endpoint)

    def _identity(self) -> tuple[str, int]:
        with self._finding_out:
            if self._known is None:
                model = self._endpoints.model_name(self._endpoint)
                dimension = self._ask([_PROBE], dimension=None).shape[1]
                self._known = f"sagemaker/{self._endpoint}/{model}/{dimension}", dimension
                self._on_used(self._known[0], self._container.value)
            return self._known

    def _ask(self, texts: Sequence[str], *, dimension: int | None) -> Vectors:
        reply = self._service.call(
            "InvokeEndpoint",
            {
                "EndpointName": self._endpoint,
                "Body": json.dumps(_body(self._container, texts)).encode(),
                "ContentType": _JSON,
                "Accept": _JSON,
            },
            model=self._endpoint,
            usage=lambda _: Usage(units=1),
            refused=_refused,
        )
        try:
            rows = _rows(json.loads(reply.get("Body", b"")))
        except (ValueError, LookupError, TypeError) as exc:
            raise unreadable() from exc
        return unit_vectors(rows, len(texts), dimension)


def _body(container: EmbeddingContainer, texts: Sequence[str]) -> Mapping[str, Any]:
    match container:
        case EmbeddingContainer.TEI:
            return {"inputs": list(texts), "truncate": True, "normalize": True}
        case EmbeddingContainer.HUGGING_FACE:
            return {"inputs": list(texts), "parameters": {"truncation": True}}
        case EmbeddingContainer.JUMPSTART:
            return {"text_inputs": list(texts), "mode": "embedding"}


def _rows(value: Any) -> list[Any]:
    """One vector per text, whatever stands around it; the vectors of a text's tokens become their mean."""
    if isinstance(value, Mapping):
        value = value[next((name for name in _ROW_NAMES if name in value), _ROW_NAMES[0])]
    return [_vector(np.asarray(row, dtype=np.float32)) for row in value]


def _vector(row: Vectors) -> Vectors:
    while row.ndim > 2 and len(row) == 1:  # a batch of one around the tokens
        row = row[0]
    if row.ndim == 2:
        mean: Vectors = row.mean(axis=0)
        return mean
    return row
