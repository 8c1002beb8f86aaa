"""Settings choose who labels, cuts out, moderates and paints; what cannot work stops start-up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.backends.image_backends import (
    build_background_generator,
    build_cutter,
    build_label_detector,
    build_photo_moderator,
    generator_version,
    moderation_confidence,
)
from services.errors import ConfigurationError
from services.ports.images import PaysForMattes
from services.settings import Settings

INPAINT = "us.stability.stable-image-inpaint-v1:0"
REMOVE = "us.stability.stable-image-remove-background-v1:0"


def settings(home: Path, **values: Any) -> Settings:
    return Settings(home=home, aws_region="us-east-1", **values)


def test_nothing_is_asked_of_aws_unless_it_is_set(tmp_path: Path) -> None:
    plain = settings(tmp_path)
    assert build_label_detector(plain).lane == ""
    assert not isinstance(build_cutter(plain), PaysForMattes)
    assert build_photo_moderator(plain) is None
    assert not build_background_generator(plain).paid


def test_each_capability_is_chosen_by_its_own_setting(tmp_path: Path) -> None:
    assert build_label_detector(settings(tmp_path, label_backend="rekognition")).lane == "rekognition"
    cutter = build_cutter(settings(tmp_path, mask_backend="bedrock", bedrock_mask_model=REMOVE))
    assert isinstance(cutter, PaysForMattes)
    assert cutter.lane == "bedrock"
    assert "remove-background" in cutter.matte_name
    moderated = settings(tmp_path, rekognition_moderation_confidence=80)
    moderator = build_photo_moderator(moderated)
    assert moderator is not None
    assert moderator.lane == "rekognition"
    assert moderation_confidence(moderated) == pytest.approx(0.8)
    painted = settings(tmp_path, background_backend="bedrock", bedrock_image_model=INPAINT)
    assert build_background_generator(painted).name == "bedrock"


def test_price_is_asked_for_by_the_full_id_of_the_model_and_may_be_unknown(tmp_path: Path) -> None:
    chosen = settings(tmp_path, background_backend="bedrock", bedrock_image_model=INPAINT)
    prices = {INPAINT: 0.06}
    assert build_background_generator(chosen, price_of=prices.get).price_per_picture == 0.06
    assert build_background_generator(chosen).price_per_picture is None


def test_pictures_of_another_model_are_other_pictures(tmp_path: Path) -> None:
    first, second = (
        generator_version(settings(tmp_path, background_backend="bedrock", bedrock_image_model=model))
        for model in (INPAINT, "amazon.nova-canvas-v1:0")
    )
    assert first != second


def test_model_of_an_unknown_family_stops_start_up(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        build_background_generator(settings(tmp_path, background_backend="bedrock", bedrock_image_model="meta.llama3"))
    with pytest.raises(ConfigurationError):
        build_cutter(settings(tmp_path, mask_backend="bedrock", bedrock_mask_model=INPAINT))
