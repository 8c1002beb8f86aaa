"""The whole use case of image batches on a real database, with quick stand-ins for what cuts out, labels and generates.

A photo here is a black picture with bright squares; the stand-ins take every bright square for a subject.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from services.access.models import Account, Role, Tenant
from services.errors import AppError
from services.images.backdrops import BackdropService
from services.images.background_models import BackgroundPicture, BackgroundRequest, BackgroundWish, PlacedSubject
from services.images.batches import ImageBatchService
from services.images.composite_job import ReplaceBackgroundsKind
from services.images.intake import ImageUpload, IntakeLimits
from services.images.mask_models import Box, CutOut, MaskDoubt, MaskHints, Region
from services.images.models import ImageBatch, Label, LabelSource
from services.images.notices import Mail, RunNotices
from services.images.prepare_job import PREPARE_IMAGES, PrepareImagesKind
from services.images.totals import REPLACE_BACKGROUNDS
from services.images.workshop import ImagePorts, ImageWorkshop
from services.jobs.kinds import LazyJobKinds
from services.jobs.models import Job
from services.jobs.service import JobService
from services.ports.images import LabelDetector
from services.ports.jobs import JobKind
from services.privacy.audit import AuditTrail
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.image_changes import SqlImageChanges
from services.storage.image_notices import SqlBatchNotices
from services.storage.images import SqlImageRepository
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from services.storage.paid_calls import SqlPaidCallLedger
from tests.fakes import FakeAuditRepository, FakeClock
from tests.image_fakes import FakeFiles
from tests.jobs_inline import InlineJobQueue

TENANT, OTHER_TENANT = "pharmacy", "clinic"
MIA = Account("mia", "Mia Wong", Role.MARKETER, (TENANT,))
GRACE = Account("grace", "Grace Lin", Role.ADMIN, (TENANT,))
ANA = Account("ana", "Ana Reyes", Role.AGENT, (TENANT,))
STRANGER = Account("sam", "Sam Ott", Role.MARKETER, (OTHER_TENANT,))
SIZE = (96, 64)
LEFT, RIGHT = (8, 8, 39, 55), (56, 16, 87, 47)
"""(left, top, right, bottom) of the squares, both ends included; the left one is larger."""


def photo(*squares: tuple[int, int, int, int], color: str = "#ff4020", size: tuple[int, int] = SIZE) -> bytes:
    """A PNG of a black picture with these squares; the left one when none is given."""
    picture = Image.new("RGB", size, "black")
    for square in squares or (LEFT,):
        ImageDraw.Draw(picture).rectangle(square, fill=color)
    return encoded(picture)


def blank_photo(shade: int = 0) -> bytes:
    """A PNG without any subject."""
    return encoded(Image.new("RGB", SIZE, (shade, shade, shade)))


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    output = io.BytesIO()
    picture.save(output, kind)
    return output.getvalue()


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


class FakeDetector:
    """LabelDetector: "Subject 1", "Subject 2" … for the regions, and what a test adds.

    Attributes:
        more: Labels that every photo has besides.
        error: Raised by every call while it is set.
        calls: How often it was asked.
    """

    def __init__(self) -> None:
        self.name = "regions-1"
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
        blocked: How many pictures of every call are missing.
        holds_subject: Whether the product is in the pictures, repainted in green.
        size_error: By how many pixels the pictures are too wide.
        requests: What was asked for.
    """

    def __init__(self, *, paid: bool = False, price: float | None = 0.0) -> None:
        self.name = "fake-paid" if paid else "fake"
        self.verb = "generated" if paid else "composed"
        self.paid = paid
        self.price_per_picture = price
        self.seconds_per_picture = 2.0
        self.errors: list[AppError] = []
        self.blocked = 0
        self.holds_subject = False
        self.size_error = 0
        self.requests: list[BackgroundRequest] = []

    def generate(self, request: BackgroundRequest, subject: PlacedSubject) -> list[BackgroundPicture]:
        self.requests.append(request)
        if self.errors:
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


class FakeSearch:
    """BackdropSearch that finds nothing."""

    floor = 0.5

    def rank(self, query: str, captions: Sequence[str]) -> list[float]:
        return [0.0 for _ in captions]


class PhotoDesk:
    """Every service of image batches on one database below ``home``; jobs run at once.

    Attributes:
        cutter, detector, generator: The stand-ins.
        mail: None, or where notices are sent.
    """

    def __init__(
        self,
        home: Path,
        *,
        generator: FakeGenerator | None = None,
        detector: LabelDetector | None = None,
        mail: Mail | None = None,
        limits: IntakeLimits | None = None,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(_migrated_database(), home / "frontline.sqlite3")
        self.database = Database(f"sqlite:///{home / 'frontline.sqlite3'}")
        self.files = FakeFiles()
        self.cutter = FakeCutter()
        self.detector = FakeDetector()
        self.generator = generator or FakeGenerator()
        self.clock = FakeClock()
        self.audit_events = FakeAuditRepository()
        audit = AuditTrail(self.audit_events, now=self.clock)
        self.repository = SqlImageRepository(self.database)
        self.limits = limits or IntakeLimits(max_images=50)
        self.backdrops = BackdropService(self.repository, self.files, FakeSearch(), audit, limits=self.limits)
        self.notices = SqlBatchNotices(self.database)
        self.ports = ImagePorts(
            repository=self.repository,
            changes=SqlImageChanges(self.database),
            notices=self.notices,
            ledger=SqlPaidCallLedger(self.database, self.clock),
            files=self.files,
            cutter=self.cutter,
            detector=detector or self.detector,
            backdrops=self.backdrops,
            generator_of=lambda tenant_id: self.generator,
        )
        self.workshop = ImageWorkshop(self.ports)
        self.job_rows = SqlJobRepository(self.database)
        factories: dict[str, Callable[[], JobKind]] = {
            PREPARE_IMAGES: lambda: PrepareImagesKind(self.repository, self.workshop.preparer, self.workshop.previews),
            REPLACE_BACKGROUNDS: lambda: ReplaceBackgroundsKind(
                self.workshop, self.job_rows, RunNotices(self.repository, self.notices, mail, now=self.clock)
            ),
        }
        self.kinds = LazyJobKinds(factories)
        self.queue = InlineJobQueue(SqlJobRuns(self.database), self.kinds)
        self.jobs = JobService(
            self.job_rows, self.queue, SqlWorkerRegistry(self.database), set(self.kinds), now=self.clock
        )
        self.service = ImageBatchService(
            self.workshop, self.jobs, audit, self.limits, home / "downloads", now=self.clock
        )

    def batch(self, **photos: bytes) -> ImageBatch:
        """A batch of these photos; ``red_jpg`` stands for the file ``red.jpg``."""
        uploads = [ImageUpload(name.replace("_", "."), data) for name, data in photos.items()]
        return self.service.create(MIA, TENANT, uploads or [ImageUpload("one.png", photo())])

    def run(self, batch: ImageBatch, wish: BackgroundWish | None = None, positions: list[int] | None = None) -> Job:
        """A run over the batch, ended."""
        return self.jobs.get(
            TENANT, self.service.start(MIA, TENANT, batch.id, wish or BackgroundWish(prompt="oak table"), positions).id
        )

    def matte(self, batch: ImageBatch, position: int = 0) -> np.ndarray:
        """The mask that the image has now, opened."""
        kept = self.service.get(TENANT, batch.id)
        return self.workshop.masks.pixels(TENANT, self.service.image(TENANT, batch.id, position), kept.pruning)

    def close(self) -> None:
        self.database.close()


def square_of(matte: np.ndarray, square: tuple[int, int, int, int]) -> float:
    """How much of a square a matte keeps, 0 to 1."""
    left, top, right, bottom = square
    return float((matte[top : bottom + 1, left : right + 1] == 255).mean())


def box_around(square: tuple[int, int, int, int], margin: int = 4) -> Box:
    """A box around a square, in shares of a photo."""
    left, top, right, bottom = square
    return Box.from_pixels(left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin, SIZE)


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


@cache
def _migrated_database() -> Path:
    """A database with both tenants, made once: migrating takes longer than most tests."""
    path = Path(tempfile.mkdtemp(prefix="frontline-images-"), "frontline.sqlite3")
    database = Database(f"sqlite:///{path}")
    database.migrate()
    for tenant in (Tenant(TENANT, "Pharmacy"), Tenant(OTHER_TENANT, "Clinic")):
        SqlAccountRepository(database).insert_tenant(tenant, FakeClock()())
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path
