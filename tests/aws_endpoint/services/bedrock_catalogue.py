"""The models of a made-up region: active, legacy and ended ones, with the inference profiles that lead to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, AwsRequest
from tests.aws_endpoint.faults import AwsFault
from tests.aws_endpoint.model_ids import plain_model_id

ACCOUNT: Final = "123456789012"
# Profiles come in pages of this size at most, as nobody promises that one call gives all.
PROFILE_PAGE: Final = 4


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A foundation model; ``geographies`` are the prefixes of its inference profiles."""

    id: str
    name: str
    provider: str
    inputs: tuple[str, ...] = ("TEXT",)
    outputs: tuple[str, ...] = ("TEXT",)
    streaming: bool = True
    on_demand: bool = True
    geographies: tuple[str, ...] = ()
    legacy: bool = False
    legacy_at: datetime | None = None
    ends_at: datetime | None = None
    access: bool = True


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


_TEXT = ("TEXT",)
_SEEING = ("TEXT", "IMAGE")
_PICTURE = ("IMAGE",)
_EMBEDDING = ("EMBEDDING",)
MODELS: Final = (
    ListedModel("amazon.nova-micro-v1:0", "Nova Micro", "Amazon", geographies=("us", "eu")),
    ListedModel("amazon.nova-lite-v1:0", "Nova Lite", "Amazon", _SEEING, geographies=("us", "eu")),
    ListedModel("amazon.nova-pro-v1:0", "Nova Pro", "Amazon", _SEEING, geographies=("us", "eu")),
    ListedModel(
        "amazon.nova-premier-v1:0", "Nova Premier", "Amazon", _SEEING, on_demand=False, geographies=("us",),
        legacy=True, legacy_at=_day(2026, 9, 14), ends_at=_day(2027, 9, 14),
    ),
    ListedModel(
        "amazon.nova-canvas-v1:0", "Nova Canvas", "Amazon", _SEEING, _PICTURE, streaming=False,
        legacy=True, legacy_at=_day(2026, 3, 31), ends_at=_day(2026, 9, 30),
    ),
    ListedModel(
        "amazon.titan-image-generator-v2:0", "Titan Image G1 v2", "Amazon", _SEEING, _PICTURE, streaming=False,
        legacy=True, legacy_at=_day(2025, 12, 30), ends_at=_day(2026, 6, 30),
    ),
    ListedModel("amazon.titan-embed-text-v2:0", "Titan Text Embed V2", "Amazon", _TEXT, _EMBEDDING, streaming=False),
    ListedModel("cohere.embed-english-v3", "Embed English", "Cohere", _TEXT, _EMBEDDING, streaming=False),
    ListedModel("cohere.embed-multilingual-v3", "Embed Multilingual", "Cohere", _TEXT, _EMBEDDING, streaming=False),
    ListedModel(
        "cohere.embed-v4:0", "Embed v4", "Cohere", _SEEING, _EMBEDDING, streaming=False, geographies=("us", "eu")
    ),
    ListedModel(
        "anthropic.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5", "Anthropic", _SEEING, on_demand=False,
        geographies=("us", "eu", "global"),
    ),
    ListedModel(
        "anthropic.claude-sonnet-5", "Claude Sonnet 5", "Anthropic", _SEEING, on_demand=False,
        geographies=("us", "eu", "global"),
    ),
    ListedModel(
        "anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", "Anthropic", _SEEING, on_demand=False,
        geographies=("us", "eu", "global"), legacy=True, legacy_at=_day(2026, 10, 1), ends_at=_day(2027, 10, 1),
    ),
    ListedModel("meta.llama3-3-70b-instruct-v1:0", "Llama 3.3 70B", "Meta", on_demand=False, geographies=("us",)),
    ListedModel("mistral.mistral-large-2407-v1:0", "Mistral Large 24.07", "Mistral AI"),
    ListedModel("deepseek.r1-v1:0", "DeepSeek-R1", "DeepSeek", on_demand=False, geographies=("us",), access=False),
    *(
        ListedModel(
            f"stability.stable-{made}-v1:0", name, "Stability AI", _SEEING, _PICTURE, streaming=False, on_demand=False,
            geographies=("us",),
        )
        for made, name in (
            ("image-inpaint", "Stable Inpaint"),
            ("image-remove-background", "Stable Remove Backgr"),
            ("image-search-replace", "Stable Search Replac"),
            ("outpaint", "Stable Outpaint"),
        )
    ),
)  # fmt: skip

_changed: dict[str, ListedModel] = {}


def models() -> list[ListedModel]:
    """What is listed now."""
    return [_changed.get(model.id, model) for model in MODELS]


@contextmanager
def changed_model(model_id: str, **changes: Any) -> Iterator[None]:
    """Let a model be otherwise for a while: ``legacy``, ``ends_at``, ``access`` and so on."""
    before = dict(_changed)
    _changed[model_id] = replace(next(model for model in models() if model.id == model_id), **changes)
    try:
        yield
    finally:
        _changed.clear()
        _changed.update(before)


def register(endpoint: AwsEndpoint) -> None:
    """Answer what tells about models without calling them."""
    for operation, answer in (
        ("ListFoundationModels", _list_models),
        ("GetFoundationModel", _model),
        ("GetFoundationModelAvailability", _availability),
        ("ListInferenceProfiles", _list_profiles),
        ("GetInferenceProfile", _profile),
    ):
        endpoint.answer("bedrock", operation, answer)
    endpoint.on_reset(_changed.clear)


def _list_models(request: AwsRequest) -> dict[str, Any]:
    wanted = request.parameters
    found = [
        model
        for model in models()
        if wanted.get("byProvider", model.provider).casefold() == model.provider.casefold()
        and wanted.get("byOutputModality", model.outputs[0]) in model.outputs
        and (wanted.get("byInferenceType") != "ON_DEMAND" or model.on_demand)
    ]
    return {"modelSummaries": [_summary(model, request.region) for model in found]}


def _model(request: AwsRequest) -> dict[str, Any]:
    return {"modelDetails": _summary(_listed(request.parameters["modelIdentifier"]), request.region)}


def _availability(request: AwsRequest) -> dict[str, Any]:
    model = _listed(request.parameters["modelId"])
    granted = "AVAILABLE" if model.access else "NOT_AVAILABLE"
    return {
        "modelId": model.id,
        "agreementAvailability": {"status": granted},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": granted,
        "regionAvailability": "AVAILABLE",
    }


def _list_profiles(request: AwsRequest) -> dict[str, Any]:
    if request.parameters.get("typeEquals") == "APPLICATION":
        return {"inferenceProfileSummaries": []}
    profiles = [
        _profile_of(model, geography, request.region)
        for model in models()
        for geography in model.geographies
        if _leads_from(geography, request.region)
    ]
    start = int(request.parameters.get("nextToken", "0"))
    end = start + min(request.parameters.get("maxResults", PROFILE_PAGE), PROFILE_PAGE)
    more = {"nextToken": str(end)} if end < len(profiles) else {}
    return {"inferenceProfileSummaries": profiles[start:end], **more}


def _profile(request: AwsRequest) -> dict[str, Any]:
    wanted = request.parameters["inferenceProfileIdentifier"].rsplit("/", 1)[-1]
    for model in models():
        for geography in model.geographies:
            if f"{geography}.{model.id}" == wanted and _leads_from(geography, request.region):
                return _profile_of(model, geography, request.region)
    raise AwsFault("ResourceNotFoundException", "The specified inference profile does not exist.", status=404)


def _leads_from(geography: str, region: str) -> bool:
    """Whether the profiles of a geography can be used in a region."""
    return geography == "global" or (region or REGION).startswith(f"{geography}-")


def _listed(model_id: str) -> ListedModel:
    for model in models():
        # The catalogue knows foundation models; a profile's id is none.
        if model.id == model_id or (":foundation-model/" in model_id and plain_model_id(model_id) == model.id):
            return model
    raise AwsFault("ResourceNotFoundException", "The specified model does not exist.", status=404)


def _summary(model: ListedModel, region: str) -> dict[str, Any]:
    life: dict[str, Any] = {"status": "LEGACY" if model.legacy else "ACTIVE"}
    life |= {"legacyTime": model.legacy_at} if model.legacy_at else {}
    life |= {"endOfLifeTime": model.ends_at} if model.ends_at else {}
    return {
        "modelArn": _arn(model, region),
        "modelId": model.id,
        "modelName": model.name,
        "providerName": model.provider,
        "inputModalities": list(model.inputs),
        "outputModalities": list(model.outputs),
        "responseStreamingSupported": model.streaming,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"] if model.on_demand else [],
        "modelLifecycle": life,
    }


def _profile_of(model: ListedModel, geography: str, region: str) -> dict[str, Any]:
    profile_id = f"{geography}.{model.id}"
    regions = {"us": ("us-east-1", "us-west-2"), "eu": ("eu-west-1", "eu-central-1")}.get(geography, (region,))
    return {
        "inferenceProfileName": f"{geography.upper()} {model.name}".replace(".", "-"),
        "inferenceProfileArn": f"arn:aws:bedrock:{region or REGION}:{ACCOUNT}:inference-profile/{profile_id}",
        "inferenceProfileId": profile_id,
        "models": [{"modelArn": _arn(model, one)} for one in regions],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def _arn(model: ListedModel, region: str) -> str:
    return f"arn:aws:bedrock:{region or REGION}::foundation-model/{model.id}"
