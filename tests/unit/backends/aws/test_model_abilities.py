"""What is known of models on Bedrock, and what is expected of one that is not known."""

from __future__ import annotations

import pytest

from services.backends.aws.converse_model import limits_of
from services.backends.aws.model_abilities import ModelAbilities, ToolChoice, abilities_of


@pytest.mark.parametrize(
    "model",
    [
        "amazon.nova-lite-v1:0",
        "us.amazon.nova-lite-v1:0",
        "global.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
    ],
)
def test_a_model_is_known_by_whatever_name_it_is_called(model: str) -> None:
    assert abilities_of(model).known
    assert abilities_of(model).context_tokens == 300_000


@pytest.mark.parametrize(
    "model",
    [
        "somebody.new-model-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/k3j4h5",
        "anthropic.claude-sonnet-55",
        "meta.llama3-70b-instruct-v1:0",
    ],
)
def test_of_a_model_that_is_not_known_little_is_expected(model: str) -> None:
    assert abilities_of(model) == ModelAbilities()
    assert abilities_of(model).tools is ToolChoice.NONE


@pytest.mark.parametrize(
    ("model", "tools", "temperature"),
    [
        ("anthropic.claude-opus-5-5", ToolChoice.AUTO, False),
        ("anthropic.claude-opus-5", ToolChoice.TOOL, False),
        ("anthropic.claude-opus-4-8", ToolChoice.TOOL, False),
        ("anthropic.claude-opus-4-20250514-v1:0", ToolChoice.TOOL, True),
        ("anthropic.claude-3-haiku-20240307-v1:0", ToolChoice.TOOL, True),
        ("mistral.mistral-large-2407-v1:0", ToolChoice.ANY, True),
        ("deepseek.r1-v1:0", ToolChoice.NONE, True),
    ],
)
def test_the_closest_family_counts(model: str, tools: ToolChoice, temperature: bool) -> None:
    found = abilities_of(model)
    assert (found.tools, found.temperature) == (tools, temperature)


def test_runs_reckon_with_no_longer_replies_than_they_need_and_the_model_gives() -> None:
    assert limits_of(abilities_of("amazon.nova-lite-v1:0")).most_output_tokens == 4_000
    assert limits_of(abilities_of("anthropic.claude-opus-5-5")).most_output_tokens == 16_000
    assert limits_of(abilities_of("amazon.titan-text-express-v1")).most_output_tokens == 1_000


def test_a_context_window_that_is_set_counts_more_than_the_table() -> None:
    assert limits_of(abilities_of("amazon.nova-lite-v1:0"), context_tokens=8_000).context_tokens == 8_000


def test_a_price_that_nobody_told_stays_unknown() -> None:
    limits = limits_of(abilities_of("amazon.nova-lite-v1:0"), input_price=0.06)
    assert (limits.input_price, limits.output_price) == (0.06, None)
