"""The contract of BackgroundGenerator over the wire: the image models of Amazon Bedrock."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.backends.aws.access import AwsAccess
from services.backends.aws.bedrock_backgrounds import BedrockBackgrounds
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.model_lifecycle import ModelLifecycle
from services.errors import (
    BackendError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendUnavailableError,
    ConfigurationError,
)
from services.images.background_models import BackgroundRequest, CompositeMode, PlacedSubject
from services.ports.images import BackgroundGenerator
from services.ports.model_calls import ModelCall
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, AwsFault, running_aws_endpoint
from tests.aws_endpoint.services.bedrock_catalogue import changed_model
from tests.aws_endpoint.services.bedrock_runtime_images import ALL_BLOCKED, FORBIDDEN, ONE_BLOCKED, paid
from tests.contract.aws_faults import AwsModelFaultContract, Call
from tests.contract.background_generator import BackgroundGeneratorContract, placed_subject

TITAN = "amazon.titan-image-generator-v2:0"
NOVA = "amazon.nova-canvas-v1:0"
INPAINT = "us.stability.stable-image-inpaint-v1:0"
SEARCH_REPLACE = "us.stability.stable-image-search-replace-v1:0"
MODELS = (TITAN, NOVA, INPAINT, SEARCH_REPLACE)
LISTED = {model: model.removeprefix("us.") for model in MODELS}
INVOKE = ("bedrock-runtime", "InvokeModel")
QUICK = CallPolicy(attempts=2, first_wait_seconds=0.0, longest_wait_seconds=0.0, repeats_unknown_outcomes=False)
BEACH = BackgroundRequest("a sunny beach", "people", seed=7)


class Recorder:
    """ModelCallRecorder that remembers."""

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        self.calls.append(call)


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as running:
        yield running


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def backgrounds(model: str, recorder: Recorder | None = None, policy: CallPolicy = QUICK) -> BedrockBackgrounds:
    access = AwsAccess(AwsClients(REGION), recorder or Recorder())
    return BedrockBackgrounds(access, model, policy=policy)


@pytest.fixture
def generator(endpoint: AwsEndpoint, model: str, recorder: Recorder) -> Iterator[BedrockBackgrounds]:
    # The catalogue says of two of them that they have ended.
    with changed_model(LISTED[model], legacy=False, ends_at=None):
        yield backgrounds(model, recorder)


def bodies(endpoint: AwsEndpoint) -> list[dict[str, Any]]:
    """What was sent, in order."""
    return [json.loads(call.parameters["body"]) for call in endpoint.calls_of(*INVOKE)]


def picture_in(text: str) -> Image.Image:
    with Image.open(io.BytesIO(base64.b64decode(text))) as opened:
        opened.load()
        return opened


def sent(body: dict[str, Any]) -> tuple[Image.Image, NDArray[np.uint8]]:
    """The picture and the mask of a body; without a mask that of the picture's ground."""
    parameters = body.get("outPaintingParams", body)
    mask = parameters.get("maskImage") or parameters.get("mask")
    return picture_in(parameters["image"]), np.asarray(picture_in(mask))


class TestBedrockBackgrounds(BackgroundGeneratorContract):
    def test_record_names_the_model_as_it_was_set_and_counts_pictures(
        self, generator: BedrockBackgrounds, recorder: Recorder, model: str
    ) -> None:
        generator.generate(BackgroundRequest("beach", count=2), placed_subject())
        assert {call.model for call in recorder.calls} == {model}
        assert {(call.backend, call.operation, call.region) for call in recorder.calls} == {
            ("bedrock", "InvokeModel", REGION)
        }
        assert sum(call.images for call in recorder.calls) == 2

    @pytest.mark.parametrize("size", [(400, 400), (640, 360), (200, 500), (900, 100), (3000, 2000)])
    def test_product_lies_in_the_answer_where_it_was(
        self, generator: BedrockBackgrounds, size: tuple[int, int]
    ) -> None:
        subject = placed_subject(size)
        (picture,) = generator.generate(BEACH, subject)
        assert picture.holds_subject
        blue = picture.pixels[..., 2].astype(int) > 128
        kept = blue == (subject.matte == 0)
        assert kept.mean() > 0.97

    def test_same_seed_gives_the_same_pictures_and_each_variation_its_own(self, generator: BedrockBackgrounds) -> None:
        request = BackgroundRequest("beach", seed=11, count=3)
        first = generator.generate(request, placed_subject())
        again = generator.generate(request, placed_subject())
        assert [one.pixels.tobytes() for one in first] == [one.pixels.tobytes() for one in again]
        assert [one.seed for one in first] == [one.seed for one in again]
        assert first[0].seed == 11

    @pytest.mark.parametrize("seed", [0, 858_993_460, 2_147_483_646])
    def test_every_seed_of_a_wish_is_taken(self, generator: BedrockBackgrounds, seed: int) -> None:
        pictures = generator.generate(BackgroundRequest("beach", seed=seed, count=2), placed_subject())
        assert pictures[0].seed == seed

    def test_words_that_are_refused_are_told_apart_from_pictures_that_are(
        self, generator: BedrockBackgrounds, endpoint: AwsEndpoint
    ) -> None:
        for word, code in ((FORBIDDEN, "prompt-blocked"), (ALL_BLOCKED, "picture-blocked")):
            with pytest.raises(BackendRejectedError) as caught:
                generator.generate(BackgroundRequest(f"a {word} street"), placed_subject())
            assert caught.value.code == code
            assert not caught.value.retryable
        assert (endpoint.count(*INVOKE), paid.replies) == (2, 0)

    def test_pictures_that_are_kept_back_are_missing_and_the_others_come(self, generator: BedrockBackgrounds) -> None:
        request = BackgroundRequest(f"a {ONE_BLOCKED} street", seed=5, count=3)
        assert len(generator.generate(request, placed_subject())) == 2

    def test_photo_and_mask_that_are_refused_have_codes_of_their_own(
        self, generator: BedrockBackgrounds, endpoint: AwsEndpoint
    ) -> None:
        refusals = {
            "Unable to auto-generate mask image from the given mask prompt.": "mask-not-found",
            "The input image has been blocked by our content filters.": "photo-blocked",
            "The generated image has been blocked by our content filters.": "picture-blocked",
        }
        for words, code in refusals.items():
            endpoint.faults.next(*INVOKE, AwsFault("ValidationException", words))
            with pytest.raises(BackendRejectedError) as caught:
                generator.generate(BEACH, placed_subject())
            assert caught.value.code == code
            assert "content filters" not in caught.value.message_for_user

    @pytest.mark.parametrize(
        "reply", [{}, {"images": ["no picture"]}, {"images": "x"}, {"images": [7]}, {"images": [None]}]
    )
    def test_reply_that_makes_no_sense_is_not_asked_for_again(
        self, generator: BedrockBackgrounds, endpoint: AwsEndpoint, reply: dict[str, Any]
    ) -> None:
        answer = {"body": json.dumps(reply).encode(), "contentType": "application/json"}
        with endpoint.answering(*INVOKE, lambda request: answer), pytest.raises(BackendUnavailableError) as caught:
            generator.generate(BEACH, placed_subject())
        assert caught.value.code == "reply-lost"
        assert endpoint.count(*INVOKE) == 1

    def test_picture_of_another_size_is_refused(self, generator: BedrockBackgrounds, endpoint: AwsEndpoint) -> None:
        written = io.BytesIO()
        Image.new("RGB", (320, 320)).save(written, "PNG")
        image = base64.b64encode(written.getvalue()).decode()
        answer = {"body": json.dumps({"images": [image]}).encode(), "contentType": "application/json"}
        with endpoint.answering(*INVOKE, lambda request: answer), pytest.raises(BackendRejectedError) as caught:
            generator.generate(BEACH, placed_subject((800, 600)))
        assert caught.value.code == "wrong-size-returned"

    def test_large_canvas_full_of_detail_fits_into_the_bodies(
        self, generator: BedrockBackgrounds, endpoint: AwsEndpoint
    ) -> None:
        noise = np.random.default_rng(3).integers(0, 256, (3000, 4000, 3), dtype=np.uint8)
        (picture,) = generator.generate(BEACH, PlacedSubject(noise, np.full((3000, 4000), 255, np.uint8)))
        assert picture.pixels.shape == (3000, 4000, 3)
        assert len(endpoint.calls_of(*INVOKE)[0].parameters["body"]) <= 25_000_000


@pytest.mark.parametrize("model", [TITAN, NOVA, INPAINT])
def test_mask_is_white_where_the_model_paints_and_black_on_the_product(endpoint: AwsEndpoint, model: str) -> None:
    subject = placed_subject((300, 300))
    backgrounds(model).generate(BEACH, subject)
    picture, mask = sent(bodies(endpoint)[0])
    assert set(np.unique(mask)) == {0, 255}
    height, width = mask.shape[:2]
    assert (mask[height // 2, width // 2] == 0).all()
    assert (mask[5, 5] == 255).all()
    kept = np.asarray(picture)[mask[..., 0] == 0]
    assert abs(kept.mean(axis=0) - subject.pixels[subject.matte == 255].mean(axis=0)).max() < 3


def test_inpainting_of_amazon_repaints_black_where_outpainting_repaints_white(endpoint: AwsEndpoint) -> None:
    """The contract that the endpoint holds the adapters to, seen from both sides."""
    backgrounds(TITAN).generate(BEACH, placed_subject((300, 300)))
    body = bodies(endpoint)[0]
    parameters = {key: value for key, value in body["outPaintingParams"].items() if key != "outPaintingMode"}
    inside = {"taskType": "INPAINTING", "inPaintingParams": parameters}
    inside["imageGenerationConfig"] = body["imageGenerationConfig"]
    client = AwsClients(REGION).client("bedrock-runtime")
    reply = json.loads(client.invoke_model(modelId=TITAN, body=json.dumps(inside))["body"].read())
    painted = np.asarray(picture_in(reply["images"][0]))
    assert painted[5, 5].tolist() == [200, 200, 200]
    assert painted[512, 512, 2] > 128


def test_amazons_models_are_asked_as_their_contract_says(endpoint: AwsEndpoint) -> None:
    request = BackgroundRequest("a sunny beach", "people", CompositeMode.DEFAULT, seed=2_000_000_000, count=4)
    for model in (TITAN, NOVA):
        backgrounds(model).generate(request, placed_subject())
    titan, nova = bodies(endpoint)
    for body in (titan, nova):
        parameters = body["outPaintingParams"]
        assert body["taskType"] == "OUTPAINTING"
        assert (parameters["text"], parameters["negativeText"]) == ("a sunny beach", "people")
        assert parameters["outPaintingMode"] == "DEFAULT"
        assert "maskPrompt" not in parameters
        assert body["imageGenerationConfig"]["numberOfImages"] == 4
    assert titan["imageGenerationConfig"]["seed"] == 2_000_000_000
    assert nova["imageGenerationConfig"]["seed"] <= 858_993_459
    assert (titan["imageGenerationConfig"]["width"], titan["imageGenerationConfig"]["height"]) == (1152, 896)
    assert "width" not in nova["imageGenerationConfig"]


def test_nothing_to_avoid_is_left_out_of_the_request(endpoint: AwsEndpoint) -> None:
    for model in MODELS:
        backgrounds(model).generate(BackgroundRequest("a sunny beach", " "), placed_subject())
    for body in bodies(endpoint):
        assert not {"negativeText", "negative_prompt"} & set(body.get("outPaintingParams", body))


def test_stability_makes_one_picture_a_call_each_with_its_own_seed(endpoint: AwsEndpoint) -> None:
    generator = backgrounds(INPAINT)
    pictures = generator.generate(BackgroundRequest("beach", seed=40, count=3), placed_subject())
    seeds = [body["seed"] for body in bodies(endpoint)]
    assert generator.pictures_per_call == 1
    assert len(set(seeds)) == 3
    # Zero would ask for a random one.
    assert 0 not in seeds
    assert [picture.seed for picture in pictures] == [40, 41, 42]


def test_precise_keeps_the_edge_that_default_may_soften(endpoint: AwsEndpoint) -> None:
    for mode in CompositeMode:
        backgrounds(INPAINT).generate(BackgroundRequest("beach", mode=mode), placed_subject())
    precise, default = (body["grow_mask"] for body in bodies(endpoint))
    assert (precise, default > 0) == (0, True)


@pytest.mark.parametrize(
    "model",
    [
        "",
        "anthropic.claude-sonnet-5",
        "stability.stable-outpaint-v1:0",
        "us.stability.stable-image-core-v1:1",
        "stability.stable-image-remove-background-v1:0",
        "amazon.nova-lite-v1:0",
    ],
)
def test_model_that_takes_no_picture_with_a_mask_is_refused_with_the_families_that_do(model: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        backgrounds(model)
    assert caught.value.code == "model-family-unknown"
    assert "FRONTLINE_BEDROCK_IMAGE_MODEL" in caught.value.message_for_user
    assert "stable-image-inpaint" in caught.value.remedy


@pytest.mark.parametrize(
    "model",
    [
        "stability.stable-image-inpaint-v1:0",
        "eu.stability.stable-image-inpaint-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.stability.stable-image-inpaint-v1:0",
    ],
)
def test_family_is_known_by_model_profile_and_arn_alike(endpoint: AwsEndpoint, model: str) -> None:
    assert backgrounds(model).generate(BEACH, placed_subject())
    assert endpoint.calls_of(*INVOKE)[0].parameters["modelId"] == model


class TestFaults(AwsModelFaultContract):
    operation: ClassVar[tuple[str, str]] = INVOKE
    action: ClassVar[str] = "bedrock:InvokeModel"
    repeats_unknown_outcomes: ClassVar[bool] = False

    @pytest.fixture(params=[TITAN, INPAINT])
    def call(self, request: pytest.FixtureRequest, endpoint: AwsEndpoint, policy: CallPolicy) -> Call:
        generator = backgrounds(str(request.param), policy=policy)
        return lambda: generator.generate(BEACH, placed_subject())


class TestLifecycle:
    NOW = datetime(2026, 11, 21, tzinfo=UTC)

    def life(self, **more: Any) -> ModelLifecycle:
        clients = AwsClients(REGION)
        # Made here: a thread that outlives its test must not find the endpoint of the next one.
        clients.client("bedrock", read_timeout_seconds=QUICK.read_timeout_seconds)
        return ModelLifecycle(
            clients,
            INPAINT,
            called="image model",
            setting="FRONTLINE_BEDROCK_IMAGE_MODEL",
            policy=QUICK,
            now=lambda: self.NOW,
            **{"page_wait_seconds": 60.0, **more},
        )

    def test_active_model_gives_no_notice_and_is_ready(self, endpoint: AwsEndpoint) -> None:
        life = self.life()
        life.require_active()
        assert life.notice() is None

    def test_legacy_model_is_told_with_its_last_day_and_still_ready(self, endpoint: AwsEndpoint) -> None:
        with changed_model(LISTED[INPAINT], legacy=True, ends_at=self.NOW + timedelta(days=40)):
            life = self.life()
            notice = life.notice()
            life.require_active()
        assert notice is not None
        assert "31 December 2026" in notice.words
        assert "FRONTLINE_BEDROCK_IMAGE_MODEL" in notice.remedy
        assert not notice.ended

    def test_ended_model_is_told_as_ended_and_not_ready(self, endpoint: AwsEndpoint) -> None:
        with changed_model(LISTED[INPAINT], legacy=True, ends_at=self.NOW - timedelta(days=1)):
            life = self.life()
            notice = life.notice()
            with pytest.raises(BackendMisconfiguredError) as caught:
                life.require_active()
        assert notice is not None
        assert notice.ended
        assert caught.value.code == "model-end-of-life"

    def test_model_that_is_not_listed_is_told_without_a_claim(self, endpoint: AwsEndpoint) -> None:
        with endpoint.answering("bedrock", "ListFoundationModels", lambda request: {"modelSummaries": []}):
            life = self.life()
            notice = life.notice()
            with pytest.raises(BackendMisconfiguredError) as caught:
                life.require_active()
        assert notice is not None
        assert not notice.ended
        assert caught.value.code == "model-unknown"

    def test_page_is_not_kept_waiting_where_aws_does_not_answer(self, endpoint: AwsEndpoint) -> None:
        endpoint.faults.next("bedrock", "*", "timeout", times=None)
        assert self.life(page_wait_seconds=0.0).notice() is None

    def test_what_is_known_is_kept_for_a_while_and_through_failures(self, endpoint: AwsEndpoint) -> None:
        seconds = [0.0]
        with changed_model(LISTED[INPAINT], legacy=True, ends_at=None):
            life = self.life(clock=lambda: seconds[0])
            first = life.notice()
            assert life.notice() == first
            assert endpoint.count("bedrock", "ListFoundationModels") == 1
            endpoint.faults.next("bedrock", "*", "error", times=None)
            seconds[0] = 3600.0
            assert life.notice() == first
        assert first is not None

    def test_permission_that_is_missing_is_told_by_check_ready(self, endpoint: AwsEndpoint) -> None:
        endpoint.faults.next("bedrock", "*", AwsFault("AccessDeniedException", "no", status=403), times=None)
        with pytest.raises(BackendError) as caught:
            backgrounds(INPAINT).check_ready()
        assert caught.value.code == "aws-access-denied"
        assert "bedrock:ListFoundationModels" in caught.value.remedy


def test_port_is_held_by_the_adapter(endpoint: AwsEndpoint) -> None:
    generator: BackgroundGenerator = backgrounds(INPAINT)
    assert generator.paid
    assert generator.verb == "generated"
