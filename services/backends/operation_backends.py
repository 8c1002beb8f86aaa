"""What keeps and prices the calls that cost money, and what tells about backends, as the settings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.backends.aws.access import AwsAccess
from services.operations.call_recording import CallRecording, Capture
from services.operations.capabilities import Capability
from services.operations.catalogue import CatalogueService
from services.operations.checks import BackendChecks, HasCheck, checks_by_capability
from services.operations.prices import ModelPrice, PriceTable, load_prices
from services.operations.spending import SpendingService
from services.operations.trying import PromptTrials
from services.ports.model_catalogue import PromptTrial
from services.ports.privacy import PersonalDataDetector
from services.settings import Settings
from services.storage.database import Database
from services.storage.model_calls import SqlModelCalls


@dataclass(frozen=True, slots=True)
class Operations:
    """What administrators see of models and backends."""

    catalogue: CatalogueService
    spending: SpendingService
    trials: PromptTrials
    checks: BackendChecks


def build_prices(settings: Settings) -> PriceTable:
    """The packaged prices, those of our own server from the settings, and the administrator's.

    Raises:
        ConfigurationError: see :func:`services.operations.prices.load_prices`.
    """
    return load_prices(settings.model_prices, besides=_server_prices(settings))


def build_call_recording(database: Database, prices: PriceTable, capture: Capture | None = None) -> CallRecording:
    """What hears of every call that costs money."""
    return CallRecording(SqlModelCalls(database), prices, capture)


def build_operations(
    settings: Settings,
    database: Database,
    aws: AwsAccess,
    prices: PriceTable,
    detector: PersonalDataDetector,
    checks: Mapping[Capability, HasCheck | None],
) -> Operations:
    """Puts them together; connects to nothing."""
    from services.backends.aws.bedrock_catalogue import BedrockCatalogue
    from services.backends.aws.caller_identity import AwsCallerIdentity
    from services.backends.aws.model_abilities import abilities_of
    from services.backends.aws.prompt_trial import BedrockPromptTrial

    region = BedrockCatalogue(aws.clients)
    catalogue = CatalogueService(settings, region, prices, abilities_of)
    server_models = [model for model in (settings.openai_answer_model, settings.openai_survey_model) if model]
    return Operations(
        catalogue,
        SpendingService(SqlModelCalls(database)),
        PromptTrials(catalogue, prices, detector, BedrockPromptTrial(aws), _server_trial(settings, aws), server_models),
        BackendChecks(settings, checks_by_capability(checks), region, AwsCallerIdentity(aws.clients)),
    )


def _server_trial(settings: Settings, aws: AwsAccess) -> PromptTrial | None:
    if settings.openai_base_url is None:
        return None
    from services.backends.openai_compatible.prompt_trial import ServerPromptTrial

    key = settings.openai_api_key
    return ServerPromptTrial(
        str(settings.openai_base_url),
        key.get_secret_value() if key else None,
        settings.openai_timeout_seconds,
        recorder=aws.recorder,
    )


def _server_prices(settings: Settings) -> list[ModelPrice]:
    today = datetime.now(UTC).date()
    source = "the settings of this installation"
    found = []
    if settings.openai_survey_model and settings.openai_survey_input_price is not None:
        found.append(
            ModelPrice(
                settings.openai_survey_model,
                "",
                today,
                source,
                settings.openai_survey_input_price,
                settings.openai_survey_output_price,
            )
        )
    if settings.openai_image_model and settings.openai_image_price is not None:
        price = {"": settings.openai_image_price}
        found.append(ModelPrice(settings.openai_image_model, "", today, source, per_image=price))
    return found
