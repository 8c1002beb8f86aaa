"""Quick stand-ins for what cuts out, labels, judges and generates: they take every bright square for a subject."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

from services.errors import AppError
from services.images.background_models import (
    BackgroundPicture,
    BackgroundRequest,
    GeneratorNotice,
    PlacedSubject,
)
from services.images.mask_models import Box, CutOut, MaskDoubt, MaskHints, Region
from services.images.models import Label, LabelSource, UnsafeContent

SIZE = (96, 64)
LEFT, RIGHT = (8, 8, 39, 55), (56, 16, 87, 47)
"""(left, top, right, bottom) of the squares, both ends included; the left one is larger."""


def opened(data: bytes) -> np.ndarray:
    """The pixels of an encoded picture."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture)


class FakeCutter:
    """SubjectCutter: every bright pixel is a subject's.

    Attributes:
        asked: The hints of every call, in order.
        doubts: What every cut-out with a subject is doubted for.
    """

    def __init__(self) -> None:
        self.name = "bright-1"
        self.asked: list[MaskHints | None] = []
        self.doubts: tuple[MaskDoubt, ...] = ()

    def cut_out(self, picture: Image.Image, hints: MaskHints | None = None) -> CutOut:
        self.asked.append(hints)
        width, height = picture.size
        matte = np.where(np.asarray(picture.convert("RGB")).max(axis=2) >= 128, 255, 0).astype(np.uint8)
        if hints is not None:
            matte = np.where(_inside(hints, (width, height)), matte, 0).astype(np.uint8)
            for stroke in hints.strokes:
                radius = max(round(stroke.radius * max(width, height)), 1)
                for x, y in stroke.points:
                    column, row = round(x * (width - 1)), round(y * (height - 1))
                    rows = slice(max(row - radius, 0), row + radius + 1)
                    matte[rows, max(column - radius, 0) : column + radius + 1] = 255 if stroke.keeps else 0
        region_map, regions = _regions(matte)
        doubts = self.doubts if regions else (MaskDoubt.EMPTY,)
        return CutOut(matte, region_map, regions, "fake" if hints is None else "fake-hinted", doubts)

    def clean_edges(self, picture: Image.Image, matte: Image.Image) -> Image.Image:
        return picture.convert("RGB")

    def check_ready(self) -> None:
        """Always."""


class FakePaidCutter(FakeCutter):
    """A SubjectCutter that pays for mattes.

    Attributes:
        paid: How often it was paid.
        error: Raised by every call that would be paid for, while it is set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.matte_name = "paid-matte-1"
        self.lane = "bedrock"
        self.paid = 0
        self.error: AppError | None = None

    def cut_out(self, picture: Image.Image, hints: MaskHints | None = None) -> CutOut:
        return super().cut_out(picture, hints) if hints else self.finish(picture, self.ask(picture))

    def must_ask(self, picture: Image.Image) -> bool:
        return picture.mode == "RGB"

    def ask(self, picture: Image.Image) -> np.ndarray:
        if self.error is not None:
            raise self.error
        self.paid += 1
        return super().cut_out(picture).matte

    def finish(self, picture: Image.Image, matte: np.ndarray) -> CutOut:
        region_map, regions = _regions(matte)
        return CutOut(matte, region_map, regions, "paid", () if regions else (MaskDoubt.EMPTY,))


class FakeModerator:
    """PhotoModerator: sees violence, as sure as ``confidence`` says, in pictures that have green in them.

    Attributes:
        error: Raised by every call while it is set.
        calls: How often it was asked.
    """

    def __init__(self, confidence: float = 0.8) -> None:
        self.name = "moderation-1"
        self.lane = "rekognition"
        self.confidence = confidence
        self.error: AppError | None = None
        self.calls = 0

    def unsafe_content(self, picture: Image.Image) -> list[UnsafeContent]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        red, green, _ = np.moveaxis(np.asarray(picture).astype(int), 2, 0)
        seen = (green - red).max() > 100
        return [UnsafeContent("Weapon Violence", "Violence", self.confidence)] if seen else []

    def check_ready(self) -> None:
        """Always."""


class FakeDetector:
    """LabelDetector: "Subject 1", "Subject 2" … for the regions, and what a test adds.

    Attributes:
        more: Labels that every photo has besides.
        error: Raised by every call while it is set.
        calls: How often it was asked.
        lane: Set where it costs money.
    """

    def __init__(self) -> None:
        self.name = "regions-1"
        self.lane = ""
        self.more: list[Label] = []
        self.error: AppError | None = None
        self.calls = 0

    def detect(self, picture: Image.Image, cut_out: CutOut, file_name: str) -> list[Label]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        found = [
            Label(
                f"region-{region.number}",
                f"Subject {region.number}",
                LabelSource.REGION,
                round(1 - region.number / 10, 2),
                region.box,
                region.number,
                region.area_share,
                region.color,
            )
            for region in cut_out.regions
        ]
        return [*found, *self.more]

    def check_ready(self) -> None:
        """Always."""


class FakeGenerator:
    """BackgroundGenerator: plain pictures in a color that depends on the seed.

    Attributes:
        errors: Raised by the next calls, one each; then calls succeed.
        fails_from: The call, from 1, from which on the errors are raised.
        end: What is told of its model's end.
        blocked: How many pictures of every call are missing.
        holds_subject: Whether the product is in the pictures, repainted in green.
        size_error: By how many pixels the pictures are too wide.
        pictures_per_call: At most.
        requests: What was asked for.
    """

    def __init__(self, *, paid: bool = False, price: float | None = 0.0) -> None:
        self.name = "fake-paid" if paid else "fake"
        self.verb = "generated" if paid else "composed"
        self.paid = paid
        self.price_per_picture = price
        self.seconds_per_picture = 2.0
        self.pictures_per_call = 5
        self.errors: list[AppError] = []
        self.fails_from = 1
        self.end: GeneratorNotice | None = None
        self.blocked = 0
        self.holds_subject = False
        self.size_error = 0
        self.requests: list[BackgroundRequest] = []

    def generate(self, request: BackgroundRequest, subject: PlacedSubject) -> list[BackgroundPicture]:
        self.requests.append(request)
        if self.errors and len(self.requests) >= self.fails_from:
            raise self.errors.pop(0)
        width, height = subject.size
        made = []
        for number in range(request.count - self.blocked):
            pixels = np.full((height, width + self.size_error, 3), (10, 20, (request.seed + number) % 256), np.uint8)
            if self.holds_subject:
                pixels[subject.matte > 0] = (0, 255, 0)
            made.append(
                BackgroundPicture(
                    pixels, request.seed + number, self.holds_subject, "generated" if self.paid else "composed", "plain"
                )
            )
        return made

    def check_ready(self) -> None:
        """Always."""

    def notice(self) -> GeneratorNotice | None:
        return self.end


class FakeSearch:
    """BackdropSearch that finds nothing."""

    floor = 0.5

    def rank(self, query: str, captions: Sequence[str]) -> list[float]:
        return [0.0 for _ in captions]


def _inside(hints: MaskHints, size: tuple[int, int]) -> np.ndarray:
    inside = np.full((size[1], size[0]), not hints.keep_boxes)
    for boxes, value in ((hints.drop_boxes, False), (hints.keep_boxes, True)):
        for box in boxes:
            left, top, right, bottom = box.pixels(size)
            inside[top:bottom, left:right] = value
    return inside


def _regions(matte: np.ndarray) -> tuple[np.ndarray, tuple[Region, ...]]:
    numbered, count = ndimage.label(matte >= 128)
    areas = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    region_map = np.zeros(matte.shape, np.uint8)
    regions = []
    for number, index in enumerate(np.argsort(-areas, kind="stable"), start=1):
        rows, columns = np.nonzero(numbered == index + 1)
        region_map[rows, columns] = number
        left, top = int(columns.min()), int(rows.min())
        size = (matte.shape[1], matte.shape[0])
        box = Box.from_pixels(left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top, size)
        regions.append(Region(number, box, float(areas[index]) / matte.size, "#ff4020"))
    return region_map, tuple(regions)
