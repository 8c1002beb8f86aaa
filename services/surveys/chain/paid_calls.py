"""Calls of a language model that are paid for once, and tried again where that can help."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from services.errors import REPLY_LOST, AppError, BackendUnavailableError
from services.ports.language_models import LanguageModel, ModelReply, ModelRequest, StopReason
from services.ports.paid_calls import PaidCallLedger

# Longer than any call with its waits takes. Who made a call gets its claim back at once after a crash.
STALE_SECONDS = 1_800.0
LONGEST_WAIT_SECONDS = 60.0
"""A call waits no longer than this for the server in all; then the error is for the caller, who tries again later."""

_FIRST_WAIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PaidReply:
    """A reply and what it took.

    Attributes:
        reused: Whether somebody else paid for it, or this object did before. What its owner paid before a crash
            is the owner's own call still: it is told once, by whoever goes on.
        seconds: From asking to the reply, waits included.
        lost_calls: Earlier attempts whose reply never came, or that a crash cut off before it was kept; they may cost
            too.
    """

    reply: ModelReply
    reused: bool = False
    seconds: float = 0.0
    lost_calls: int = 0


class PaidModelCalls:
    """Asks a model, and the same thing never twice.

    Args:
        owner: Who asks, the same again after a crash: names the claim on a call.
        clock: Seconds that only grow.
        draw: A number between two.
    """

    def __init__(
        self,
        model: LanguageModel,
        ledger: PaidCallLedger,
        tenant_id: str,
        owner: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._model = model
        self._ledger = ledger
        self._tenant_id = tenant_id
        self._owner = owner
        self._clock = clock
        self._sleep = sleep
        self._draw = draw
        self._told: set[str] = set()

    def complete(self, request: ModelRequest) -> PaidReply:
        """The reply, from the ledger when the same was asked before.

        Raises:
            BackendError: as :meth:`services.ports.language_models.LanguageModel.complete`; nothing is kept then.
        """
        key = call_key(self._model, request)
        started = self._clock()
        wait_limit = _FIRST_WAIT_SECONDS
        give_up_at: float | None = None
        while True:
            try:
                return replace(self._once(key, request), seconds=self._clock() - started)
            except AppError as error:
                now = self._clock()
                give_up_at = now + LONGEST_WAIT_SECONDS if give_up_at is None else give_up_at
                asked: float = getattr(error, "retry_after_seconds", None) or 0.0
                if not error.retryable or now >= give_up_at or now + asked > give_up_at:
                    raise
                # The last try is at the end of the time: servers count their calls by the minute.
                wait = min(max(self._draw(wait_limit / 2, wait_limit), asked), give_up_at - now)
            self._sleep(wait)
            wait_limit *= 2

    def _once(self, key: str, request: ModelRequest) -> PaidReply:
        begun = self._ledger.begin(self._tenant_id, key, self._owner, stale_seconds=STALE_SECONDS)
        if isinstance(begun, Mapping):
            return PaidReply(_reply_of(begun), reused=begun.get("owner") != self._owner or not self._first(key))
        try:
            reply = self._model.complete(request)
        except AppError as error:
            lost = error.code == REPLY_LOST
            self._ledger.abandon(self._tenant_id, key, self._owner, may_have_cost=lost)
            raise
        answer = {**_stored(reply), "owner": self._owner}
        self._settle(key, answer)
        self._first(key)
        # What is read now is what a retry will read.
        return PaidReply(_reply_of(answer), lost_calls=begun.number - 1)

    def _settle(self, key: str, answer: Mapping[str, Any]) -> None:
        """Keep what was paid for, also over a database that is away for a while: asking again would cost again."""
        give_up_at = self._clock() + LONGEST_WAIT_SECONDS
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                self._ledger.settle(self._tenant_id, key, self._owner, answer)
            except BackendUnavailableError:
                if self._clock() >= give_up_at:
                    raise
                self._sleep(wait)
                wait *= 2
            else:
                return

    def _first(self, key: str) -> bool:
        """Whether this object tells of the call for the first time."""
        first = key not in self._told
        self._told.add(key)
        return first


def call_key(model: LanguageModel, request: ModelRequest) -> str:
    """What names a call: everything that decides its reply."""
    deciding = {"backend": model.name, "model": model.model, **asdict(request), "schema": dict(request.schema)}
    written = json.dumps(deciding, sort_keys=True).encode()
    return f"survey-{hashlib.sha256(written).hexdigest()}"


def _stored(reply: ModelReply) -> dict[str, Any]:
    # Databases keep neither lone surrogates nor NUL.
    text = reply.text.encode("utf-8", "replace").decode().replace("\0", "")
    return {
        "text": text,
        "stop_reason": reply.stop_reason.value,
        "input_tokens": reply.input_tokens,
        "output_tokens": reply.output_tokens,
    }


def _reply_of(answer: Mapping[str, Any]) -> ModelReply:
    return ModelReply(
        text=str(answer["text"]),
        stop_reason=StopReason(answer["stop_reason"]),
        input_tokens=int(answer["input_tokens"]),
        output_tokens=int(answer["output_tokens"]),
    )
