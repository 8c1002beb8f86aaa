"""Answers from any server that speaks OpenAI's chat completions: Ollama, vLLM, llama.cpp and others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx

from services.answers.models import AnswerRequest, DeltaListener, Draft, Origin
from services.answers.prompting import INSTRUCTIONS, MOST_PASSAGES, MOST_TOKENS, draft_of, user_message
from services.backends.openai_compatible.http_errors import problem_of, raise_for_status, translated_errors
from services.backends.openai_compatible.model_check import require_model
from services.backends.openai_compatible.recording import CallTaken, recorded
from services.errors import BackendRejectedError, BackendUnavailableError
from services.ports.model_calls import ModelCallRecorder, NoRecorder

_CALLED = "answer model"
_raise_for_status = partial(raise_for_status, called=_CALLED, refused="The answer model refused the question.")


class OpenAiCompatibleAnswers:
    """See :class:`services.ports.answers.AnswerGenerator`.

    Args:
        base_url: Address that ends where ``/chat/completions`` begins.
        timeout_seconds: Longest wait for the connection and for each piece of the reply.
        recorder: Hears of each call; servers are asked to count tokens, and those that refuse to are not asked again.
    """

    name = "openai"
    origin = Origin.GENERATED

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None,
        timeout_seconds: float,
        *,
        recorder: ModelCallRecorder | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._model = model
        self._recorder = recorder or NoRecorder()
        self._tells_usage = True
        self._client = httpx.Client(base_url=base_url.rstrip("/"), headers=headers, timeout=timeout_seconds)

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        passages = request.passages[:MOST_PASSAGES]
        if not passages:
            return Draft((), (), answered=False)
        reply = ""
        cut_short = False
        messages = [
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": user_message(request.question, passages)},
        ]
        with recorded(self._recorder, "chat/completions", self._model, request=messages) as taken:
            for piece, finish_reason in self._stream(messages, taken):
                reply += piece
                cut_short = cut_short or finish_reason == "length"
                taken.reply = reply
                if piece and on_delta is not None:
                    on_delta(piece)
        return draft_of(reply, passages, cut_short=cut_short)

    def check_ready(self) -> None:
        """Raise BackendError unless the server answers and has the model."""
        require_model(
            self._client, self._model, _raise_for_status, called=_CALLED, setting="FRONTLINE_OPENAI_ANSWER_MODEL"
        )

    def _stream(self, messages: list[dict[str, str]], taken: CallTaken) -> Iterator[tuple[str, str | None]]:
        """Pieces of the reply with the reason for its end, which only the last ones have."""
        with translated_errors(_CALLED), self._opened(messages) as response:
            if response.is_error:
                response.read()
                _raise_for_status(response)
            finished = False
            for line in response.iter_lines():
                if not line.startswith("data:"):
                    continue
                data = line.removeprefix("data:").strip()
                if data == "[DONE]":
                    finished = True
                    break
                event = json.loads(data)
                taken.count(event.get("usage"))
                if event.get("error"):
                    raise BackendUnavailableError("The answer model stopped in the middle of the answer.")
                for choice in event.get("choices", ()):
                    if choice.get("finish_reason") == "content_filter":
                        raise BackendRejectedError("The answer model's content filter refused this question.")
                    reason = choice.get("finish_reason")
                    finished = finished or reason is not None
                    piece = choice.get("delta", {}).get("content")
                    if piece or reason:
                        yield _text(piece or ""), reason
            if not finished:
                raise BackendUnavailableError("The connection to the answer model broke off.")

    @contextmanager
    def _opened(self, messages: list[dict[str, str]]) -> Iterator[httpx.Response]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": messages,
            "temperature": 0,
            "max_tokens": MOST_TOKENS,
            "stream": True,
        }
        if self._tells_usage:
            counted = {**body, "stream_options": {"include_usage": True}}
            with self._client.stream("POST", "/chat/completions", json=counted) as response:
                if response.status_code not in {400, 422}:
                    yield response
                    return
                response.read()
                problem = problem_of(response)
                if "stream_options" not in f"{problem.parameter} {problem.message}":
                    yield response
                    return
            self._tells_usage = False
        with self._client.stream("POST", "/chat/completions", json=body) as response:
            yield response


def _text(piece: object) -> str:
    if not isinstance(piece, str):
        raise TypeError(piece)
    return piece
