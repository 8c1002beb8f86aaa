"""Asks a model on Bedrock once, to see what it says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import AwsService, CallPolicy, Usage
from services.errors import BackendRejectedError
from services.ports.model_catalogue import TrialReply

# A person waits and can ask again: no second request where the first may have been paid for.
_POLICY = CallPolicy(
    attempts=2, give_up_seconds=10.0, read_timeout_seconds=90.0, at_once=4, repeats_unknown_outcomes=False
)


class BedrockPromptTrial:
    """See :class:`services.ports.model_catalogue.PromptTrial`."""

    def __init__(
        self, aws: AwsAccess, *, policy: CallPolicy = _POLICY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._service = AwsService(
            aws.clients, "bedrock-runtime", called="model", backend="bedrock", policy=policy, recorder=aws.recorder
        )
        self._clock = clock

    def ask(self, model_id: str, prompt: str, *, most_output_tokens: int) -> TrialReply:
        started = self._clock()
        reply = self._service.call(
            "Converse",
            {
                "modelId": model_id,
                "messages": [{"role": "user", "content": [{"text": prompt}]}],
                "inferenceConfig": {"maxTokens": most_output_tokens},
            },
            model=model_id,
            usage=_usage,
        )
        seconds = self._clock() - started
        took = _usage(reply)
        return TrialReply(
            _text(reply), seconds, took.input_tokens, took.output_tokens, reply.get("stopReason") == "max_tokens"
        )


def _usage(reply: dict[str, Any]) -> Usage:
    usage = reply.get("usage") or {}
    return Usage(input_tokens=int(usage.get("inputTokens") or 0), output_tokens=int(usage.get("outputTokens") or 0))


def _text(reply: Mapping[str, Any]) -> str:
    content = ((reply.get("output") or {}).get("message") or {}).get("content") or ()
    text = "".join(block.get("text", "") for block in content).strip()
    if not text:
        raise BackendRejectedError(
            "The model gave no text.",
            code="reply-empty",
            remedy="Choose a model whose replies are text, or say it in other words.",
        )
    return text
