"""A language model behind any server that speaks OpenAI's chat completions: it answers with JSON of a given shape."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx

from services.backends.openai_compatible.http_errors import (
    ServerProblem,
    problem_of,
    raise_for_status,
    translated_errors,
)
from services.backends.openai_compatible.model_check import require_model
from services.backends.openai_compatible.recording import recorded
from services.errors import BackendRejectedError
from services.ports.language_models import ModelLimits, ModelReply, ModelRequest, StopReason
from services.ports.model_calls import ModelCallRecorder, NoRecorder

_CALLED = "survey model"
_raise_for_status = partial(raise_for_status, called=_CALLED, refused="The survey model refused the request.")
_STOP_REASONS = {"length": StopReason.LENGTH, "content_filter": StopReason.REFUSED}
_FILTER_CODES = {"content_filter", "content_policy_violation", "moderation_blocked"}
_CONTEXT_WORDS = ("context length", "context window", "context size", "maximum context", "too many tokens")
_SCHEMA_WORDS = ("response_format", "json_schema", "structured output")
_MOST_CHANGES = 3
_REPLY_FACTOR = 5
_LONGEST_REPLY_SECONDS = 600.0
_SCHEMA_IN_WORDS = "\n\nReply with nothing but one JSON object that is valid against this JSON Schema:\n"


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What a server takes of the API; it is found out by what it refuses."""

    strict_schema: bool = True
    limit_field: str = "max_tokens"
    temperature: bool = True

    def after(self, problem: ServerProblem) -> _Dialect | None:
        """How to ask after this refusal; None when nothing of the form was refused."""
        about = f"{problem.parameter} {problem.message}"
        if self.strict_schema and any(word in about for word in _SCHEMA_WORDS):
            return replace(self, strict_schema=False)
        if self.limit_field == "max_tokens" and "max_completion_tokens" in about:
            return replace(self, limit_field="max_completion_tokens")
        if self.temperature and "temperature" in about:
            return replace(self, temperature=False)
        return None


class OpenAiCompatibleModel:
    """See :class:`services.ports.language_models.LanguageModel`.

    Servers that do not know strict schemas get the schema in words and are asked for any JSON object; families that
    take no temperature, or another field for the longest reply, are asked their way. Each is found out once.

    Args:
        base_url: Address that ends where ``/chat/completions`` begins.
        timeout_seconds: Longest wait for the connection. A reply, of thousands of tokens in one piece, may take
            five times as long, up to ten minutes.
        recorder: Hears of each call.
    """

    name = "openai"

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None,
        timeout_seconds: float = 60.0,
        *,
        limits: ModelLimits | None = None,
        recorder: ModelCallRecorder | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._model = model
        self._limits = limits or ModelLimits()
        self._recorder = recorder or NoRecorder()
        timeout = httpx.Timeout(timeout_seconds, read=min(_REPLY_FACTOR * timeout_seconds, _LONGEST_REPLY_SECONDS))
        self._client = httpx.Client(base_url=base_url.rstrip("/"), headers=headers, timeout=timeout)
        self._lock = threading.Lock()
        self._dialect = _Dialect()

    @property
    def model(self) -> str:
        """Its name on the server."""
        return self._model

    @property
    def limits(self) -> ModelLimits:
        """As they were given."""
        return self._limits

    def complete(self, request: ModelRequest) -> ModelReply:
        said = {"system": request.system, "user": request.user}
        with (
            recorded(self._recorder, "chat/completions", self._model, request=said) as taken,
            translated_errors(_CALLED),
        ):
            response = self._posted(request)
            if response.status_code == 400:
                problem = problem_of(response)
                if problem.code in _FILTER_CODES:
                    return ModelReply("", StopReason.REFUSED)
                if problem.code == "context_length_exceeded" or any(word in problem.message for word in _CONTEXT_WORDS):
                    raise _too_long()
            _raise_for_status(response)
            reply = _reply(response.json())
            taken.input_tokens, taken.output_tokens = reply.input_tokens, reply.output_tokens
            taken.reply = reply.text
            return reply

    def check_ready(self) -> None:
        """Raise BackendError unless the server answers and has the model."""
        require_model(
            self._client, self._model, _raise_for_status, called=_CALLED, setting="FRONTLINE_OPENAI_SURVEY_MODEL"
        )

    def _posted(self, request: ModelRequest) -> httpx.Response:
        """The response, asked in the way that the server takes."""
        dialect = self._dialect
        for _ in range(_MOST_CHANGES):
            response = self._client.post("/chat/completions", json=_body(self._model, request, dialect))
            changed = dialect.after(problem_of(response)) if response.status_code in {400, 422} else None
            if changed is None:
                return response
            dialect = changed
            with self._lock:
                self._dialect = changed
        return self._client.post("/chat/completions", json=_body(self._model, request, dialect))


def _body(model: str, request: ModelRequest, dialect: _Dialect) -> dict[str, Any]:
    system = request.system
    if dialect.strict_schema:
        schema = {"name": request.schema_name, "strict": True, "schema": dict(request.schema)}
        response_format: dict[str, Any] = {"type": "json_schema", "json_schema": schema}
    else:
        system += _SCHEMA_IN_WORDS + json.dumps(dict(request.schema), ensure_ascii=False)
        response_format = {"type": "json_object"}
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": request.user}],
        "response_format": response_format,
        dialect.limit_field: request.most_output_tokens,
    }
    if dialect.temperature:
        body["temperature"] = 0
    return body


def _reply(body: dict[str, Any]) -> ModelReply:
    choice = body["choices"][0]
    message = choice["message"]
    usage = body.get("usage") or {}
    text, refusal = message.get("content"), message.get("refusal")
    if not isinstance(text, str | None) or not isinstance(refusal, str | None):
        raise TypeError(message)
    stop_reason = _STOP_REASONS.get(choice.get("finish_reason") or "", StopReason.COMPLETE)
    return ModelReply(
        text=text or refusal or "",
        stop_reason=StopReason.REFUSED if refusal else stop_reason,
        input_tokens=int(usage.get("prompt_tokens") or 0),
        output_tokens=int(usage.get("completion_tokens") or 0),
    )


def _too_long() -> BackendRejectedError:
    return BackendRejectedError(
        "The survey model cannot take in a request of this size.",
        code="context-exceeded",
        remedy="An administrator must set FRONTLINE_OPENAI_SURVEY_CONTEXT_TOKENS to the context window that the server "
        "gives the model, or give it a larger one.",
    )
