"""The adapters for surveys that the settings ask for. What they need is imported when they are first used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from services.backends.aws.access import AwsAccess
from services.operations.prices import PriceTable
from services.ports.knowledge import Embedder
from services.ports.language_models import LanguageModel, ModelLimits, ModelReply, ModelRequest
from services.ports.paid_calls import PaidCallLedger
from services.ports.rate_limits import RateLimits
from services.ports.surveys import SurveyAnalyzer, TopicSuggester
from services.setting_choices import SurveyBackend
from services.settings import Settings
from services.surveys.memory_ledger import MemoryLedger
from services.surveys.run_backends import OfferedBackend, SurveyBackends

_UNKNOWN_MODEL = (
    "Frontline does not know this model: it is asked in words instead of with a tool, and with a context window of "
    "32,000 tokens unless an administrator sets another."
)

if TYPE_CHECKING:
    from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer
    from services.surveys.chain.paid_calls import PaidModelCalls
    from services.surveys.naming import TopicNamer
    from services.surveys.suggesting import NamerFactory


@dataclass(frozen=True, slots=True)
class SurveyModelAccess:
    """What language models for surveys are reached with.

    Attributes:
        ledger: Remembers what was paid for.
        rate_limits: Quotas that all workers share; None keeps to none.
        prices: None knows no price.
    """

    ledger: PaidCallLedger
    aws: AwsAccess | None = None
    rate_limits: RateLimits | None = None
    prices: PriceTable | None = None


def build_survey_backends(settings: Settings, embedder: Embedder, access: SurveyModelAccess) -> SurveyBackends:
    """What runs may use, the default first; the local one is always among them."""

    @cache
    def local() -> LocalSurveyAnalyzer:
        # One per process: what it learned from a taxonomy serves all chunks of a run.
        from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer

        return LocalSurveyAnalyzer(embedder)

    offered = [OfferedBackend(SurveyBackend.LOCAL.value, "This machine", False, lambda _tenant, _owner: local())]
    if settings.openai_survey_model and settings.openai_base_url:
        offered.append(
            OfferedBackend(
                SurveyBackend.OPENAI.value,
                "Language model",
                True,
                _model_chain(cache(lambda: _openai_model(settings, access)), access.ledger),
                settings.openai_survey_model,
            )
        )
    if settings.bedrock_survey_model:
        from services.backends.aws.bedrock_model_ids import plain_model_id
        from services.backends.aws.model_abilities import abilities_of

        known = abilities_of(settings.bedrock_survey_model).known
        offered.append(
            OfferedBackend(
                SurveyBackend.BEDROCK.value,
                "Amazon Bedrock",
                True,
                _model_chain(cache(lambda: _bedrock_model(settings, access)), access.ledger),
                plain_model_id(settings.bedrock_survey_model),
                note="" if known else _UNKNOWN_MODEL,
            )
        )
    return SurveyBackends(sorted(offered, key=lambda one: one.name != settings.survey_backend.value))


def build_topic_suggester(embedder: Embedder) -> TopicSuggester:
    """What proposes topics, on this machine."""
    from services.backends.local.surveys.suggester import LocalTopicSuggester

    return LocalTopicSuggester(embedder)


def build_topic_namer(settings: Settings, access: SurveyModelAccess) -> NamerFactory | None:
    """What names suggested topics where runs use a language model by default; None leaves them their own words."""
    if settings.survey_backend is SurveyBackend.LOCAL:
        return None

    @cache
    def model_of() -> LanguageModel:
        if settings.survey_backend is SurveyBackend.BEDROCK:
            return _bedrock_model(settings, access)
        return _openai_model(settings, access)

    def make(tenant_id: str, owner: str) -> TopicNamer:
        from services.surveys.chain.paid_calls import PaidModelCalls
        from services.surveys.naming import TopicNamer

        return TopicNamer(_PaidNaming(model_of(), PaidModelCalls(model_of(), access.ledger, tenant_id, owner)))

    return make


class _PaidNaming:
    """A model whose calls are paid for once."""

    def __init__(self, model: LanguageModel, calls: PaidModelCalls) -> None:
        self.model = model.model
        self.limits = model.limits
        self._calls = calls

    def complete(self, request: ModelRequest) -> ModelReply:
        return self._calls.complete(request).reply


def _model_chain(model_of: Callable[[], LanguageModel], ledger: PaidCallLedger) -> Callable[[str, str], SurveyAnalyzer]:
    def make(tenant_id: str, owner: str) -> SurveyAnalyzer:
        from services.surveys.chain.analyzer import ModelChainAnalyzer
        from services.surveys.chain.paid_calls import PaidModelCalls

        # What belongs to no tenant is kept by nobody.
        kept = ledger if tenant_id else MemoryLedger()
        return ModelChainAnalyzer(model_of(), PaidModelCalls(model_of(), kept, tenant_id, owner))

    return make


def _bedrock_model(settings: Settings, access: SurveyModelAccess) -> LanguageModel:
    from services.backends.aws.call_quota import CallQuota
    from services.backends.aws.converse_model import ConverseModel, limits_of
    from services.backends.aws.model_abilities import abilities_of

    aws = access.aws or AwsAccess.of(settings)
    model_id = settings.bedrock_survey_model or ""
    region = aws.clients.region
    quota = None
    requests, tokens = settings.bedrock_survey_requests_per_minute, settings.bedrock_survey_tokens_per_minute
    if access.rate_limits is not None and (requests or tokens):
        quota = CallQuota(access.rate_limits, f"bedrock {region} {model_id}", requests, tokens)
    price = access.prices.price_of(model_id, region) if access.prices is not None else None
    limits = limits_of(
        abilities_of(model_id),
        context_tokens=settings.bedrock_survey_context_tokens,
        input_price=price.input_per_million if price else None,
        output_price=price.output_per_million if price else None,
    )
    return ConverseModel(aws, model_id, limits=limits, quota=quota)


def _openai_model(settings: Settings, access: SurveyModelAccess) -> LanguageModel:
    from services.backends.openai_compatible.survey_model import OpenAiCompatibleModel

    key = settings.openai_api_key
    return OpenAiCompatibleModel(
        str(settings.openai_base_url),
        settings.openai_survey_model or "",
        key.get_secret_value() if key else None,
        settings.openai_timeout_seconds,
        limits=ModelLimits(
            context_tokens=settings.openai_survey_context_tokens,
            input_price=settings.openai_survey_input_price,
            output_price=settings.openai_survey_output_price,
        ),
        recorder=access.aws.recorder if access.aws is not None else None,
    )
