"""Unsafe content in photos, seen by Amazon Rekognition's DetectModerationLabels."""

from __future__ import annotations

from PIL import Image

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import CallPolicy, Usage
from services.backends.aws.rekognition_photos import photo_jpeg, rekognition_service, require_answer
from services.errors import REPLY_LOST, BackendUnavailableError
from services.images.models import UnsafeContent

# All that it sees is kept: another threshold later needs no other call.
_LEAST_PERCENT = 1.0
_ONE_PHOTO = Usage(images=1, units=1)


class RekognitionModeration:
    """See :class:`services.ports.images.PhotoModerator`."""

    name = "rekognition-moderation-1"
    lane = "rekognition"

    def __init__(self, aws: AwsAccess, *, policy: CallPolicy | None = None) -> None:
        self._service = rekognition_service(aws, "moderation service", policy)

    def unsafe_content(self, picture: Image.Image) -> list[UnsafeContent]:
        reply = self._service.call(
            "DetectModerationLabels",
            {"Image": {"Bytes": photo_jpeg(picture)}, "MinConfidence": _LEAST_PERCENT},
            usage=lambda _: _ONE_PHOTO,
        )
        try:
            seen = [
                UnsafeContent(
                    str(one["Name"]),
                    str(one.get("ParentName") or ""),
                    round(min(max(float(one["Confidence"]) / 100, 0.0), 1.0), 4),
                )
                for one in reply["ModerationLabels"]
            ]
        except (KeyError, TypeError, ValueError) as exc:
            raise BackendUnavailableError(
                "The moderation service sent a reply that cannot be read.", code=REPLY_LOST
            ) from exc
        return sorted(seen, key=lambda one: (-one.confidence, one.name))

    def check_ready(self) -> None:
        """Raise BackendError unless Rekognition answers and may be asked. Costs nothing."""
        require_answer(self._service, "DetectModerationLabels")
