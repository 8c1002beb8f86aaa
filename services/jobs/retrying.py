"""When an item whose error may pass is tried again."""

from __future__ import annotations

from collections.abc import Callable

from services.errors import AppError
from services.jobs.models import RetryPolicy
from services.ports.jobs import JobKind, TriesAgain

_DEFAULT = RetryPolicy()
_FACTOR = 2.0


def policy_of(kind: JobKind) -> RetryPolicy:
    """The kind's own policy, or the default one."""
    return kind.retry_policy if isinstance(kind, TriesAgain) else _DEFAULT


def wait_seconds(
    policy: RetryPolicy, failed_tries: int, error: AppError, draw: Callable[[float, float], float]
) -> float | None:
    """How long an item waits for its next try; None when there is none.

    Args:
        failed_tries: How many tries failed before this error.
        draw: A number between two, such as :func:`random.uniform`.
    """
    if not error.retryable or failed_tries + 1 >= policy.most_tries:
        return None
    limit = min(policy.first_wait_seconds * _FACTOR**failed_tries, policy.longest_wait_seconds)
    asked: float | None = getattr(error, "retry_after_seconds", None)
    return min(draw(0.0, limit) + max(asked or 0.0, 0.0), policy.longest_wait_seconds)
