"""The ports that image batches need, and what is made of them: shared by the service and by the background work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.images.backgrounds import BackdropPictures, BackgroundSource
from services.images.cut_outs import CutOutStore
from services.images.intake import OriginalStore
from services.images.labels import LabelStore
from services.images.masks import MaskMaker
from services.images.moderation import PhotoGate
from services.images.prepare_job import ImagePreparer
from services.images.previews import Previews
from services.ports.images import (
    BackgroundGenerator,
    BatchNotices,
    ImageChanges,
    ImageFiles,
    ImageRepository,
    LabelDetector,
    PaysForMattes,
    PhotoModerator,
    SubjectCutter,
)
from services.ports.paid_calls import PaidCallLedger


@dataclass(frozen=True, slots=True)
class ImagePorts:
    """What image batches need from the outside.

    Attributes:
        generator_of: The generator for a tenant; it may know that tenant's library.
        generator_version: Changes whenever a generator of the same name makes other pictures, as with another model.
        moderator: Looks at photos before anything of them is sent anywhere else; None for nobody.
        moderation_confidence: From here on, 0 to 1, what it sees counts.
    """

    repository: ImageRepository
    changes: ImageChanges
    notices: BatchNotices
    ledger: PaidCallLedger
    files: ImageFiles
    cutter: SubjectCutter
    detector: LabelDetector
    backdrops: BackdropPictures
    generator_of: Callable[[str], BackgroundGenerator]
    generator_version: str = ""
    moderator: PhotoModerator | None = None
    moderation_confidence: float = 1.0


class ImageWorkshop:
    """What works on single photos."""

    def __init__(self, ports: ImagePorts) -> None:
        self.ports = ports
        self.originals = OriginalStore(ports.files)
        self.previews = Previews(ports.files, self.originals)
        self.cut_outs = CutOutStore(ports.files, self.originals, ports.cutter, ports.ledger)
        paid_cutter = ports.cutter if isinstance(ports.cutter, PaysForMattes) else None
        # A model that is paid for finds products better than this machine does in a box.
        self.masks = MaskMaker(ports.files, self.cut_outs, models_point=paid_cutter is None)
        self.labels = LabelStore(ports.files, self.cut_outs, ports.cutter, ports.detector, ports.ledger)
        self.gate = PhotoGate(ports.files, ports.ledger, ports.moderator, ports.moderation_confidence)
        self.preparer = ImagePreparer(
            ports.repository,
            self.originals,
            self.cut_outs,
            self.labels,
            self.masks,
            self.gate,
            lane=self.labels.lane or self.gate.lane or (paid_cutter.lane if paid_cutter is not None else ""),
        )
        self.backgrounds = BackgroundSource(
            ports.files, ports.backdrops, ports.ledger, ports.generator_of, ports.generator_version
        )
