"""What serves what, as the settings say, with facts and prices where they are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.errors import AccessError, BackendUnavailableError, ConfigurationError
from services.operations.capabilities import Capability, Place, remote_fields, served_capabilities, uses_aws
from services.operations.catalogue import CapabilityEntry, CatalogueService, Overview, model_called
from services.operations.prices import ModelPrice, PriceTable
from services.ports.model_catalogue import CatalogueModel, Lifecycle
from services.settings import Settings, load_settings
from tests.operation_fakes import ADMIN, AGENT, FakeCatalogue

PRICES = PriceTable([ModelPrice("us.maker.text", "us-east-1", date(2026, 1, 1), "list", 1.0, 2.0)])
LISTED = CatalogueModel(
    "maker.text", "Text One", "Maker", ("text", "image"), ("text",), True, False, ("us.maker.text",)
)
AWS = {
    "answer_backend": "bedrock",
    "bedrock_answer_model": "us.maker.text",
    "embedding_backend": "sagemaker",
    "sagemaker_embedding_endpoint": "vectors",
    "retrieval_backend": "bedrock_kb",
    "bedrock_kb_id": "KB",
    "label_backend": "rekognition",
    "rekognition_moderation_confidence": 60,
    "mask_backend": "bedrock",
    "bedrock_mask_model": "us.maker.mask",
    "background_backend": "bedrock",
    "bedrock_image_model": "us.maker.image",
    "survey_backend": "bedrock",
    "bedrock_survey_model": "us.maker.text",
    "pii_backend": "comprehend",
    "sns_topic_arn": "arn:aws:sns:us-east-1:123456789012:ended",
    "storage_root": "s3://bucket/app",
    "capture_root": "s3://bucket/capture",
}


@dataclass(frozen=True)
class Known:
    known: bool = True
    context_tokens: int = 200_000
    vision: bool = False
    streaming: bool = True


def settings(tmp_path: Path, **changes: Any) -> Settings:
    return load_settings(home=tmp_path, **changes)


def service(chosen: Settings, catalogue: FakeCatalogue | None = None, known: Known | None = None) -> CatalogueService:
    return CatalogueService(chosen, catalogue or FakeCatalogue([LISTED]), PRICES, lambda _model: known or Known())


def entry(overview: Overview, capability: Capability) -> CapabilityEntry:
    return next(one for one in overview.capabilities if one.served.capability is capability)


def test_by_default_everything_runs_here_and_costs_nothing(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    served = served_capabilities(chosen)
    assert {one.place for one in served} == {Place.HERE, Place.OFF}
    assert not any(one.priced_as for one in served)
    assert not uses_aws(chosen)
    assert remote_fields(chosen) == frozenset()


def test_every_capability_can_be_on_aws(tmp_path: Path) -> None:
    served = {one.capability: one for one in served_capabilities(settings(tmp_path, **AWS))}
    here = {name for name, one in served.items() if one.place is not Place.AWS}
    # The local analyzer is always offered beside the language model, and nobody asked for a fallback or for mail.
    assert here == {Capability.SURVEYS, Capability.ANSWER_FALLBACK}
    assert next(iter(one for one in served if one.value.startswith("surveys"))) is Capability.SURVEYS_BEDROCK


def test_what_is_elsewhere_is_not_essential_for_the_web(tmp_path: Path) -> None:
    assert remote_fields(settings(tmp_path, **AWS)) >= {"answer_generator", "embedder", "index", "knowledge", "files"}


def test_own_server_is_named_by_its_host_alone(tmp_path: Path) -> None:
    chosen = settings(
        tmp_path,
        answer_backend="openai",
        openai_base_url="http://user:secret@models.example:8080/v1",
        openai_answer_model="llama",
    )
    answers = served_capabilities(chosen)[0]
    assert (answers.by, answers.place) == ("Model server models.example", Place.SERVER)


def test_facts_come_from_the_list_of_the_region_and_from_what_is_known(tmp_path: Path) -> None:
    overview = service(settings(tmp_path, **AWS)).overview(ADMIN)
    answers = entry(overview, Capability.ANSWERS)
    assert (answers.facts.name, answers.facts.context_tokens, answers.facts.vision) == ("Text One", 200_000, True)
    assert answers.facts.lifecycle is Lifecycle.ACTIVE
    assert answers.price is PRICES.price_of("us.maker.text", "us-east-1")


def test_unknown_price_of_what_is_paid_for_stays_unknown(tmp_path: Path) -> None:
    overview = service(settings(tmp_path, **AWS)).overview(ADMIN)
    labels = entry(overview, Capability.LABELS)
    assert (labels.paid, labels.price) == (True, None)
    files = entry(overview, Capability.FILES)
    assert not files.paid


def test_model_that_nobody_knows_has_no_facts(tmp_path: Path) -> None:
    overview = service(settings(tmp_path, **AWS), FakeCatalogue(), Known(known=False)).overview(ADMIN)
    facts = entry(overview, Capability.ANSWERS).facts
    assert (facts.name, facts.context_tokens, facts.vision, facts.lifecycle) == ("", None, None, None)


def test_trouble_with_the_catalogue_leaves_the_capabilities(tmp_path: Path) -> None:
    away = FakeCatalogue(error=BackendUnavailableError("Away."))
    overview = service(settings(tmp_path, **AWS), away).overview(ADMIN)
    assert overview.problem is away.error
    assert overview.models == ()
    assert entry(overview, Capability.ANSWERS).served.model == "us.maker.text"


def test_no_catalogue_is_asked_where_nothing_runs_on_aws(tmp_path: Path) -> None:
    catalogue = FakeCatalogue([LISTED])
    made = service(settings(tmp_path), catalogue)
    assert made.overview(ADMIN).models == ()
    assert catalogue.asked == []
    with pytest.raises(ConfigurationError):
        made.access_to(ADMIN, "maker.text")


def test_region_alone_is_enough_to_look_around(tmp_path: Path) -> None:
    (found,) = service(settings(tmp_path, aws_region="us-east-1")).overview(ADMIN).models
    assert found.prices == (("us.maker.text", PRICES.price_of("us.maker.text", "us-east-1")),)


def test_model_is_found_by_its_id_its_profiles_and_their_arns() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.maker.text"
    for name in ("maker.text", "us.maker.text", arn):
        assert model_called(name, [LISTED]) is LISTED
    assert model_called("eu.maker.text", [LISTED]) is None


def test_catalogue_is_for_administrators(tmp_path: Path) -> None:
    with pytest.raises(AccessError):
        service(settings(tmp_path)).overview(AGENT)
