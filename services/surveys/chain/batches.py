"""How many responses share a call: as many as the model's context and its longest reply allow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.ports.language_models import ModelLimits
from services.surveys.chain.clean_text import MOST_TOKENS

RESPONSES_PER_CALL = 20
"""Instructions and topics are sent with every call: 20 responses save most of that, 40 hardly more."""

# Estimates are estimates, and a cut reply is paid for.
_USED_CONTEXT = 0.95
_USED_REPLY = 0.8
_REPLY_SHARE = 3
_LEAST_REPLY_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens that one response takes in a call."""

    given: int
    made: int


def reply_room(limits: ModelLimits) -> int:
    """Tokens that the entries of a reply may take."""
    return int(_USED_REPLY * min(limits.most_output_tokens, limits.context_tokens // _REPLY_SHARE))


def call_room(limits: ModelLimits) -> int:
    """Tokens that a call may take, given and made."""
    return int(_USED_CONTEXT * limits.context_tokens)


def longest_text_tokens(limits: ModelLimits) -> int:
    """Where a response is cut: it must fit into a call with its statements, and be copied once."""
    return max(1, min(MOST_TOKENS, reply_room(limits) // 2, limits.context_tokens // 10))


def longest_reply(limits: ModelLimits, given: int) -> int:
    """Tokens after which a reply is cut: what the context leaves, so that servers do not refuse the call.

    Args:
        given: Tokens of the request.
    """
    return max(_LEAST_REPLY_TOKENS, min(limits.most_output_tokens, limits.context_tokens - given))


def batch_sizes(costs: Sequence[Cost], fixed: int, limits: ModelLimits) -> Iterator[int]:
    """How many of the responses, in their order, go into each call; at least one, at most ``RESPONSES_PER_CALL``.

    Args:
        fixed: Tokens that every call takes: instructions, schema, topics.
    """
    size = given = made = 0
    # 24 are cut into 12 and 12, not 20 and 4.
    most = math.ceil(len(costs) / max(1, math.ceil(len(costs) / RESPONSES_PER_CALL)))
    for cost in costs:
        fits = (
            fixed + given + cost.given + made + cost.made <= call_room(limits)
            and made + cost.made <= reply_room(limits)
            and size < most
        )
        if size and not fits:
            yield size
            size = given = made = 0
        size, given, made = size + 1, given + cost.given, made + cost.made
    if size:
        yield size
