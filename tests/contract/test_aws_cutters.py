"""The contract of SubjectCutter over the wire: models of Amazon Bedrock that take backgrounds away."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from services.backends.aws.access import AwsAccess
from services.backends.aws.bedrock_cutter import BedrockCutter
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.local.mattes.cutter import LocalSubjectCutter
from services.errors import BackendRejectedError, BackendUnavailableError, ConfigurationError
from services.images.mask_models import Box, MaskHints, Stroke
from services.ports.images import PaysForMattes, SubjectCutter
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, running_aws_endpoint
from tests.aws_endpoint.services.bedrock_catalogue import changed_model
from tests.contract.aws_faults import AwsModelFaultContract, Call
from tests.contract.subject_cutter import SIZE, SUBJECT, SubjectCutterContract, product_photo

NOVA = "amazon.nova-canvas-v1:0"
STABILITY = "us.stability.stable-image-remove-background-v1:0"
INVOKE = ("bedrock-runtime", "InvokeModel")
QUICK = CallPolicy(attempts=2, first_wait_seconds=0.0, longest_wait_seconds=0.0, repeats_unknown_outcomes=False)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalSubjectCutter:
    folder: Path = tmp_path_factory.mktemp("models")
    return LocalSubjectCutter(folder)


def cutter_of(model: str, local: LocalSubjectCutter, policy: CallPolicy = QUICK) -> BedrockCutter:
    return BedrockCutter(AwsAccess(AwsClients(REGION)), model, local, policy=policy)


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with running_aws_endpoint() as running, changed_model(NOVA, legacy=False, ends_at=None):
        yield running


@pytest.fixture(params=[NOVA, STABILITY])
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cutter(endpoint: AwsEndpoint, model: str, local: LocalSubjectCutter) -> SubjectCutter:
    return cutter_of(model, local)


def answer(image: Image.Image | None, **more: Any) -> dict[str, Any]:
    written = io.BytesIO()
    images = []
    if image is not None:
        image.save(written, "PNG")
        images = [base64.b64encode(written.getvalue()).decode()]
    return {"body": json.dumps({"images": images, **more}).encode(), "contentType": "application/json"}


class TestBedrockCutter(SubjectCutterContract):
    def test_matte_is_the_models(self, cutter: SubjectCutter, endpoint: AwsEndpoint) -> None:
        found = cutter.cut_out(product_photo())
        left, top, right, bottom = SUBJECT
        kept = found.matte >= 128
        assert found.method == "bedrock"
        assert kept[top + 2 : bottom - 2, left + 2 : right - 2].all()
        assert kept.mean() == pytest.approx((right - left) * (bottom - top) / (SIZE[0] * SIZE[1]), rel=0.15)
        assert endpoint.count(*INVOKE) == 1

    def test_hints_are_followed_on_this_machine_without_a_call(
        self, cutter: SubjectCutter, endpoint: AwsEndpoint, local: LocalSubjectCutter
    ) -> None:
        hints = MaskHints((Box(0.2, 0.1, 0.6, 0.8),), (), (Stroke(True, ((0.5, 0.5),), 0.05),))
        found = cutter.cut_out(product_photo(), hints)
        np.testing.assert_array_equal(found.matte, local.cut_out(product_photo(), hints).matte)
        assert endpoint.count(*INVOKE) == 0

    def test_matte_that_was_paid_for_makes_the_same_cut_out_again(self, cutter: SubjectCutter) -> None:
        assert isinstance(cutter, PaysForMattes)
        picture = product_photo()
        whole, parts = cutter.cut_out(picture), cutter.finish(picture, cutter.ask(picture))
        np.testing.assert_array_equal(whole.matte, parts.matte)
        assert whole.regions == parts.regions

    def test_paid_matte_has_a_name_of_its_own_beside_the_local_cutters(
        self, cutter: SubjectCutter, local: LocalSubjectCutter
    ) -> None:
        assert isinstance(cutter, PaysForMattes)
        assert local.name in cutter.name
        assert local.name not in cutter.matte_name
        assert cutter.lane == "bedrock"

    def test_model_that_finds_nothing_is_told_and_never_replaced_in_silence(
        self, cutter: SubjectCutter, endpoint: AwsEndpoint
    ) -> None:
        nothing = answer(None, error="No subject.", finish_reasons=["Filter reason: output image"])
        with endpoint.answering(*INVOKE, lambda request: nothing), pytest.raises(BackendRejectedError) as caught:
            cutter.cut_out(product_photo())
        assert caught.value.code == "mask-not-found"

    @pytest.mark.parametrize("image", [Image.new("RGB", (320, 320)), Image.new("RGBA", (321, 320))])
    def test_answer_without_opacity_or_of_another_size_is_refused(
        self, cutter: SubjectCutter, endpoint: AwsEndpoint, image: Image.Image
    ) -> None:
        with endpoint.answering(*INVOKE, lambda request: answer(image)), pytest.raises(BackendRejectedError) as caught:
            cutter.cut_out(product_photo((320, 320)))
        assert caught.value.code == "wrong-size-returned"

    def test_reply_that_makes_no_sense_is_told(self, cutter: SubjectCutter, endpoint: AwsEndpoint) -> None:
        broken = {"body": b'{"images": 7}', "contentType": "application/json"}
        with endpoint.answering(*INVOKE, lambda request: broken), pytest.raises(BackendUnavailableError):
            cutter.cut_out(product_photo())


@pytest.mark.parametrize("model", ["stability.stable-image-inpaint-v1:0", "amazon.titan-image-generator-v2:0", ""])
def test_model_that_takes_no_background_away_is_refused(model: str, local: LocalSubjectCutter) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cutter_of(model, local)
    assert "FRONTLINE_BEDROCK_MASK_MODEL" in caught.value.message_for_user


class TestFaults(AwsModelFaultContract):
    operation: ClassVar[tuple[str, str]] = INVOKE
    action: ClassVar[str] = "bedrock:InvokeModel"
    repeats_unknown_outcomes: ClassVar[bool] = False

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy, local: LocalSubjectCutter) -> Call:
        cutter = cutter_of(STABILITY, local, policy)
        return lambda: cutter.cut_out(product_photo())
