"""What an analysis by a model would take; nothing is sent."""

from __future__ import annotations

import math
from collections.abc import Sequence

from services.ports.language_models import ModelLimits
from services.surveys.chain.asking import call_cost, fixed_tokens
from services.surveys.chain.batches import Cost, batch_sizes, longest_text_tokens
from services.surveys.chain.chain_steps import ChainStep
from services.surveys.chain.split_step import SplitStep, is_one_statement
from services.surveys.chain.tokens import text_tokens
from services.surveys.readable_texts import ReadableTexts
from services.surveys.run_models import RunEstimate

# What hosted models do; a small model on one's own machine may be five times slower.
SECONDS_PER_CALL = 1.0
TOKENS_PER_SECOND = 60.0
TOKENS_PER_STATEMENT = 15
_TOKENS_ABOUT_TEXT = 10


def estimate_of(
    text_count: int, readable: ReadableTexts, steps: Sequence[ChainStep], chunk_texts: int, limits: ModelLimits
) -> RunEstimate:
    """Calls, tokens, cost and time.

    Args:
        steps: Those that ask a model.
        chunk_texts: Different texts that are analyzed together: calls do not reach from one chunk into the next.
    """
    chunk = max(1, round(chunk_texts * readable.count / max(1, text_count)))
    calls = given = made = 0
    for first in range(0, len(readable.sample), chunk):
        texts = readable.sample[first : first + chunk]
        for step in steps:
            asked = [text for text in texts if not (isinstance(step, SplitStep) and is_one_statement(text))]
            costs = [_cost(step, text, limits) for text in asked]
            fixed = fixed_tokens(step)
            calls_of_step = sum(1 for _ in batch_sizes(costs, fixed, limits))
            calls += calls_of_step
            given += calls_of_step * fixed + sum(cost.given for cost in costs)
            made += sum(cost.made for cost in costs)
    factor = readable.factor
    calls, given, made = (math.ceil(number * factor) for number in (calls, given, made))
    cost = call_cost(limits, given, made) if calls else 0.0
    return RunEstimate(
        response_count=text_count,
        distinct_count=text_count,
        readable_count=readable.count,
        calls=calls,
        input_tokens=given,
        output_tokens=made,
        cost_usd=cost,
        seconds=calls * SECONDS_PER_CALL + made / TOKENS_PER_SECOND,
        warnings=tuple(_warnings(readable, limits, cost)),
    )


def _cost(step: ChainStep, text: str, limits: ModelLimits) -> Cost:
    tokens = min(text_tokens(text), longest_text_tokens(limits))
    return Cost(tokens + _TOKENS_ABOUT_TEXT, step.expected_tokens(tokens, 1 + tokens // TOKENS_PER_STATEMENT))


def _warnings(readable: ReadableTexts, limits: ModelLimits, cost: float | None) -> list[str]:
    warnings = []
    if cost is None:
        warnings.append("What the model costs is not known here: an administrator can set its prices.")
    longest = longest_text_tokens(limits)
    cut = sum(text_tokens(text) > longest for text in readable.sample)
    if cut:
        about = math.ceil(cut * readable.factor)
        warnings.append(f"Very long responses are read at their beginning only; here these are about {about:,}.")
    return warnings
