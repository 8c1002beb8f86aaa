"""For every canvas there is a size that a model takes."""

from __future__ import annotations

import numpy as np
import pytest

from services.backends.aws.model_sizes import SizeLimits
from services.backends.aws.stability import STABILITY_LIMITS
from services.backends.aws.titan_outpainting import NovaCanvasOutpainting, TitanOutpainting
from services.backends.edit_canvas import EditCanvas
from tests.aws_endpoint.services.bedrock_runtime_images import TITAN_SIZES

EXTREMES = [(1, 1), (1, 9000), (9000, 1), (17, 33), (319, 320), (10_000, 10_000), (4096, 1024), (1025, 4096)]


def canvases() -> list[tuple[int, int]]:
    drawn = np.random.default_rng(1).integers(1, 12_000, (400, 2))
    return [*EXTREMES, *((int(width), int(height)) for width, height in drawn)]


@pytest.mark.parametrize("limits", [NovaCanvasOutpainting.LIMITS, STABILITY_LIMITS])
def test_size_keeps_every_limit_for_any_canvas(limits: SizeLimits) -> None:
    for canvas in canvases():
        size = limits.around(canvas)
        assert min(size) >= limits.least_side, canvas
        assert max(size) <= limits.most_side, canvas
        assert size[0] * size[1] <= limits.most_pixels, canvas
        assert max(size) <= limits.most_ratio * min(size), canvas
        assert all(side % limits.step == 0 for side in size), canvas


def test_canvas_that_is_allowed_is_sent_as_it_is() -> None:
    for size in ((1024, 1024), (640, 1280), (320, 320)):
        assert NovaCanvasOutpainting.LIMITS.around(size) == size
        assert STABILITY_LIMITS.around(size) == size
    assert STABILITY_LIMITS.around((1001, 777)) == (1001, 777)


def test_titan_is_sent_only_sizes_of_its_list() -> None:
    assert set(TitanOutpainting.SIZES) <= TITAN_SIZES


@pytest.mark.parametrize("canvas", [(1080, 1080), (1920, 1080), (90, 400), (3000, 200), (5000, 4000)])
def test_canvas_lies_whole_and_in_its_shape_in_what_is_sent(canvas: tuple[int, int]) -> None:
    for sizes in (TitanOutpainting.SIZES, (NovaCanvasOutpainting.LIMITS.around(canvas),)):
        placed = EditCanvas.around(canvas, sizes)
        left, top, right, bottom = placed.box
        assert 0 <= left < right <= placed.sent[0]
        assert 0 <= top < bottom <= placed.sent[1]
        assert (right - left) / (bottom - top) == pytest.approx(canvas[0] / canvas[1], rel=0.05)
