"""The contract of BackgroundGenerator: composed scenes, and an image model over the wire."""

from __future__ import annotations

import base64
import io
import json
import socket
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from services.backends.edit_canvas import EditCanvas
from services.backends.local.backgrounds.generator import ComposedBackgrounds
from services.backends.openai_compatible.image_edits import EDIT_SIZES, OpenAiImageEdits
from services.errors import (
    REPLY_LOST,
    BackendError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
)
from services.images.background_models import BackgroundRequest, CompositeMode
from services.ports.images import BackgroundGenerator
from tests.contract.background_generator import BackgroundGeneratorContract, placed_subject
from tests.image_edit_server import MODEL, EditReply, EditRequest, ImageEditServer, running_image_edit_server

KEY = "sk-not-a-real-key"
REQUEST = BackgroundRequest("a sunny beach", "people", seed=7)


class TestComposedBackgrounds(BackgroundGeneratorContract):
    @pytest.fixture
    def generator(self) -> BackgroundGenerator:
        return ComposedBackgrounds()


@pytest.fixture
def server() -> Iterator[ImageEditServer]:
    with running_image_edit_server() as running:
        yield running


@pytest.fixture
def over_the_wire(server: ImageEditServer) -> OpenAiImageEdits:
    return OpenAiImageEdits(server.base_url, MODEL, KEY, timeout_seconds=5.0)


class TestOpenAiImageEdits(BackgroundGeneratorContract):
    @pytest.fixture
    def generator(self, over_the_wire: OpenAiImageEdits) -> BackgroundGenerator:
        return over_the_wire

    def test_request_is_the_multipart_form_that_the_api_describes(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer
    ) -> None:
        over_the_wire.generate(BackgroundRequest("a sunny beach", "people", count=2), placed_subject())
        (request,) = server.requests
        assert request.path == "/v1/images/edits"
        assert request.authorization == f"Bearer {KEY}"
        assert set(request.fields) == {"model", "prompt", "n", "size", "response_format"}
        assert request.fields["model"] == MODEL
        assert request.fields["n"] == "2"
        assert "a sunny beach" in request.fields["prompt"]
        assert "Avoid: people" in request.fields["prompt"]
        assert request.image.format == request.mask.format == "PNG"
        assert request.image.size == request.mask.size == tuple(map(int, request.fields["size"].split("x")))
        assert request.mask.mode == "RGBA"

    def test_mask_is_transparent_where_the_model_paints_and_opaque_on_the_product(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer
    ) -> None:
        subject = placed_subject((300, 300))
        over_the_wire.generate(REQUEST, subject)
        alpha = np.asarray(server.requests[0].mask)[..., 3]
        assert set(np.unique(alpha)) == {0, 255}
        height, width = alpha.shape
        assert alpha[height // 2, width // 2] == 255
        assert alpha[5, 5] == alpha[-5, -5] == 0
        kept = np.asarray(server.requests[0].image.convert("RGB"))[alpha == 255]
        assert abs(kept.mean(axis=0) - subject.pixels[subject.matte == 255].mean(axis=0)).max() < 3

    def test_family_that_refuses_the_field_is_not_sent_a_response_format(self, server: ImageEditServer) -> None:
        OpenAiImageEdits(server.base_url, "gpt-image-1", None).generate(REQUEST, placed_subject())
        assert "response_format" not in server.requests[0].fields
        assert server.requests[0].authorization is None

    @pytest.mark.parametrize(
        ("canvas", "sent"),
        [
            ((1080, 1080), (1024, 1024)),
            ((1920, 1080), (1536, 1024)),
            ((1080, 1350), (1024, 1536)),
            ((1080, 1200), (1024, 1024)),
            ((1000, 1600), (1024, 1536)),
            ((3000, 200), (1536, 1024)),
            ((17, 900), (1024, 1536)),
        ],
    )
    def test_size_is_the_allowed_one_of_the_nearest_shape(self, canvas: tuple[int, int], sent: tuple[int, int]) -> None:
        assert sent in EDIT_SIZES
        assert EditCanvas.around(canvas, EDIT_SIZES).sent == sent

    @pytest.mark.parametrize("size", [(400, 400), (640, 360), (200, 500), (900, 100)])
    def test_product_lies_in_the_answer_where_it_was(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer, size: tuple[int, int]
    ) -> None:
        subject = placed_subject(size)
        (picture,) = over_the_wire.generate(REQUEST, subject)
        assert picture.holds_subject
        # The server paints what is transparent in the mask blue and leaves the rest.
        blue = picture.pixels[..., 2].astype(int) > 128
        assert (blue == (subject.matte == 0)).mean() > 0.97

    def test_api_without_seeds_makes_no_claim_about_one(self, over_the_wire: OpenAiImageEdits) -> None:
        assert over_the_wire.generate(REQUEST, placed_subject())[0].seed is None
        assert over_the_wire.paid
        assert over_the_wire.price_per_picture is None

    def test_precise_asks_for_more_care_than_default(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer
    ) -> None:
        for mode in (CompositeMode.PRECISE, CompositeMode.DEFAULT):
            over_the_wire.generate(BackgroundRequest("beach", mode=mode), placed_subject())
        precise, default = (request.fields["prompt"] for request in server.requests)
        assert "exactly as it is" in precise
        assert "exactly as it is" not in default

    def test_fewer_pictures_than_asked_for_are_handed_on(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer
    ) -> None:
        server.most_pictures = 2
        assert len(over_the_wire.generate(BackgroundRequest("beach", count=4), placed_subject())) == 2

    def test_no_picture_at_all_is_told_as_blocked(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer
    ) -> None:
        server.most_pictures = 0
        assert failure(over_the_wire, BackendRejectedError).code == "picture-blocked"

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (
                {"code": "moderation_blocked", "message": "Your request was rejected by the safety system."},
                "prompt-blocked",
            ),
            ({"code": "content_policy_violation", "message": "Not allowed."}, "prompt-blocked"),
            (
                {"code": None, "message": "Your request was rejected as a result of our safety system."},
                "prompt-blocked",
            ),
            (
                {"code": "moderation_blocked", "message": "The generated image was rejected by the safety system."},
                "picture-blocked",
            ),
            ({"code": "invalid_size", "message": "The size is wrong."}, "backend-rejected"),
        ],
    )
    def test_refusal_is_told_apart_by_what_was_refused(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer, body: dict[str, str | None], code: str
    ) -> None:
        server.reply = failing(400, {"error": body})
        error = failure(over_the_wire, BackendRejectedError)
        assert error.code == code
        assert not error.retryable

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (401, BackendMisconfiguredError),
            (403, BackendMisconfiguredError),
            (404, BackendMisconfiguredError),
            (408, BackendTimeoutError),
            (409, BackendRejectedError),
            (429, BackendThrottledError),
            (500, BackendUnavailableError),
            (503, BackendUnavailableError),
        ],
    )
    @pytest.mark.parametrize("body", [{"error": {"code": "x", "message": "no"}}, {"error": "no"}, [], "no JSON"])
    def test_status_becomes_our_error_whatever_the_body(
        self,
        over_the_wire: OpenAiImageEdits,
        server: ImageEditServer,
        status: int,
        kind: type[BackendError],
        body: object,
    ) -> None:
        server.reply = failing(status, body)
        assert type(failure(over_the_wire, kind)) is kind

    def test_account_without_credit_is_for_the_administrator_and_not_retried(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer
    ) -> None:
        server.reply = failing(429, {"error": {"code": "insufficient_quota", "message": "You exceeded your quota."}})
        assert not failure(over_the_wire, BackendMisconfiguredError).retryable

    def test_picture_of_another_size_has_its_own_code(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer
    ) -> None:
        server.reply = answering([encoded(Image.new("RGB", (512, 512)))])
        assert failure(over_the_wire, BackendRejectedError).code == "wrong-size-returned"

    @pytest.mark.parametrize(
        "data",
        [
            None,
            "a picture",
            [None],
            [{}],
            [{"url": "http://example.org/a.png"}],
            [{"b64_json": 5}],
            [{"b64_json": "***"}],
            [{"b64_json": base64.b64encode(b"no picture").decode()}],
        ],
    )
    def test_answer_that_cannot_be_read_is_a_reply_that_was_lost(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer, data: object
    ) -> None:
        server.reply = answering(data)
        assert failure(over_the_wire, BackendUnavailableError).code == REPLY_LOST

    def test_silence_ends_as_a_timeout(self, server: ImageEditServer) -> None:
        server.reply = lambda request: request.wait()
        impatient = OpenAiImageEdits(server.base_url, MODEL, KEY, timeout_seconds=0.2)
        assert failure(impatient, BackendTimeoutError).code == REPLY_LOST

    def test_connection_that_breaks_off_may_have_been_paid_for(
        self, over_the_wire: OpenAiImageEdits, server: ImageEditServer
    ) -> None:
        server.reply = lambda request: request.cut()
        assert failure(over_the_wire, BackendUnavailableError).code == REPLY_LOST

    def test_server_that_is_not_there_is_unavailable(self) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        nowhere = OpenAiImageEdits(f"http://127.0.0.1:{port}/v1", MODEL, KEY)
        assert failure(nowhere, BackendUnavailableError).code == "backend-unavailable"
        with pytest.raises(BackendUnavailableError):
            nowhere.check_ready()

    def test_model_that_the_server_does_not_have_is_named(self, server: ImageEditServer) -> None:
        with pytest.raises(BackendMisconfiguredError) as caught:
            OpenAiImageEdits(server.base_url, "another-model", KEY).check_ready()
        assert "another-model" in caught.value.message_for_user

    def test_key_never_stands_in_an_error(self, over_the_wire: OpenAiImageEdits, server: ImageEditServer) -> None:
        server.reply = failing(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})
        error = failure(over_the_wire, BackendMisconfiguredError)
        assert KEY not in f"{error.message_for_user} {error.remedy}"


def failure(generator: BackgroundGenerator, kind: type[BackendError]) -> BackendError:
    """The error that the request ends with."""
    with pytest.raises(kind) as caught:
        generator.generate(REQUEST, placed_subject())
    return caught.value


def failing(status: int, body: object) -> EditReply:
    """A reply with this status; a text is sent as it is."""
    text = body if isinstance(body, str) else json.dumps(body)
    return lambda request: request.send_text(status, text)


def answering(data: object) -> EditReply:
    """A reply of status 200 with this as its data."""

    def reply(request: EditRequest) -> None:
        request.send_text(200, json.dumps({"created": 1, "data": data}))

    return reply


def encoded(picture: Image.Image) -> dict[str, str]:
    """An entry of an answer."""
    written = io.BytesIO()
    picture.save(written, "PNG")
    return {"b64_json": base64.b64encode(written.getvalue()).decode()}
