"""Backgrounds from any server that speaks OpenAI's image edits: the vendor's own, or a self-hosted one."""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any

import httpx
from PIL import Image

from services.backends.edit_canvas import EditCanvas
from services.backends.openai_compatible.http_errors import problem_of, raise_for_status, translated_errors
from services.backends.openai_compatible.model_check import require_model
from services.backends.openai_compatible.recording import recorded
from services.errors import REPLY_LOST, BackendRejectedError, BackendUnavailableError
from services.images.background_models import (
    MOST_VARIATIONS,
    BackgroundPicture,
    BackgroundRequest,
    CompositeMode,
    PlacedSubject,
)
from services.images.wishes import check_prompts
from services.ports.model_calls import ModelCallRecorder, NoRecorder

# What current image models of this API take: square, landscape and portrait.
EDIT_SIZES = ((1024, 1024), (1536, 1024), (1024, 1536))

# Error codes by which such servers say that the wish, or the pictures that came out, are not allowed.
_PROMPT_CODES = {"moderation_blocked", "content_policy_violation", "content_filter", "image_generation_user_error"}
_OUTPUT_WORDS = ("generated image", "output image", "image output", "generated content")
# Key, address, time and load: whatever the body says, these are not about the wish.
_NEVER_THE_PROMPT = {401, 403, 404, 408, 429}
_CALLED = "image model"
# An answer that is larger is none that was asked for.
_MOST_PIXELS = 40_000_000


class OpenAiImageEdits:
    """See :class:`services.ports.images.BackgroundGenerator`.

    The API takes no seed, so that the same request gives other pictures each time.

    Args:
        base_url: Address that ends where ``/images/edits`` begins.
        model: Name of an image model of that server.
        timeout_seconds: Longest wait for the connection and for the answer; pictures take minutes.
        price_per_picture: In US dollars; None when it is not known.
        recorder: Hears of each call.
    """

    name = "openai"
    verb = "generated"
    paid = True
    seconds_per_picture = 25.0
    pictures_per_call = MOST_VARIATIONS

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None,
        timeout_seconds: float = 300.0,
        *,
        price_per_picture: float | None = None,
        recorder: ModelCallRecorder | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._model = model
        self.price_per_picture = price_per_picture
        self._recorder = recorder or NoRecorder()
        self._client = httpx.Client(base_url=base_url.rstrip("/"), headers=headers, timeout=timeout_seconds)

    def generate(self, request: BackgroundRequest, subject: PlacedSubject) -> list[BackgroundPicture]:
        check_prompts(request.prompt.strip(), request.negative_prompt)
        canvas = EditCanvas.around(subject.size, EDIT_SIZES)
        entries = self._ask(request, subject, canvas)
        pictures = [_picture(entry, canvas) for entry in entries[: request.count]]
        if not pictures:
            raise BackendRejectedError(
                "The image model blocked every picture that it made.",
                code="picture-blocked",
                remedy="Change the description of the background and try again.",
            )
        return pictures

    def check_ready(self) -> None:
        """Raise BackendError unless the server answers and has the model."""
        require_model(
            self._client, self._model, _raise_for_status, called=_CALLED, setting="FRONTLINE_OPENAI_IMAGE_MODEL"
        )

    def _ask(self, request: BackgroundRequest, subject: PlacedSubject, canvas: EditCanvas) -> list[Any]:
        fields = {
            "model": self._model,
            "prompt": _instruction(request),
            "n": str(request.count),
            "size": f"{canvas.sent[0]}x{canvas.sent[1]}",
        }
        if not self._model.startswith("gpt-image"):
            fields["response_format"] = "b64_json"  # that family answers so anyway, and refuses the field
        files = {
            "image": ("image.png", canvas.image_png(subject), "image/png"),
            "mask": ("mask.png", canvas.alpha_mask_png(subject), "image/png"),
        }
        with (
            recorded(self._recorder, "images/edits", self._model, request=fields) as taken,
            translated_errors(_CALLED),
        ):
            response = self._client.post("/images/edits", data=fields, files=files)
            _raise_for_status(response)
            entries = response.json()["data"]
            if not isinstance(entries, list):
                raise TypeError(entries)
            taken.images = len(entries)
        return entries


def _instruction(request: BackgroundRequest) -> str:
    """The prompt in words that keep the product: the API has no field for what is not wanted."""
    keep = "Keep the product exactly as it is" if request.mode is CompositeMode.PRECISE else "Keep the product"
    avoided = f" Avoid: {request.negative_prompt.strip()}." if request.negative_prompt.strip() else ""
    return f"Replace the background behind the product: {request.prompt.strip()}. {keep}.{avoided}"


def _picture(entry: Any, canvas: EditCanvas) -> BackgroundPicture:
    try:
        data = base64.b64decode(entry["b64_json"], validate=True)
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise _wrong_size()
            opened.load()
            pixels = canvas.canvas_of(opened)
    except (KeyError, TypeError, ValueError, binascii.Error, OSError) as exc:
        raise _unreadable() from exc
    if pixels is None:
        raise _wrong_size()
    return BackgroundPicture(pixels, seed=None, holds_subject=True, origin="generated")


def _wrong_size() -> BackendRejectedError:
    return BackendRejectedError(
        "The image model returned a picture of another size than was asked for.",
        code="wrong-size-returned",
        remedy="Retry; if it happens again, an administrator must choose another image model.",
    )


def _unreadable() -> BackendUnavailableError:
    return BackendUnavailableError("The image model sent an answer that cannot be read.", code=REPLY_LOST)


def _raise_for_status(response: httpx.Response) -> None:
    if 400 <= response.status_code < 500 and response.status_code not in _NEVER_THE_PROMPT:
        problem = problem_of(response)
        words = problem.message
        if problem.code in _PROMPT_CODES or "safety system" in words or "content policy" in words:
            raise _blocked(words)
    raise_for_status(response, called=_CALLED, refused="The image model refused the request.")


def _blocked(message: str) -> BackendRejectedError:
    if any(words in message for words in _OUTPUT_WORDS):
        return BackendRejectedError(
            "The image model blocked every picture that it made.",
            code="picture-blocked",
            remedy="Change the description of the background and try again.",
        )
    return BackendRejectedError(
        "The image model's content filter refused this description.",
        code="prompt-blocked",
        remedy="Change the description of the background and try again.",
    )
