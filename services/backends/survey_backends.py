"""The adapters for surveys that the settings ask for. What they need is imported when they are first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from services.ports.knowledge import Embedder
from services.ports.language_models import LanguageModel, ModelLimits, ModelReply, ModelRequest
from services.ports.paid_calls import PaidCallLedger
from services.ports.surveys import SurveyAnalyzer, TopicSuggester
from services.setting_choices import SurveyBackend
from services.settings import Settings
from services.surveys.memory_ledger import MemoryLedger
from services.surveys.run_backends import OfferedBackend, SurveyBackends

if TYPE_CHECKING:
    from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer
    from services.surveys.chain.paid_calls import PaidModelCalls
    from services.surveys.naming import TopicNamer
    from services.surveys.suggesting import NamerFactory


def build_survey_backends(settings: Settings, embedder: Embedder, ledger: PaidCallLedger) -> SurveyBackends:
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
                _model_chain(cache(lambda: _openai_model(settings)), ledger),
                settings.openai_survey_model,
            )
        )
    return SurveyBackends(sorted(offered, key=lambda one: one.name != settings.survey_backend.value))


def build_topic_suggester(embedder: Embedder) -> TopicSuggester:
    """What proposes topics, on this machine."""
    from services.backends.local.surveys.suggester import LocalTopicSuggester

    return LocalTopicSuggester(embedder)


def build_topic_namer(settings: Settings, ledger: PaidCallLedger) -> NamerFactory | None:
    """What names suggested topics where runs use a language model by default; None leaves them their own words."""
    if settings.survey_backend is not SurveyBackend.OPENAI:
        return None
    model_of = cache(lambda: _openai_model(settings))

    def make(tenant_id: str, owner: str) -> TopicNamer:
        from services.surveys.chain.paid_calls import PaidModelCalls
        from services.surveys.naming import TopicNamer

        return TopicNamer(_PaidNaming(model_of(), PaidModelCalls(model_of(), ledger, tenant_id, owner)))

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


def _openai_model(settings: Settings) -> LanguageModel:
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
    )
