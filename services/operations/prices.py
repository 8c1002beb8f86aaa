"""What models and services cost: a dated table, looked up exactly, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.errors import ConfigurationError
from services.ports.model_calls import ModelCall

PACKAGED = Path(__file__).with_name("prices.yaml")
WITHOUT_REGION = "none"
_MILLION = 1_000_000
# Refused before anything was made: providers charge nothing for these.
_FREE_OUTCOMES = frozenset(
    {
        "aws-access-denied",
        "aws-busy",
        "aws-credentials-expired",
        "aws-credentials-missing",
        "aws-credentials-refused",
        "aws-not-found",
        "aws-parameters-invalid",
        "aws-throttled",
        "circuit-open",
        "context-exceeded",
        "model-end-of-life",
        "model-unknown",
        "quota-reached",
        "request-refused",
    }
)

_Usd = Annotated[float, Field(ge=0, le=100_000)]


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """What one model costs in one region, in US dollars; None for what is not known or not charged so.

    Attributes:
        per_image: By variant; the only price of a model that has one for all its pictures has the variant "".
        per_unit: See :class:`services.ports.model_calls.ModelCall`.
        since: The day on which the source said so.
        source: Where it was read.
    """

    model: str
    region: str
    since: date
    source: str
    input_per_million: float | None = None
    output_per_million: float | None = None
    per_image: Mapping[str, float] | None = None
    per_unit: float | None = None

    def image_price(self, variant: str = "") -> float | None:
        """What one picture costs; a price for all pictures holds for every variant."""
        prices = self.per_image or {}
        return prices.get("", prices.get(variant))


class PriceTable:
    """Prices by the full id of a model, with its region and inference profile prefix, and the region that is asked.

    Services without models go by ``backend:Operation``, such as ``rekognition:DetectLabels``.
    """

    def __init__(self, prices: Iterable[ModelPrice]) -> None:
        self._prices = {(price.model, price.region): price for price in prices}

    def price_of(self, model_id: str, region: str) -> ModelPrice | None:
        """The price of exactly this model in exactly this region; None when it is not known."""
        return self._prices.get((model_id, region))

    def cost_of(self, call: ModelCall) -> float | None:
        """What a call cost, in US dollars; None when that is not known."""
        counted = call.input_tokens or call.output_tokens or call.images or call.units
        if not counted:
            # A reply that was lost, or that told nothing, may have been paid for.
            return 0.0 if call.outcome in _FREE_OUTCOMES else None
        price = self.price_of(call.model or f"{call.backend}:{call.operation}", call.region)
        return None if price is None else _cost(call, price)

    def __len__(self) -> int:
        return len(self._prices)


def _cost(call: ModelCall, price: ModelPrice) -> float | None:
    tokens = ((call.input_tokens, price.input_per_million), (call.output_tokens, price.output_per_million))
    cost = 0.0
    known = False
    if any(count and each is not None for count, each in tokens):
        if any(count and each is None for count, each in tokens):
            return None
        cost += sum(count * each for count, each in tokens if each is not None) / _MILLION
        known = True
    # A service tells pictures and units of the same call; its price is by one of them.
    if call.images and price.per_image is not None:
        each_image = price.image_price(call.variant)
        if each_image is None:
            return None
        cost += call.images * each_image
        known = True
    elif call.units and price.per_unit is not None:
        cost += call.units * price.per_unit
        known = True
    return cost if known else None


def load_prices(
    own: Path | None = None, packaged: Path = PACKAGED, *, besides: Iterable[ModelPrice] = ()
) -> PriceTable:
    """The packaged table, with an administrator's entries in place of those for the same model and region.

    Args:
        besides: Prices from elsewhere, such as settings; the file's take their place too.

    Raises:
        ConfigurationError: a file cannot be read or says something that is no price; the message names the entry.
    """
    prices = {(price.model, price.region): price for price in (*_packaged(packaged), *besides)}
    if own is not None:
        prices.update({(price.model, price.region): price for price in _read(own)})
    return PriceTable(prices.values())


@cache
def _packaged(path: Path) -> tuple[ModelPrice, ...]:
    return _read(path)


class _Entry(BaseModel):
    """One entry of a file; a model costs the same in all its regions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Annotated[str, Field(min_length=1, max_length=300)]
    regions: Annotated[list[Annotated[str, Field(min_length=1, max_length=32)]], Field(min_length=1)]
    date: date
    source: Annotated[str, Field(min_length=1)]
    input_per_million: _Usd | None = None
    output_per_million: _Usd | None = None
    per_image: _Usd | dict[str, _Usd] | None = None
    per_unit: _Usd | None = None
    per_thousand_units: _Usd | None = None

    @model_validator(mode="after")
    def _says_one_price(self) -> Self:
        if self.per_unit is not None and self.per_thousand_units is not None:
            raise ValueError("per_unit and per_thousand_units are two prices for the same")
        kinds = (
            self.input_per_million,
            self.output_per_million,
            self.per_image,
            self.per_unit,
            self.per_thousand_units,
        )
        if all(one is None for one in kinds):
            raise ValueError("it names no price")
        return self

    def prices(self) -> list[ModelPrice]:
        per_image = (
            self.per_image if isinstance(self.per_image, dict) or self.per_image is None else {"": self.per_image}
        )
        per_unit = self.per_thousand_units / 1000 if self.per_thousand_units is not None else self.per_unit
        return [
            ModelPrice(
                self.model,
                "" if region == WITHOUT_REGION else region,
                self.date,
                self.source,
                self.input_per_million,
                self.output_per_million,
                per_image,
                per_unit,
            )
            for region in self.regions
        ]


def _read(path: Path) -> tuple[ModelPrice, ...]:
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise _wrong(path, "the file cannot be read") from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        raise _wrong(path, f"line {mark.line + 1} is not YAML" if mark else "it is not YAML") from exc
    entries = content.get("prices") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise _wrong(path, "it needs a list named prices")
    prices: dict[tuple[str, str], ModelPrice] = {}
    for number, entry in enumerate(entries, start=1):
        name = f"entry {number}" + (f" ({entry['model']})" if isinstance(entry, dict) and entry.get("model") else "")
        try:
            found = _Entry.model_validate(entry).prices()
        except ValidationError as exc:
            problem = exc.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in problem["loc"])
            words = problem["msg"].removeprefix("Value error, ")
            raise _wrong(path, f"{name}: {f'{place}: ' if place else ''}{words}") from exc
        for price in found:
            if (price.model, price.region) in prices:
                raise _wrong(path, f"{name}: {price.region or WITHOUT_REGION} has a price for this model already")
            prices[price.model, price.region] = price
    return tuple(prices.values())


def _wrong(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The prices in {path.name} cannot be used: {what}.",
        code="prices-invalid",
        remedy="Correct the file that FRONTLINE_MODEL_PRICES names; the packaged prices.yaml shows what it holds.",
    )
