"""The whole use case of image batches on a real database, with quick stand-ins for what cuts out, labels and generates.

A photo here is a black picture with bright squares; the stand-ins take every bright square for a subject.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from services.access.models import Account, Role, Tenant
from services.images.backdrops import BackdropService
from services.images.background_models import (
    BackgroundWish,
)
from services.images.batches import ImageBatchService
from services.images.composite_job import ReplaceBackgroundsKind
from services.images.intake import ImageUpload, IntakeLimits
from services.images.mask_models import Box
from services.images.models import ImageBatch
from services.images.notices import Channels, RunNotices
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
from tests.unit.images.photo_fakes import LEFT, SIZE, FakeCutter, FakeDetector, FakeGenerator, FakeModerator, FakeSearch

TENANT, OTHER_TENANT = "pharmacy", "clinic"
MIA = Account("mia", "Mia Wong", Role.MARKETER, (TENANT,))
GRACE = Account("grace", "Grace Lin", Role.ADMIN, (TENANT,))
ANA = Account("ana", "Ana Reyes", Role.AGENT, (TENANT,))
STRANGER = Account("sam", "Sam Ott", Role.MARKETER, (OTHER_TENANT,))


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
        cutter: FakeCutter | None = None,
        moderator: FakeModerator | None = None,
        channels: Channels | None = None,
        limits: IntakeLimits | None = None,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(_migrated_database(), home / "frontline.sqlite3")
        self.database = Database(f"sqlite:///{home / 'frontline.sqlite3'}")
        self.files = FakeFiles()
        self.cutter = cutter or FakeCutter()
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
            moderator=moderator,
            moderation_confidence=0.6,
        )
        self.workshop = ImageWorkshop(self.ports)
        self.job_rows = SqlJobRepository(self.database)
        factories: dict[str, Callable[[], JobKind]] = {
            PREPARE_IMAGES: lambda: PrepareImagesKind(self.repository, self.workshop.preparer, self.workshop.previews),
            REPLACE_BACKGROUNDS: lambda: ReplaceBackgroundsKind(
                self.workshop, self.job_rows, self.notices_of(channels)
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

    def notices_of(self, channels: Channels | None) -> RunNotices:
        """Tells the end of runs on these ways."""
        links = lambda *run, seconds: self.service.report_link(*run, seconds=seconds)  # noqa: E731 - made later
        return RunNotices(self.repository, self.notices, channels, files=self.files, report_link=links, now=self.clock)

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
