"""InvokeModel for models that take and return pictures."""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import AwsService, CallPolicy, Usage
from services.backends.aws.errors import AwsProblem
from services.errors import REPLY_LOST, AppError, BackendRejectedError, BackendUnavailableError

# A body, of a request or a reply, has at most 25,000,000 bytes. A picture of so many pixels fits in with its mask,
# whatever it shows: as PNG with opacity, in base64.
MOST_SENT_PIXELS = 4_194_304
# Pictures take minutes, and are paid for even when nobody waits any more: a lost reply is not asked for again.
IMAGE_POLICY = CallPolicy(
    give_up_seconds=60.0, read_timeout_seconds=300.0, at_once=8, repeats_unknown_outcomes=False, breaker_failures=20
)
# An answer that is larger is none that was asked for.
_MOST_PIXELS = 40_000_000


class ImageModel:
    """One image model of Bedrock. Safe to use from many threads.

    Args:
        called: What messages call it.
        backend: The value of the setting that chose it; stands in the records.
    """

    def __init__(self, aws: AwsAccess, model_id: str, *, called: str, policy: CallPolicy | None = None) -> None:
        self.called = called
        self._model_id = model_id
        self._service = AwsService(
            aws.clients,
            "bedrock-runtime",
            called=called,
            backend="bedrock",
            policy=policy or IMAGE_POLICY,
            recorder=aws.recorder,
        )

    def ask(self, body: Mapping[str, Any], count_pictures: Callable[[Mapping[str, Any]], int]) -> dict[str, Any]:
        """Send a body and read the reply's.

        Args:
            count_pictures: How many pictures a reply holds, for the record.

        Raises:
            BackendError: among them BackendRejectedError for what the content filters stop (``prompt-blocked``,
                ``photo-blocked``, ``picture-blocked``) and for a mask that the model cannot find (``mask-not-found``).
        """
        parameters = {
            "modelId": self._model_id,
            "body": json.dumps(body).encode(),
            "contentType": "application/json",
            "accept": "application/json",
        }

        def used(reply: Mapping[str, Any]) -> Usage:
            try:
                return Usage(images=count_pictures(_object(reply)))
            except ValueError:
                return Usage()

        reply = self._service.call("InvokeModel", parameters, model=self._model_id, usage=used, refused=_refused)
        try:
            return _object(reply)
        except ValueError as exc:
            raise self.unreadable() from exc

    def picture(self, encoded: object) -> Image.Image:
        """A picture of a reply, opened. Raises BackendUnavailableError when it is none."""
        try:
            if not isinstance(encoded, str):
                raise TypeError(type(encoded))
            opened = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)), formats=("PNG", "JPEG", "WEBP"))
            if opened.width * opened.height > _MOST_PIXELS:
                raise ValueError(opened.size)
            opened.load()
        except (TypeError, ValueError, binascii.Error, OSError, Image.DecompressionBombError) as exc:
            raise self.unreadable() from exc
        return opened

    def unreadable(self) -> BackendUnavailableError:
        """The reply makes no sense; nobody knows what was carried out."""
        return BackendUnavailableError(f"The {self.called} sent a reply that cannot be read.", code=REPLY_LOST)


def encoded(data: bytes) -> str:
    """Bytes as they stand in a body."""
    return base64.b64encode(data).decode()


def prompt_blocked() -> BackendRejectedError:
    """The content filter does not let the words pass."""
    return BackendRejectedError(
        "The image model's content filter refused this description.",
        code="prompt-blocked",
        remedy="Change the description of the background and try again.",
    )


def picture_blocked() -> BackendRejectedError:
    """The content filter kept back every picture that was made."""
    return BackendRejectedError(
        "The image model blocked every picture that it made.",
        code="picture-blocked",
        remedy="Change the description of the background, or the seed, and try again.",
    )


def photo_blocked() -> BackendRejectedError:
    """The content filter does not let the photo pass."""
    return BackendRejectedError(
        "The image model's content filter refused this photo.",
        code="photo-blocked",
        remedy="Use another photo of the product, or a background from the library.",
    )


def mask_not_found() -> BackendRejectedError:
    """The model does not see what to keep."""
    return BackendRejectedError(
        "The image model did not find the product in this photo.",
        code="mask-not-found",
        remedy="Look at the photo's mask: draw a box around the product, or upload a mask.",
    )


def wrong_size() -> BackendRejectedError:
    """The model does not keep to the size that it was sent."""
    return BackendRejectedError(
        "The image model returned a picture of another size than was asked for.",
        code="wrong-size-returned",
        remedy="Retry; if it happens again, an administrator must choose another image model.",
    )


def _object(reply: Mapping[str, Any]) -> dict[str, Any]:
    value = json.loads(reply["body"])
    if not isinstance(value, dict):
        raise ValueError("the body is no object")
    return value


def _refused(problem: AwsProblem) -> AppError | None:
    words = problem.message
    if "unable to auto-generate mask" in words:
        return mask_not_found()
    if "blocked by our content filters" not in words:
        return None
    if "generated image" in words:
        return picture_blocked()
    return photo_blocked() if "input image" in words else prompt_blocked()
