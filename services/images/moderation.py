"""Photos with unsafe content are refused before anything of them is sent to a generator."""

from __future__ import annotations

from typing import Any

from PIL import Image

from services.errors import InputError
from services.images.derived import content_key, derived_name, keep_values, read_values
from services.images.models import UnsafeContent
from services.images.paid_once import paid_once
from services.ports.images import ImageFiles, PhotoModerator
from services.ports.paid_calls import PaidCallLedger


class PhotoGate:
    """Lets photos pass, each looked at once.

    Args:
        moderator: None lets every photo pass.
        least_confidence: From here on, 0 to 1, what the moderator sees counts.
    """

    def __init__(
        self, files: ImageFiles, ledger: PaidCallLedger, moderator: PhotoModerator | None, least_confidence: float
    ) -> None:
        self._files = files
        self._ledger = ledger
        self._moderator = moderator
        self._least_confidence = least_confidence

    @property
    def lane(self) -> str:
        """The backend that is asked; empty for none."""
        return self._moderator.lane if self._moderator is not None else ""

    def require_safe(self, tenant_id: str, sha256: str, picture: Image.Image, owner: str) -> None:
        """Let photos pass that may be worked on.

        Args:
            picture: Upright, RGB or RGBA.
            owner: Who asks, the same again after a crash.

        Raises:
            InputError: unsafe content was seen (``photo-unsafe``).
            BackendError: the moderator could not be asked.
        """
        if self._moderator is None:
            return
        for one in self._seen(self._moderator, tenant_id, sha256, picture, owner):
            if one.confidence >= self._least_confidence:
                raise _unsafe(one)

    def _seen(
        self, moderator: PhotoModerator, tenant_id: str, sha256: str, picture: Image.Image, owner: str
    ) -> list[UnsafeContent]:
        key = content_key("moderation", tenant_id, sha256, moderator.name)
        file = derived_name(tenant_id, sha256, key, "moderation.json")
        values = read_values(self._files, file)
        if values is None:

            def ask() -> dict[str, Any]:
                rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
                return {"seen": [[one.name, one.category, one.confidence] for one in moderator.unsafe_content(rgb)]}

            values = dict(paid_once(self._ledger, tenant_id, key, owner, ask))
            keep_values(self._files, file, values)
        return [UnsafeContent(str(name), str(category), float(share)) for name, category, share in values["seen"]]


def _unsafe(seen: UnsafeContent) -> InputError:
    what = f"“{seen.name}”" + (f" ({seen.category})" if seen.category else "")
    return InputError(
        f"This photo was refused: it seems to show {what}.",
        code="photo-unsafe",
        remedy="Use another photo. If the photo is fine, ask an administrator to raise the limit of the moderation.",
    )
