"""The background work before a run: every photo gets its preview, labels and mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from services.errors import AppError, InputError
from services.images.cut_outs import CutOutStore, Photos
from services.images.labels import LabelStore
from services.images.mask_models import MaskState
from services.images.masks import MaskMaker
from services.images.models import BatchImage, ImageBatch, ImageFailure
from services.images.moderation import PhotoGate
from services.images.previews import Previews
from services.jobs.models import ItemStatus, Job, JobItem
from services.ports.images import ImageRepository
from services.ports.jobs import StageListener

PREPARE_IMAGES = "prepare-images"


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """An image that can be worked on.

    Attributes:
        batch: As it was when the mask was made: its pruning is that of the mask.
        picture: The photo, upright, RGB or RGBA.
    """

    batch: ImageBatch
    image: BatchImage
    picture: Image.Image


class ImagePreparer:
    """Makes labels and mask of one image; what is there already is not made again.

    Args:
        lane: The backend that may cost money and is asked for every photo; empty for none.

    Attributes:
        lane: The same.
    """

    def __init__(
        self,
        repository: ImageRepository,
        photos: Photos,
        cut_outs: CutOutStore,
        labels: LabelStore,
        masks: MaskMaker,
        gate: PhotoGate,
        *,
        lane: str = "",
    ) -> None:
        self._repository = repository
        self._photos = photos
        self._cut_outs = cut_outs
        self._labels = labels
        self._masks = masks
        self._gate = gate
        self.lane = lane

    def prepare(self, batch: ImageBatch, image: BatchImage, report: StageListener, owner: str) -> Prepared:
        """The image with labels and with the mask that it should have now.

        Labels of an older detector, or of an older way to cut out, are replaced.

        Args:
            owner: Who asks, the same again after a crash: names the claims on calls that cost money.

        Raises:
            AppError: it cannot be done, or the photo is not safe (``photo-unsafe``).
        """
        tenant = batch.tenant_id
        report("opening")
        picture = self._photos.open(tenant, image.sha256)
        self._gate.require_safe(tenant, image.sha256, picture, owner)
        if image.labels is None or not self._labels.is_made(tenant, image.sha256):
            if not self._labels.lane:
                report("cutting out")
                self._cut_outs.make(tenant, image.sha256, None, picture, owner=owner)
            report("finding labels")
            found = self._labels.make(tenant, image.sha256, image.file_name, picture, owner)
            self._repository.save_labels(tenant, batch.id, image.position, found)
        # What people said may have changed while this was worked on: the mask is made for what they say at the end.
        while True:
            batch = self._repository.get_batch(tenant, batch.id)
            image = self._repository.get_image(tenant, batch.id, image.position)
            if self._masks.is_current(image, batch.pruning):
                return Prepared(batch, image, picture)
            report("making the mask")
            mask = self._masks.state(tenant, image, batch.pruning, may_cut=True, picture=picture, owner=owner)
            self._repository.save_mask(tenant, batch.id, image.position, mask)


class PrepareImagesKind:
    """A :class:`services.ports.jobs.JobKind`: an item is one photo of the batch that ``batch_id`` names."""

    kind = PREPARE_IMAGES
    purpose = "backgrounds"

    def __init__(self, repository: ImageRepository, preparer: ImagePreparer, previews: Previews) -> None:
        self._repository = repository
        self._preparer = preparer
        self._previews = previews

    def lane(self, job: Job, item: JobItem) -> str | None:
        """What may cost money is asked no faster than its limit, see :mod:`services.jobs.lanes`."""
        return self._preparer.lane or None

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        batch = self._repository.get_batch(job.tenant_id, str(job.arguments["batch_id"]))
        image = self._repository.get_image(job.tenant_id, batch.id, int(item.arguments["position"]))
        if not image.sha256:
            raise refused(image)
        try:
            prepared = self._preparer.prepare(batch, image, report, f"{job.id}/{item.position}")
            report("making previews")
            self._previews.photo(job.tenant_id, image.sha256)
        except AppError as error:
            failure = ImageFailure(error.code, error.message_for_user, error.remedy)
            self._repository.save_failure(job.tenant_id, batch.id, image.position, failure)
            raise
        if image.failure is not None:
            self._repository.save_failure(job.tenant_id, batch.id, image.position, None)
        return _result(prepared.image)

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        images = self._repository.list_images(job.tenant_id, str(job.arguments["batch_id"]))
        return {
            "prepared": job.counts[ItemStatus.DONE],
            "failed": job.counts[ItemStatus.FAILED],
            "doubtful": sum(1 for image in images if image.mask is not None and image.mask.doubtful),
        }


def refused(image: BatchImage) -> InputError:
    """Why an image cannot be worked on."""
    failure = image.failure or ImageFailure("image-unusable", "This photo cannot be used.", "Upload it again.")
    return InputError(failure.cause, code=failure.code, remedy=failure.remedy)


def _result(image: BatchImage) -> dict[str, Any]:
    mask = image.mask or MaskState("", "", "")
    return {
        "labels": len(image.labels or ()),
        "mask_method": mask.method,
        "mask_doubts": [doubt.value for doubt in mask.doubts],
        "area_share": round(mask.area_share, 4),
    }
