"""The contract of SurveyAnalyzer: the local one, and the chain of a language model over the wire and with fakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.backends.local.onnx_embedder import OnnxEmbedder
from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer
from services.backends.openai_compatible.survey_model import OpenAiCompatibleModel
from services.ports.language_models import LanguageModel
from services.ports.surveys import SurveyAnalyzer
from services.surveys.chain.analyzer import ModelChainAnalyzer
from services.surveys.chain.paid_calls import PaidModelCalls
from services.surveys.memory_ledger import MemoryLedger
from services.surveys.models import OtherReason, Response, Sentiment
from tests.contract.survey_analyzer import RESPONSES, TAXONOMY, SurveyAnalyzerContract, by_id
from tests.fakes import FakeEmbedder
from tests.openai_server import MODEL
from tests.openai_survey_server import running_survey_server
from tests.survey_model import FakeLanguageModel


@pytest.fixture(scope="module")
def packaged_embedder(model_home: Path) -> OnnxEmbedder:
    return OnnxEmbedder(model_home)


class TestLocalSurveyAnalyzerOnAFake(SurveyAnalyzerContract):
    @pytest.fixture
    def analyzer(self) -> SurveyAnalyzer:
        return LocalSurveyAnalyzer(FakeEmbedder())


@pytest.mark.slow
class TestLocalSurveyAnalyzer(SurveyAnalyzerContract):
    @pytest.fixture
    def analyzer(self, packaged_embedder: OnnxEmbedder) -> SurveyAnalyzer:
        return LocalSurveyAnalyzer(packaged_embedder)

    def test_each_topic_has_the_sentiment_and_the_evidence_of_its_own_statement(self, analyzer: SurveyAnalyzer) -> None:
        text = "The barista was so friendly, but everything is far too expensive."
        finding = analyzer.analyze([Response("r", text)], TAXONOMY)[0]
        found = {topic.topic_id: (topic.sentiment, text[topic.start : topic.end]) for topic in finding.topics}
        assert found == {
            "staff": (Sentiment.POSITIVE, "The barista was so friendly"),
            "price": (Sentiment.NEGATIVE, "but everything is far too expensive."),
        }
        assert finding.sentiment is Sentiment.MIXED
        assert "mixed-feelings" in finding.needs_review

    def test_response_on_something_else_is_other(self, analyzer: SurveyAnalyzer) -> None:
        finding = analyzer.analyze([Response("r", "My grandfather plays the violin in Vienna")], TAXONOMY)[0]
        assert finding.other_reason is OtherReason.NOTHING_FITS

    def test_other_language_is_not_understood_and_marked(self, analyzer: SurveyAnalyzer) -> None:
        finding = by_id(analyzer.analyze(RESPONSES, TAXONOMY))["r8"]
        assert finding.needs_review
        assert "other-language" in finding.needs_review

    def test_meaning_is_found_without_a_word_in_common(self, analyzer: SurveyAnalyzer) -> None:
        finding = analyzer.analyze([Response("r", "I cannot afford it any more")], TAXONOMY)[0]
        assert [topic.topic_id for topic in finding.topics] == ["price"]


def chain(model: LanguageModel) -> ModelChainAnalyzer:
    return ModelChainAnalyzer(model, PaidModelCalls(model, MemoryLedger(), "pharmacy", "tests"))


class TestModelChainAnalyzerOnAFake(SurveyAnalyzerContract):
    @pytest.fixture
    def analyzer(self) -> SurveyAnalyzer:
        return chain(FakeLanguageModel())


class TestModelChainAnalyzerOverTheWire(SurveyAnalyzerContract):
    @pytest.fixture
    def analyzer(self) -> Iterator[SurveyAnalyzer]:
        with running_survey_server() as server:
            yield chain(OpenAiCompatibleModel(server.base_url, MODEL, None, timeout_seconds=20.0))

    def test_each_topic_has_the_sentiment_and_the_evidence_of_its_own_statement(self, analyzer: SurveyAnalyzer) -> None:
        text = "The  barista was so friendly, but everything\u200b is far too expensive."
        finding = analyzer.analyze([Response("r", text)], TAXONOMY)[0]
        found = {topic.topic_id: (topic.sentiment, text[topic.start : topic.end]) for topic in finding.topics}
        assert found == {
            "staff": (Sentiment.POSITIVE, "The  barista was so friendly"),
            "price": (Sentiment.NEGATIVE, "but everything\u200b is far too expensive."),
        }
        assert finding.sentiment is Sentiment.MIXED
