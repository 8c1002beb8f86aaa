"""The adapters for image batches that the settings ask for, made without a database.

What cuts out and what labels are imported when they are first used: web pages that never touch a photo do without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.backends.aws.access import AwsAccess
from services.images.intake import IntakeLimits
from services.images.mask_models import CutOut, MaskHints
from services.images.models import Label
from services.ports.images import BackdropSearch, BackgroundGenerator, LabelDetector, PhotoModerator, SubjectCutter
from services.setting_choices import BackgroundBackend, LabelBackend, MaskBackend
from services.settings import Settings

if TYPE_CHECKING:
    from services.backends.aws.bedrock_cutter import BedrockCutter
    from services.backends.local.mattes.cutter import LocalSubjectCutter
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


class LazyPaidCutter(LazyCutter):
    """A SubjectCutter that pays for mattes, made when it is first used.

    Attributes:
        lane: See :class:`services.ports.images.PaysForMattes`.
    """

    def __init__(self, make: Callable[[], BedrockCutter], lane: str) -> None:
        self._paid = cache(make)
        super().__init__(self._paid)
        self.lane = lane

    @property
    def matte_name(self) -> str:
        return self._paid().matte_name

    def must_ask(self, picture: Image.Image) -> bool:
        return self._paid().must_ask(picture)

    def ask(self, picture: Image.Image) -> NDArray[np.uint8]:
        return self._paid().ask(picture)

    def finish(self, picture: Image.Image, matte: NDArray[np.uint8]) -> CutOut:
        return self._paid().finish(picture, matte)


class LazyLabels:
    """A LabelDetector on this machine that is made when it is first used."""

    lane = ""

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


def build_cutter(settings: Settings, aws: AwsAccess | None = None) -> SubjectCutter:
    """What cuts products out.

    Raises:
        ConfigurationError: the mask model is of no known family (``model-family-unknown``).
    """

    def make() -> LocalSubjectCutter:
        from services.backends.local.mattes.cutter import LocalSubjectCutter
        from services.backends.local.mattes.packaged_network import packaged_network

        return LocalSubjectCutter(settings.home / "models", settings.segmentation_model, packaged_network())

    if settings.mask_backend is not MaskBackend.BEDROCK:
        return LazyCutter(make)
    from services.backends.aws.background_removal import removal_of

    model_id = settings.bedrock_mask_model or ""
    removal_of(model_id)  # an unknown model stops start-up, not the first photo

    def make_paid() -> BedrockCutter:
        from services.backends.aws.bedrock_cutter import BedrockCutter

        return BedrockCutter(aws or AwsAccess.of(settings), model_id, make())

    return LazyPaidCutter(make_paid, MaskBackend.BEDROCK.value)


def build_label_detector(settings: Settings, aws: AwsAccess | None = None) -> LabelDetector:
    """What says what is in a photo."""
    if settings.label_backend is LabelBackend.REKOGNITION:
        from services.backends.aws.rekognition_labels import RekognitionLabels

        return RekognitionLabels(aws or AwsAccess.of(settings))

    def make() -> LabelDetector:
        from services.backends.local.region_labels import RegionLabels

        regions = RegionLabels()
        if settings.clip_model is None:
            return regions
        from services.backends.local.clip_labels import ClipLabels

        return ClipLabels(settings.clip_model, regions)

    return LazyLabels(make)


def build_photo_moderator(settings: Settings, aws: AwsAccess | None = None) -> PhotoModerator | None:
    """What looks for unsafe content in photos; None where nobody asked for it."""
    if settings.rekognition_moderation_confidence is None:
        return None
    from services.backends.aws.rekognition_moderation import RekognitionModeration

    return RekognitionModeration(aws or AwsAccess.of(settings))


def moderation_confidence(settings: Settings) -> float:
    """From which confidence on, 0 to 1, unsafe content refuses a photo."""
    return (settings.rekognition_moderation_confidence or 100.0) / 100


def build_background_generator(
    settings: Settings,
    library: Callable[[], Sequence[LibraryPicture]] | None = None,
    search: BackdropSearch | None = None,
    aws: AwsAccess | None = None,
    price_of: Callable[[str], float | None] = lambda _model_id: None,
) -> BackgroundGenerator:
    """What makes backgrounds from words.

    Args:
        library: The pictures of one tenant, which the local generator looks through first.
        search: Compares a prompt to their captions.
        price_of: What a picture of a model of AWS costs, in US dollars, by the model's full id; None when unknown.

    Raises:
        ConfigurationError: the image model is of no known family (``model-family-unknown``).
    """
    if settings.background_backend is BackgroundBackend.BEDROCK:
        from services.backends.aws.bedrock_backgrounds import BedrockBackgrounds

        model_id = settings.bedrock_image_model or ""
        return BedrockBackgrounds(aws or AwsAccess.of(settings), model_id, price_per_picture=price_of(model_id))
    if settings.background_backend is BackgroundBackend.OPENAI:
        from services.backends.openai_compatible.image_edits import OpenAiImageEdits

        key = settings.openai_api_key
        return OpenAiImageEdits(
            str(settings.openai_base_url),
            settings.openai_image_model or "",
            key.get_secret_value() if key else None,
            price_per_picture=settings.openai_image_price,
            recorder=aws.recorder if aws is not None else None,
        )
    from services.backends.local.backgrounds.generator import ComposedBackgrounds

    return ComposedBackgrounds(library, search)


def generator_version(settings: Settings) -> str:
    """What tells apart the pictures of generators of the same name."""
    if settings.background_backend is BackgroundBackend.OPENAI:
        return f"{settings.openai_base_url} {settings.openai_image_model}"
    if settings.background_backend is BackgroundBackend.BEDROCK:
        from services.backends.aws.bedrock_backgrounds import VERSION

        return f"{VERSION} {settings.bedrock_image_model}"
    return ""
