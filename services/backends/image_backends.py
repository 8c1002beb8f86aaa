"""The adapters for image batches that the settings ask for, made without a database.

What cuts out and what labels are imported when they are first used: web pages that never touch a photo do without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from services.images.intake import IntakeLimits
from services.images.mask_models import CutOut, MaskHints
from services.images.models import Label
from services.images.notices import Mail
from services.ports.images import BackdropSearch, BackgroundGenerator, LabelDetector, SubjectCutter
from services.setting_choices import BackgroundBackend
from services.settings import Settings

if TYPE_CHECKING:
    from services.images.backdrops import LibraryPicture


class LazyCutter:
    """A SubjectCutter that is made when it is first used."""

    def __init__(self, make: Callable[[], SubjectCutter]) -> None:
        self._made = cache(make)

    @property
    def name(self) -> str:
        return self._made().name

    def cut_out(self, picture: Image.Image, hints: MaskHints | None = None) -> CutOut:
        return self._made().cut_out(picture, hints)

    def clean_edges(self, picture: Image.Image, matte: Image.Image) -> Image.Image:
        return self._made().clean_edges(picture, matte)

    def check_ready(self) -> None:
        self._made().check_ready()


class LazyLabels:
    """A LabelDetector that is made when it is first used."""

    def __init__(self, make: Callable[[], LabelDetector]) -> None:
        self._made = cache(make)

    @property
    def name(self) -> str:
        return self._made().name

    def detect(self, picture: Image.Image, cut_out: CutOut, file_name: str) -> list[Label]:
        return self._made().detect(picture, cut_out, file_name)

    def check_ready(self) -> None:
        self._made().check_ready()


def intake_limits(settings: Settings) -> IntakeLimits:
    """What a photo and a batch may bring."""
    return IntakeLimits(
        max_file_bytes=settings.max_image_bytes,
        max_pixels=settings.max_image_pixels,
        max_images=settings.max_batch_images,
    )


def build_cutter(settings: Settings) -> SubjectCutter:
    """What cuts products out."""

    def make() -> SubjectCutter:
        from services.backends.local.mattes.cutter import LocalSubjectCutter
        from services.backends.local.mattes.packaged_network import packaged_network

        return LocalSubjectCutter(settings.home / "models", settings.segmentation_model, packaged_network())

    return LazyCutter(make)


def build_label_detector(settings: Settings) -> LabelDetector:
    """What says what is in a photo."""

    def make() -> LabelDetector:
        from services.backends.local.region_labels import RegionLabels

        regions = RegionLabels()
        if settings.clip_model is None:
            return regions
        from services.backends.local.clip_labels import ClipLabels

        return ClipLabels(settings.clip_model, regions)

    return LazyLabels(make)


def build_background_generator(
    settings: Settings,
    library: Callable[[], Sequence[LibraryPicture]] | None = None,
    search: BackdropSearch | None = None,
) -> BackgroundGenerator:
    """What makes backgrounds from words.

    Args:
        library: The pictures of one tenant, which the local generator looks through first.
        search: Compares a prompt to their captions.
    """
    if settings.background_backend is BackgroundBackend.OPENAI:
        from services.backends.openai_compatible.image_edits import OpenAiImageEdits

        key = settings.openai_api_key
        return OpenAiImageEdits(
            str(settings.openai_base_url),
            settings.openai_image_model or "",
            key.get_secret_value() if key else None,
            price_per_picture=settings.openai_image_price,
        )
    from services.backends.local.backgrounds.generator import ComposedBackgrounds

    return ComposedBackgrounds(library, search)


def generator_version(settings: Settings) -> str:
    """What tells apart the pictures of generators of the same name."""
    if settings.background_backend is BackgroundBackend.OPENAI:
        return f"{settings.openai_base_url} {settings.openai_image_model}"
    return ""


def build_mail(settings: Settings) -> Mail | None:
    """Where notices go outside the app; None where no mail server is set."""
    if settings.smtp_host is None or settings.smtp_from is None:
        return None
    from services.backends.smtp_notices import SmtpNotices, SmtpServer

    password = settings.smtp_password
    server = SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        tls=settings.smtp_tls,
        user=settings.smtp_user or "",
        password=password.get_secret_value() if password else "",
    )
    address = str(settings.public_url) if settings.public_url else ""
    return Mail(SmtpNotices(server), settings.smtp_to or "", address)
