"""Which backends for surveys the settings offer, and with what they reckon."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from components.survey_run_words import backend_words
from services.backends.aws.access import AwsAccess
from services.backends.aws.clients import AwsClients
from services.backends.pii_backends import build_detector
from services.backends.survey_backends import SurveyModelAccess, build_survey_backends, build_topic_namer
from services.errors import InputError
from services.operations.prices import ModelPrice, PriceTable
from services.settings import Settings
from services.surveys.memory_ledger import MemoryLedger
from services.surveys.models import Taxonomy, Topic
from services.surveys.run_backends import SurveyBackends
from tests.fakes import FakeEmbedder

NOVA = "us.amazon.nova-lite-v1:0"
SHOP = Taxonomy((Topic("staff", "Staff"), Topic("price", "Price")))
TEXTS = ["The staff is nice, but the price is high", "Friendly"]
PRICE = ModelPrice(NOVA, "us-east-1", date(2026, 10, 5), "test", 0.06, 0.24)


def settings(tmp_path: Path, **values: Any) -> Settings:
    return Settings(home=tmp_path, **values)


def access(*prices: ModelPrice) -> SurveyModelAccess:
    return SurveyModelAccess(MemoryLedger(), AwsAccess(AwsClients("us-east-1")), None, PriceTable(prices))


def backends(tmp_path: Path, *prices: ModelPrice, **values: Any) -> SurveyBackends:
    return build_survey_backends(settings(tmp_path, **values), FakeEmbedder(), access(*prices))


def test_without_a_model_there_is_this_machine_alone(tmp_path: Path) -> None:
    found = backends(tmp_path)
    assert (found.default, found.is_paid("bedrock")) == ("local", False)


def test_bedrock_is_offered_beside_the_default_when_a_model_is_set(tmp_path: Path) -> None:
    found = backends(tmp_path, bedrock_survey_model=NOVA)
    assert (found.default, found.is_paid("bedrock")) == ("local", True)


def test_bedrock_is_the_default_when_the_settings_say_so(tmp_path: Path) -> None:
    found = backends(tmp_path, survey_backend="bedrock", bedrock_survey_model=NOVA)
    assert found.default == "bedrock"


@pytest.mark.parametrize(
    ("model", "named", "is_known"),
    [(NOVA, "amazon.nova-lite-v1:0", True), ("somebody.new-model-v9:0", "somebody.new-model-v9:0", False)],
)
def test_people_read_which_model_it_is_and_whether_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, named: str, is_known: bool
) -> None:
    # Nothing is asked: without credentials it says why it is not ready.
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    choice = backends(tmp_path, survey_backend="bedrock", bedrock_survey_model=model).choices()[0]
    assert (choice.label, choice.model, choice.ready) == ("Amazon Bedrock", named, False)
    words = backend_words(choice)
    assert named in words
    assert ("does not know this model" in words) is not is_known


def test_an_estimate_has_the_price_of_the_table_and_none_that_it_does_not_have(tmp_path: Path) -> None:
    priced = backends(tmp_path, PRICE, bedrock_survey_model=NOVA).analyzer("bedrock", "", "x").estimate(TEXTS, SHOP)
    assert priced.cost_usd is not None
    assert priced.cost_usd == pytest.approx((priced.input_tokens * 0.06 + priced.output_tokens * 0.24) / 1_000_000)
    unknown = backends(tmp_path, bedrock_survey_model=NOVA).analyzer("bedrock", "", "x").estimate(TEXTS, SHOP)
    assert unknown.cost_usd is None
    assert any("not known" in words for words in unknown.warnings)


def test_topics_beyond_the_context_window_name_the_setting(tmp_path: Path) -> None:
    found = backends(tmp_path, bedrock_survey_model=NOVA, bedrock_survey_context_tokens=4_000)
    many = Taxonomy(tuple(Topic(f"t{number}", f"Topic {number}", "words " * 20) for number in range(200)))
    with pytest.raises(InputError) as caught:
        found.analyzer("bedrock", "", "x").estimate(TEXTS, many)
    assert "FRONTLINE_BEDROCK_SURVEY_CONTEXT_TOKENS" in caught.value.remedy


@pytest.mark.parametrize(
    ("values", "is_named"),
    [
        ({}, False),
        ({"bedrock_survey_model": NOVA}, False),
        ({"bedrock_survey_model": NOVA, "survey_backend": "bedrock"}, True),
    ],
)
def test_topics_are_named_where_runs_use_a_model_by_default(
    tmp_path: Path, values: dict[str, Any], is_named: bool
) -> None:
    assert (build_topic_namer(settings(tmp_path, **values), access()) is not None) is is_named


def test_personal_data_is_found_here_unless_comprehend_is_chosen(tmp_path: Path) -> None:
    kinds = [type(build_detector(settings(tmp_path, pii_backend=one))).__name__ for one in ("local", "comprehend")]
    assert kinds == ["LocalPersonalDataDetector", "ComprehendDetector"]
