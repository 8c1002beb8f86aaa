"""What keeps calls of models, as the settings say. Nothing connects here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from services.backends.aws.access import AwsAccess
from services.backends.aws.clients import AwsClients
from services.backends.file_backends import build_capture_files
from services.settings import Settings

if TYPE_CHECKING:
    from services.privacy.capture import CallCapture


def build_capture(settings: Settings, announce: Callable[[float, int], None] | None = None) -> CallCapture | None:
    """What keeps requests and replies; None where nothing is to be kept.

    Personal data is found on this machine: a detector that is paid for by the call would be asked for every captured
    call, and its own calls would be captured in turn.

    Args:
        announce: See :class:`services.privacy.capture.CallCapture`.

    Raises:
        ConfigurationError: they would lie among other files (``capture-root``).
    """
    files = build_capture_files(settings, AwsAccess(AwsClients(settings.aws_region)))
    if files is None:
        return None
    from services.backends.local.personal_data import LocalPersonalDataDetector
    from services.privacy.capture import CallCapture

    return CallCapture(
        files,
        LocalPersonalDataDetector(),
        share=settings.capture_share,
        days=settings.capture_days,
        announce=announce,
    )
