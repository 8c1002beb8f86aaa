"""Which model serves what, which models there are, and what they cost, for administrators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.access.models import Account
from services.access.permissions import require_role
from services.errors import AppError, ConfigurationError
from services.operations.capabilities import Place, Served, served_capabilities, uses_aws
from services.operations.prices import ModelPrice, PriceTable
from services.ports.model_catalogue import CatalogueModel, Lifecycle, ModelAccess, ModelCatalogue
from services.settings import Settings


class Abilities(Protocol):
    """What is known of a text model."""

    @property
    def known(self) -> bool: ...
    @property
    def context_tokens(self) -> int: ...
    @property
    def vision(self) -> bool: ...
    @property
    def streaming(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of the model of a capability; None where nobody says.

    Attributes:
        name: As its maker calls it; empty where the catalogue does not have it.
    """

    name: str = ""
    context_tokens: int | None = None
    vision: bool | None = None
    streaming: bool | None = None
    lifecycle: Lifecycle | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CapabilityEntry:
    """A capability, what serves it, and what that costs.

    Attributes:
        price: None for what is free, and for what has an unknown price: see ``paid``.
        paid: Whether calls cost money.
    """

    served: Served
    facts: ModelFacts
    price: ModelPrice | None
    paid: bool


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model of the region.

    Attributes:
        prices: By the ids that it can be called by; None where the price is unknown.
    """

    model: CatalogueModel
    context_tokens: int | None
    prices: tuple[tuple[str, ModelPrice | None], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows.

    Attributes:
        region: Empty where nothing runs on AWS.
        models: Empty where there is no catalogue; ``problem`` says why, unless nothing runs on AWS.
    """

    capabilities: tuple[CapabilityEntry, ...]
    region: str
    models: tuple[CatalogueEntry, ...]
    problem: AppError | None = None


class CatalogueService:
    """Puts settings, the region's list, abilities and prices together.

    Args:
        catalogue: The region's; asked only when something runs on AWS, or a region is set.
        abilities_of: What is known of a model by its id.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: ModelCatalogue,
        prices: PriceTable,
        abilities_of: Callable[[str], Abilities],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._prices = prices
        self._abilities_of = abilities_of
        self._served = served_capabilities(settings)

    @property
    def on_aws(self) -> bool:
        """Whether there is a catalogue to ask."""
        return self._settings.aws_region is not None or uses_aws(self._settings)

    def overview(self, account: Account, *, fresh: bool = False) -> Overview:
        """Everything at once; what is wrong with the catalogue does not keep the rest from being shown.

        Raises:
            AccessError: the account is no administrator's.
        """
        require_role(account)
        region, models, problem = "", list[CatalogueModel](), None
        if self.on_aws:
            try:
                region = self._catalogue.region
                models = list(self._catalogue.models(fresh=fresh))
            except AppError as error:
                problem = error
        return Overview(
            tuple(self._capability(served, region, models) for served in self._served),
            region,
            tuple(self._entry(model, region) for model in models),
            problem,
        )

    def access_to(self, account: Account, model_id: str) -> ModelAccess:
        """See :meth:`services.ports.model_catalogue.ModelCatalogue.access_to`."""
        require_role(account)
        if not self.on_aws:
            raise ConfigurationError(
                "Nothing runs on AWS here.", code="aws-not-set", remedy="Set FRONTLINE_AWS_REGION first."
            )
        return self._catalogue.access_to(model_id)

    def _capability(self, served: Served, region: str, models: Sequence[CatalogueModel]) -> CapabilityEntry:
        facts = self._facts(served, models)
        asked_in = region if served.place is Place.AWS else ""
        price = self._prices.price_of(served.priced_as, asked_in) if served.priced_as else None
        return CapabilityEntry(served, facts, price, bool(served.priced_as))

    def _facts(self, served: Served, models: Sequence[CatalogueModel]) -> ModelFacts:
        if not served.on_bedrock:
            return ModelFacts()
        listed = model_called(served.model, models)
        known = self._abilities_of(served.model)
        return ModelFacts(
            name=listed.name if listed else "",
            context_tokens=known.context_tokens if known.known else None,
            vision="image" in listed.inputs if listed else known.vision if known.known else None,
            streaming=listed.streaming if listed else known.streaming if known.known else None,
            lifecycle=listed.lifecycle if listed else None,
            ends_at=listed.ends_at if listed else None,
        )

    def _entry(self, model: CatalogueModel, region: str) -> CatalogueEntry:
        known = self._abilities_of(model.id)
        prices = tuple((name, self._prices.price_of(name, region)) for name in model.callable_ids)
        return CatalogueEntry(model, known.context_tokens if known.known else None, prices)


def model_called(model_id: str, models: Sequence[CatalogueModel]) -> CatalogueModel | None:
    """The model that requests with this id, or ARN, reach; None when the list does not say."""
    name = model_id.rsplit("/", 1)[-1]
    return next((model for model in models if name == model.id or name in model.profiles), None)
