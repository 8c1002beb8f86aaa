"""Tells the log of calls what an OpenAI-compatible server was asked for and what it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from services.errors import AppError
from services.ports.model_calls import ModelCall, ModelCallRecorder

BACKEND = "openai"


@dataclass(slots=True)
class CallTaken:
    """What a call took; filled in by whoever makes it."""

    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    reply: Any = None

    def count(self, usage: Any) -> None:
        """Read the ``usage`` of a reply; servers may leave it out."""
        if isinstance(usage, dict):
            self.input_tokens = _number(usage.get("prompt_tokens"))
            self.output_tokens = _number(usage.get("completion_tokens"))


@contextmanager
def recorded(recorder: ModelCallRecorder, operation: str, model: str, *, request: Any = None) -> Iterator[CallTaken]:
    """Record the call that is made inside, whatever comes of it.

    Args:
        operation: The end of the address, such as ``chat/completions``.
        request: See :class:`services.ports.model_calls.ModelCallRecorder`.
    """
    taken = CallTaken()
    started = time.monotonic()
    outcome = "ok"
    try:
        yield taken
    except AppError as error:
        outcome = error.code
        raise
    except GeneratorExit:  # nobody wants the rest of a stream; what came was paid for
        outcome = "stopped-early"
        raise
    except Exception:
        outcome = "unexpected"
        raise
    finally:
        call = ModelCall(
            BACKEND,
            operation,
            model,
            outcome,
            input_tokens=taken.input_tokens,
            output_tokens=taken.output_tokens,
            images=taken.images,
            milliseconds=(time.monotonic() - started) * 1000,
        )
        recorder.record(call, request=request, reply=taken.reply)


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
