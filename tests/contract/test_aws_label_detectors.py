"""The contract of LabelDetector over the wire, and of the moderation of photos: Amazon Rekognition."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.rekognition_labels import RekognitionLabels, labels_of
from services.backends.aws.rekognition_moderation import RekognitionModeration
from services.backends.aws.rekognition_photos import LEAST_SIDE, MOST_BYTES, photo_jpeg
from services.errors import BackendMisconfiguredError, BackendUnavailableError
from services.images.cut_outs import nothing_cut_out
from services.images.models import Label, LabelSource
from services.ports.images import LabelDetector
from services.ports.model_calls import ModelCall
from tests.aws_endpoint.endpoint import REGION, AwsEndpoint, running_aws_endpoint
from tests.aws_endpoint.faults import access_denied
from tests.aws_endpoint.services.rekognition import paid
from tests.contract.aws_faults import AwsFaultContract, Call
from tests.contract.label_detector import LabelDetectorContract, two_products

LABELS = ("rekognition", "DetectLabels")
MODERATION = ("rekognition", "DetectModerationLabels")
BOX = {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}


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


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def access(recorder: Recorder) -> AwsAccess:
    return AwsAccess(AwsClients(REGION), recorder)


def detected(detector: LabelDetector, picture: Image.Image) -> list[Label]:
    return detector.detect(picture, nothing_cut_out(picture.size), "")


def reply(*labels: dict[str, Any]) -> dict[str, Any]:
    return {"Labels": [{"Confidence": 90.0, **label} for label in labels]}


class TestRekognitionLabels(LabelDetectorContract):
    @pytest.fixture
    def detector(self, endpoint: AwsEndpoint, access: AwsAccess) -> LabelDetector:
        return RekognitionLabels(access)

    def test_every_thing_has_a_label_with_its_box_and_confidence(self, detector: LabelDetector) -> None:
        picture = two_products()
        boxed = [label for label in detected(detector, picture) if label.box is not None]
        assert [label.source for label in boxed] == [LabelSource.MODEL] * 2
        assert all(label.region is None and label.confidence is not None for label in boxed)
        boxes = [label.box.pixels(picture.size) for label in boxed if label.box is not None]
        for found, true in zip(boxes, [(60, 40, 120, 110), (140, 60, 166, 91)], strict=True):
            assert np.abs(np.subtract(found, true)).max() <= 3

    def test_what_only_repeats_a_label_more_generally_is_left_out(self, detector: LabelDetector) -> None:
        names = [label.name for label in detected(detector, two_products())]
        assert "Box" in names
        assert "Studio Shot" in names
        assert "Product" not in names

    def test_call_is_recorded_as_one_photo(self, detector: LabelDetector, recorder: Recorder) -> None:
        detected(detector, two_products())
        (call,) = recorder.calls
        assert (call.backend, call.operation, call.units, call.images) == ("rekognition", "DetectLabels", 1, 1)

    def test_limits_of_the_backend_hold_for_it(self, detector: LabelDetector) -> None:
        assert detector.lane == "rekognition"

    def test_check_ready_asks_about_no_picture_and_pays_nothing(
        self, detector: LabelDetector, endpoint: AwsEndpoint, recorder: Recorder
    ) -> None:
        detector.check_ready()
        assert (endpoint.count(*LABELS), paid.replies, recorder.calls) == (1, 0, [])

    def test_check_ready_tells_a_missing_permission(self, detector: LabelDetector, endpoint: AwsEndpoint) -> None:
        endpoint.faults.next(*LABELS, access_denied("rekognition:DetectLabels"))
        with pytest.raises(BackendMisconfiguredError) as caught:
            detector.check_ready()
        assert "rekognition:DetectLabels" in caught.value.remedy

    def test_largest_photo_is_sent_within_the_limit_in_its_shape(
        self, detector: LabelDetector, endpoint: AwsEndpoint
    ) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (3000, 5000, 3), dtype=np.uint8)
        detected(detector, Image.fromarray(noise))
        data = endpoint.calls_of(*LABELS)[0].parameters["Image"]["Bytes"]
        with Image.open(io.BytesIO(data)) as sent:
            assert sent.width / sent.height == pytest.approx(5 / 3, abs=0.01)


def test_photo_is_made_smaller_only_as_far_as_it_must_be() -> None:
    flat = Image.new("RGB", (3000, 2000), "white")
    with Image.open(io.BytesIO(photo_jpeg(flat))) as sent:
        assert sent.size == (3000, 2000)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8))
    assert len(photo_jpeg(noise, 20_000)) <= 20_000
    assert MOST_BYTES == 5_242_880


@pytest.mark.parametrize("size", [(40, 60), (79, 300), (8000, 100), (100, 8000), (20_000, 40), (1, 1)])
def test_small_and_narrow_photos_are_sent_as_large_as_aws_takes_them(size: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(photo_jpeg(Image.new("RGB", size, "white")))) as sent:
        assert min(sent.size) >= LEAST_SIDE
        assert max(sent.size) <= 10_000
        if max(size) / min(size) <= 100:
            assert sent.width / sent.height == pytest.approx(size[0] / size[1], rel=0.03)


def test_product_comes_before_what_surrounds_it_and_larger_before_smaller() -> None:
    table = {"Name": "Table", "Instances": [{"BoundingBox": {"Left": 0.0, "Top": 0.4, "Width": 1.0, "Height": 0.6}}]}
    table["Categories"] = [{"Name": "Furniture and Furnishings"}]
    cup = {"Name": "Cup", "Instances": [{"BoundingBox": {"Left": 0.4, "Top": 0.4, "Width": 0.2, "Height": 0.2}}]}
    spoon = {"Name": "Spoon", "Instances": [{"BoundingBox": {"Left": 0.9, "Top": 0.9, "Width": 0.05, "Height": 0.05}}]}
    names = [label.name for label in labels_of(reply(table, spoon, cup, {"Name": "Indoors"}))]
    assert names == ["Cup", "Spoon", "Table", "Indoors"]


def test_parent_stays_where_it_has_a_box_of_its_own() -> None:
    elsewhere = {"Left": 0.6, "Top": 0.6, "Width": 0.3, "Height": 0.3}
    shoe = {"Name": "Shoe", "Instances": [{"BoundingBox": BOX}], "Parents": [{"Name": "Footwear"}]}
    footwear = {"Name": "Footwear", "Instances": [{"BoundingBox": BOX}, {"BoundingBox": elsewhere}]}
    labels = labels_of(reply(shoe, footwear, {"Name": "Clothing"}))
    assert [(label.name, label.box is not None) for label in labels] == [
        ("Shoe", True),
        ("Footwear", True),
        ("Clothing", False),
    ]
    same = labels_of(reply(shoe, {**footwear, "Instances": [{"BoundingBox": BOX}]}))
    assert [label.name for label in same] == ["Shoe"]


def test_names_that_read_alike_have_ids_of_their_own() -> None:
    two = [{"BoundingBox": BOX}, {"BoundingBox": {**BOX, "Left": 0.6}}]
    labels = labels_of(
        reply({"Name": "T-Shirt"}, {"Name": "T Shirt"}, {"Name": "Shirt", "Instances": two}, {"Name": "Shirt 2"})
    )
    assert len({label.id for label in labels}) == len(labels) == 5


def test_box_outside_of_the_picture_is_cut_or_left_out() -> None:
    instances = [
        {"BoundingBox": {"Left": -0.1, "Top": 0.5, "Width": 0.4, "Height": 0.9}},
        {"BoundingBox": {"Left": 1.2, "Top": 0.0, "Width": 0.1, "Height": 0.1}},
        {},
    ]
    (label,) = labels_of(reply({"Name": "Cup", "Instances": instances}))
    assert label.box is not None
    assert (label.box.left, label.box.top) == (0.0, 0.5)
    assert label.box.width == pytest.approx(0.3)
    assert label.box.height == pytest.approx(0.5)


@pytest.mark.parametrize("broken", [{}, {"Labels": None}, {"Labels": [{}]}, {"Labels": [{"Name": "x"}]}, {"Labels": 3}])
def test_reply_that_makes_no_sense_is_told(broken: dict[str, Any]) -> None:
    with pytest.raises(BackendUnavailableError):
        labels_of(broken)


class TestLabelFaults(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = LABELS
    action: ClassVar[str] = "rekognition:DetectLabels"
    repeats_unknown_outcomes: ClassVar[bool] = False

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, access: AwsAccess, policy: CallPolicy) -> Call:
        detector = RekognitionLabels(access, policy=policy)
        return lambda: detected(detector, two_products())


class TestModeration:
    def test_photo_without_unsafe_content_has_nothing_sure(self, endpoint: AwsEndpoint, access: AwsAccess) -> None:
        assert RekognitionModeration(access).unsafe_content(two_products()) == []

    def test_what_is_seen_comes_with_its_category_and_confidence(
        self, endpoint: AwsEndpoint, access: AwsAccess
    ) -> None:
        picture = two_products()
        ImageDraw.Draw(picture).rectangle((0, 0, 60, 60), fill=(255, 0, 255))
        seen = RekognitionModeration(access).unsafe_content(picture)
        assert [(one.name, one.category) for one in seen] == [("Violence", ""), ("Weapon Violence", "Violence")]
        assert all(0 < one.confidence < 1 for one in seen)

    def test_everything_is_asked_for_so_that_the_limit_may_change(
        self, endpoint: AwsEndpoint, access: AwsAccess
    ) -> None:
        RekognitionModeration(access).unsafe_content(two_products())
        assert endpoint.calls_of(*MODERATION)[0].parameters["MinConfidence"] <= 1

    def test_check_ready_pays_nothing(self, endpoint: AwsEndpoint, access: AwsAccess) -> None:
        RekognitionModeration(access).check_ready()
        assert (endpoint.count(*MODERATION), paid.replies) == (1, 0)


class TestModerationFaults(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = MODERATION
    action: ClassVar[str] = "rekognition:DetectModerationLabels"
    repeats_unknown_outcomes: ClassVar[bool] = False

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, access: AwsAccess, policy: CallPolicy) -> Call:
        moderator = RekognitionModeration(access, policy=policy)
        return lambda: moderator.unsafe_content(two_products())
