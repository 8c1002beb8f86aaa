"""A language model on Amazon Bedrock that answers with JSON of a given shape, through Converse and a forced tool."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from services.backends.aws.access import AwsAccess
from services.backends.aws.active_models import ActiveModels
from services.backends.aws.call_quota import CallQuota, CallReservation
from services.backends.aws.calls import AwsService, CallPolicy, Usage
from services.backends.aws.converse_forms import ConverseForm, is_too_long, text_of
from services.backends.aws.errors import AwsProblem
from services.backends.aws.model_abilities import ModelAbilities, abilities_of
from services.errors import (
    REPLY_LOST,
    AppError,
    BackendRejectedError,
    BackendUnavailableError,
)
from services.ports.language_models import ModelLimits, ModelReply, ModelRequest, StopReason

BACKEND = "bedrock"
# Whoever pays once for a call repeats it: see services/surveys/chain/paid_calls.py. A reply of thousands of tokens in
# one piece takes minutes.
POLICY = CallPolicy(attempts=1, read_timeout_seconds=300.0)
# As much as the chain of prompts needs for its largest batches: what is reserved counts against the quota.
MOST_OUTPUT_TOKENS = 4_000
MOST_OUTPUT_TOKENS_WITH_THOUGHTS = 16_000

_CALLED = "survey model"
_MOST_CHANGES = 6
_CHARACTERS_PER_TOKEN = 3.5
_STOP_REASONS = {
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "guardrail_intervened": StopReason.REFUSED,
    "content_filtered": StopReason.REFUSED,
    "refusal": StopReason.REFUSED,
}


class ConverseModel:
    """See :class:`services.ports.language_models.LanguageModel`.

    What the model takes is looked up in a table; what it refuses of that nevertheless is found out once, and it is
    asked its way from then on. A model that takes no tool gets the schema in words.

    Args:
        model_id: Of a model or an inference profile, or an ARN of either.
        limits: See :func:`limits_of`.
        quota: Keeps calls within the account's quota; None sets no limit.
        policy: Other than its own, for tests.
    """

    name = BACKEND

    def __init__(
        self,
        aws: AwsAccess,
        model_id: str,
        *,
        limits: ModelLimits | None = None,
        quota: CallQuota | None = None,
        policy: CallPolicy = POLICY,
    ) -> None:
        self._model = model_id
        self._abilities = abilities_of(model_id)
        self._limits = limits or limits_of(self._abilities)
        self._quota = quota
        self._lock = threading.Lock()
        self._form = ConverseForm.of(self._abilities)
        self._service = AwsService(
            aws.clients, "bedrock-runtime", called=_CALLED, backend=BACKEND, policy=policy, recorder=aws.recorder
        )
        self._models = ActiveModels(aws.clients, called=_CALLED)

    @property
    def model(self) -> str:
        """The id as it is sent."""
        return self._model

    @property
    def limits(self) -> ModelLimits:
        """As they were given, or as the table has them."""
        return self._limits

    def complete(self, request: ModelRequest) -> ModelReply:
        reservation = self._reserved(request)
        try:
            reply = self._asked(request)
        except AppError as error:
            if reservation is not None and error.code != REPLY_LOST:
                reservation.give_back()
            raise
        if reservation is not None:
            reservation.settle(reply.input_tokens + self._abilities.output_weight * reply.output_tokens)
        return reply

    def check_ready(self) -> None:
        """Raise BackendError or ConfigurationError when AWS cannot be asked, or has no such model in service."""
        self._models.require(self._model)

    def _reserved(self, request: ModelRequest) -> CallReservation | None:
        if self._quota is None:
            return None
        written = len(request.system) + len(request.user) + len(str(request.schema))
        # Bedrock takes the longest reply that may come off the quota at the start, and puts it right at the end.
        return self._quota.reserve(int(written / _CHARACTERS_PER_TOKEN) + request.most_output_tokens)

    def _asked(self, request: ModelRequest) -> ModelReply:
        form = self._form
        for _ in range(_MOST_CHANGES):
            try:
                return self._once(form, request)
            except _FormRefusedError as refused:
                form = refused.next_form
                with self._lock:
                    self._form = form
        raise BackendRejectedError("The survey model takes none of the forms of a request.", code="request-refused")

    def _once(self, form: ConverseForm, request: ModelRequest) -> ModelReply:
        def refused(problem: AwsProblem) -> AppError | None:
            if is_too_long(problem):
                return _too_long()
            changed = form.after(problem)
            return None if changed is None else _FormRefusedError(changed)

        reply = self._service.call(
            "Converse", form.parameters(self._model, request), model=self._model, usage=_usage, refused=refused
        )
        return _reply(reply, request)


def limits_of(
    abilities: ModelAbilities,
    *,
    context_tokens: int | None = None,
    input_price: float | None = None,
    output_price: float | None = None,
) -> ModelLimits:
    """What survey runs reckon with.

    Args:
        context_tokens: In place of the table's.
        input_price, output_price: US dollars per million tokens; None when they are not known.
    """
    most = MOST_OUTPUT_TOKENS_WITH_THOUGHTS if abilities.thinks else MOST_OUTPUT_TOKENS
    return ModelLimits(
        context_tokens or abilities.context_tokens, min(most, abilities.output_tokens), input_price, output_price
    )


class _FormRefusedError(BackendRejectedError):
    """The model takes another form of the same request."""

    def __init__(self, next_form: ConverseForm) -> None:
        super().__init__("The survey model refused the form of the request.", code="request-refused")
        self.next_form = next_form


def _usage(reply: Mapping[str, Any]) -> Usage:
    counted = reply.get("usage") or {}
    return Usage(input_tokens=int(counted.get("inputTokens") or 0), output_tokens=int(counted.get("outputTokens") or 0))


def _reply(reply: Mapping[str, Any], request: ModelRequest) -> ModelReply:
    content = ((reply.get("output") or {}).get("message") or {}).get("content")
    stopped = reply.get("stopReason")
    if not isinstance(content, list) or not stopped:
        raise BackendUnavailableError("The reply of the survey model cannot be read.", code=REPLY_LOST)
    took = _usage(reply)
    # Malformed text or input of a tool is for the caller, who checks every reply.
    stop_reason = _STOP_REASONS.get(stopped, StopReason.COMPLETE)
    return ModelReply(text_of(content, request), stop_reason, took.input_tokens, took.output_tokens)


def _too_long() -> BackendRejectedError:
    return BackendRejectedError(
        "The survey model cannot take in a request of this size.",
        code="context-exceeded",
        remedy="An administrator must set FRONTLINE_BEDROCK_SURVEY_CONTEXT_TOKENS to the context window of the model, "
        "or choose a model with a larger one.",
    )
