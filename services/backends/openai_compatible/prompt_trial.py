"""Asks a model of an OpenAI-compatible server once, to see what it says."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import httpx

from services.backends.openai_compatible.http_errors import raise_for_status, translated_errors
from services.backends.openai_compatible.recording import recorded
from services.errors import BackendRejectedError
from services.ports.model_calls import ModelCallRecorder, NoRecorder
from services.ports.model_catalogue import TrialReply

_CALLED = "model"
_raise_for_status = partial(raise_for_status, called=_CALLED, refused="The model refused the prompt.")


class ServerPromptTrial:
    """See :class:`services.ports.model_catalogue.PromptTrial`.

    Args:
        base_url: Address that ends where ``/chat/completions`` begins.
        timeout_seconds: Longest wait for the reply.
        recorder: Hears of each call.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        timeout_seconds: float,
        *,
        recorder: ModelCallRecorder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._recorder = recorder or NoRecorder()
        self._clock = clock
        self._client = httpx.Client(base_url=base_url.rstrip("/"), headers=headers, timeout=timeout_seconds)

    def ask(self, model_id: str, prompt: str, *, most_output_tokens: int) -> TrialReply:
        started = self._clock()
        messages = [{"role": "user", "content": prompt}]
        body = {"model": model_id, "messages": messages, "max_tokens": most_output_tokens}
        with (
            recorded(self._recorder, "chat/completions", model_id, request=messages) as taken,
            translated_errors(_CALLED),
        ):
            response = self._client.post("/chat/completions", json=body)
            _raise_for_status(response)
            content = response.json()
            taken.count(content.get("usage"))
            choice = content["choices"][0]
            text = (choice["message"].get("content") or "").strip()
            taken.reply = text
            cut_short = choice.get("finish_reason") == "length"
        if not text:
            raise BackendRejectedError(
                "The model gave no text.", code="reply-empty", remedy="Say it in other words, or choose another model."
            )
        return TrialReply(text, self._clock() - started, taken.input_tokens, taken.output_tokens, cut_short=cut_short)
