"""Runs over a folder: what the report says about money."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.errors import BackendRejectedError, BackendUnavailableError
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.folder_run import FolderRun
from services.images.intake import IntakeLimits
from services.ports.images import BackgroundGenerator, SubjectCutter
from tests.unit.images.photo_fakes import FakeCutter, FakeGenerator, FakePaidCutter

PROMPT = BackgroundWish(kind=BackgroundKind.PROMPT, prompt="a wooden table", variations=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pixels = np.zeros((80, 80, 3), np.uint8)
    pixels[20:60, 20:60] = (255, 40, 20)
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in" / "product.png")
    return tmp_path / "in"


def told(cutter: SubjectCutter, generator: BackgroundGenerator, folder: Path, wish: BackgroundWish) -> dict[str, Any]:
    run = FolderRun(cutter, generator, IntakeLimits(), folder, folder.parent / "out", wish)
    list(run.results())
    run.write_report()
    report = json.loads((folder.parent / "out" / "report.json").read_text())
    (image,) = report["images"]
    return {name: image[name] for name in ("status", "calls", "cost_usd")}


def test_pictures_cost_what_they_cost(folder: Path) -> None:
    generator = FakeGenerator(paid=True, price=0.04)
    assert told(FakeCutter(), generator, folder, PROMPT) == {"status": "done", "calls": 1, "cost_usd": 0.08}


@pytest.mark.parametrize(
    "error",
    [BackendUnavailableError("Lost.", code="reply-lost"), BackendRejectedError("No.", code="picture-blocked")],
)
def test_call_that_may_have_been_paid_for_is_not_told_to_cost_nothing(folder: Path, error: Exception) -> None:
    generator = FakeGenerator(paid=True, price=0.04)
    generator.errors = [error]  # type: ignore[list-item]
    assert told(FakeCutter(), generator, folder, PROMPT) == {"status": "failed", "calls": 1, "cost_usd": None}


def test_matte_that_is_paid_for_is_told(folder: Path) -> None:
    free = FakeGenerator()
    transparent = BackgroundWish(kind=BackgroundKind.TRANSPARENT)
    assert told(FakePaidCutter(), free, folder, transparent) == {"status": "done", "calls": 1, "cost_usd": None}
    assert told(FakeCutter(), free, folder, transparent) == {"status": "done", "calls": 0, "cost_usd": 0.0}
