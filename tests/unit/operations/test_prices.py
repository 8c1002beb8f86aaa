"""Prices hold for exactly what they are for; what is not known is never 0."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.errors import ConfigurationError
from services.operations.prices import ModelPrice, PriceTable, load_prices
from services.ports.model_calls import ModelCall

TEXT = ModelPrice("us.maker.text-v1:0", "us-east-1", date(2026, 10, 5), "list", 2.0, 10.0)
PICTURE = ModelPrice(
    "maker.picture", "us-east-1", date(2026, 10, 5), "list", per_image={"1024 standard": 0.04, "2048 premium": 0.08}
)
FLAT = ModelPrice("maker.flat", "us-east-1", date(2026, 10, 5), "list", per_image={"": 0.05})
PIECES = ModelPrice("rekognition:DetectLabels", "us-east-1", date(2026, 10, 5), "list", per_unit=0.001)
TABLE = PriceTable([TEXT, PICTURE, FLAT, PIECES])
ENTRY = """
prices:
  - model: us.maker.text-v1:0
    regions: [us-east-1, us-west-2]
    input_per_million: 3
    output_per_million: 15
    date: 2026-11-01
    source: our contract
"""


def call(model: str, region: str = "us-east-1", **took: object) -> ModelCall:
    return ModelCall("bedrock", "Converse", model, region=region, **took)  # type: ignore[arg-type]


def written(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_tokens_cost_what_the_table_says() -> None:
    assert TABLE.cost_of(call(TEXT.model, input_tokens=500_000, output_tokens=100_000)) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("model", "region"),
    [
        ("maker.text-v1:0", "us-east-1"),
        ("eu.maker.text-v1:0", "us-east-1"),
        ("us.maker.text-v1:0", "us-west-2"),
        ("us.maker.text-v1", "us-east-1"),
        ("us.maker.text-v1:0", ""),
    ],
)
def test_another_prefix_version_or_region_has_no_price(model: str, region: str) -> None:
    assert TABLE.price_of(model, region) is None
    assert TABLE.cost_of(call(model, region, input_tokens=1, output_tokens=1)) is None


def test_half_of_a_price_makes_no_cost() -> None:
    half = PriceTable([ModelPrice("m", "r", date(2026, 1, 1), "list", input_per_million=1.0)])
    assert half.cost_of(call("m", "r", input_tokens=10, output_tokens=1)) is None
    assert half.cost_of(call("m", "r", input_tokens=10)) == pytest.approx(1e-5)


def test_a_picture_costs_by_its_variant_and_is_unknown_without_one() -> None:
    assert TABLE.cost_of(call("maker.picture", images=2, variant="2048 premium")) == pytest.approx(0.16)
    assert TABLE.cost_of(call("maker.picture", images=2)) is None
    assert TABLE.cost_of(call("maker.flat", images=2, variant="2048 premium")) == pytest.approx(0.1)


def test_a_service_without_models_goes_by_its_operation() -> None:
    labels = ModelCall("rekognition", "DetectLabels", "", region="us-east-1", images=1, units=1)
    assert TABLE.cost_of(labels) == pytest.approx(0.001)


def test_pictures_that_a_text_model_looks_at_are_in_its_tokens() -> None:
    assert TABLE.cost_of(call(TEXT.model, input_tokens=1_000_000, images=3)) == pytest.approx(2.0)


@pytest.mark.parametrize("outcome", ["aws-throttled", "aws-access-denied", "model-end-of-life", "circuit-open"])
def test_what_was_refused_before_it_began_cost_nothing(outcome: str) -> None:
    assert TABLE.cost_of(call(TEXT.model, outcome=outcome)) == 0.0


@pytest.mark.parametrize("outcome", ["ok", "reply-lost", "backend-timeout", "picture-blocked", "unexpected"])
def test_what_may_have_been_paid_for_is_unknown_and_never_nothing(outcome: str) -> None:
    assert TABLE.cost_of(call(TEXT.model, outcome=outcome)) is None


def test_packaged_table_holds_dated_prices_with_their_source() -> None:
    table = load_prices()
    price = table.price_of("us.anthropic.claude-haiku-4-5-20251001-v1:0", "us-east-1")
    assert price is not None
    assert (price.input_per_million, price.output_per_million) == (1.1, 5.5)
    assert price.since.year >= 2026
    assert price.source
    assert table.price_of("us.anthropic.claude-haiku-4-5-20251001-v1:0", "us-west-2") is None


def test_own_entry_takes_the_place_of_the_packaged_one(tmp_path: Path) -> None:
    own = written(
        tmp_path, ENTRY.replace("us.maker.text-v1:0", "amazon.nova-lite-v1:0").replace("us-west-2", "eu-west-1")
    )
    table = load_prices(own)
    for region in ("us-east-1", "eu-west-1"):
        price = table.price_of("amazon.nova-lite-v1:0", region)
        assert price is not None
        assert (price.input_per_million, price.source) == (3.0, "our contract")
    assert table.price_of("amazon.nova-pro-v1:0", "us-east-1") is not None


def test_model_of_an_own_server_has_no_region(tmp_path: Path) -> None:
    own = written(tmp_path, ENTRY.replace("us-east-1, us-west-2", "none"))
    assert load_prices(own).price_of("us.maker.text-v1:0", "") is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prices: [", "not YAML"),
        ("- a\n", "a list named prices"),
        ("prices:\n  - model: m\n", "entry 1 (m): regions"),
        (ENTRY.replace("    input_per_million: 3\n    output_per_million: 15\n", ""), "it names no price"),
        (ENTRY.replace("input_per_million: 3", "input_per_million: -3"), "greater than or equal to 0"),
        (ENTRY.replace("input_per_million: 3", "input_per_millon: 3"), "input_per_millon"),
        (ENTRY.replace("2026-11-01", "someday"), "date"),
        (ENTRY + ENTRY.removeprefix("\nprices:\n"), "entry 2 (us.maker.text-v1:0): us-east-1 has a price"),
        (ENTRY + "    per_unit: 1\n    per_thousand_units: 1\n", "two prices for the same"),
    ],
)
def test_a_file_that_is_wrong_stops_start_up_and_names_the_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_prices(written(tmp_path, text))
    assert caught.value.code == "prices-invalid"
    assert words in caught.value.message_for_user
    assert "FRONTLINE_MODEL_PRICES" in caught.value.remedy


def test_a_file_that_is_missing_stops_start_up(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_prices(tmp_path / "missing.yaml")
