"""The background work of a run: every photo becomes its composites, whatever happens on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.composing import encode_composites, place_subject, placement_notes
from services.images.derived import content_key, derived_name, keep_file, keep_values, read_values
from services.images.intake import photo_notes
from services.images.mask_models import MaskState
from services.images.masks import require_mask
from services.images.notices import RunNotices
from services.images.prepare_job import Prepared, refused
from services.images.totals import REPLACE_BACKGROUNDS, ItemLists, run_totals
from services.images.workshop import ImageWorkshop
from services.jobs.models import Job, JobItem, RetryPolicy
from services.ports.jobs import StageListener

VERSION = 1
"""Goes up whenever the same photo and wish give another result."""


class ReplaceBackgroundsKind:
    """A :class:`services.ports.jobs.JobKind`: an item is one photo of the batch that ``batch_id`` names.

    Results lie in the storage, under names made of everything that decides them, before the item ends. Done again, an
    item finds them there; a call that costs money is not made again.

    Args:
        clock: Seconds that only grow, for tests.
    """

    kind = REPLACE_BACKGROUNDS
    purpose = "backgrounds"
    # Of 300 photos that are throttled three times in ten, every one comes through.
    retry_policy = RetryPolicy(most_tries=8, first_wait_seconds=4.0, longest_wait_seconds=300.0)

    def __init__(
        self,
        workshop: ImageWorkshop,
        items: ItemLists,
        notices: RunNotices,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._repository = workshop.ports.repository
        self._items = items
        self._files = workshop.ports.files
        self._preparer = workshop.preparer
        self._originals = workshop.originals
        self._masks = workshop.masks
        self._cutter = workshop.ports.cutter
        self._backgrounds = workshop.backgrounds
        self._notices = notices
        self._clock = clock

    def lane(self, job: Job, item: JobItem) -> str | None:
        """Generators that may cost money are asked no faster than their limit, see :mod:`services.jobs.lanes`."""
        if BackgroundWish.from_values(job.arguments["wish"]).kind is not BackgroundKind.PROMPT:
            return None
        generator = self._backgrounds.generator(job.tenant_id)
        return generator.name if generator.paid else None

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        started = self._clock()
        wish = BackgroundWish.from_values(job.arguments["wish"])
        batch = self._repository.get_batch(job.tenant_id, str(job.arguments["batch_id"]))
        image = self._repository.get_image(job.tenant_id, batch.id, int(item.arguments["position"]))
        if not image.sha256:
            raise refused(image)
        owner = f"{job.id}/{item.position}"
        prepared = self._preparer.prepare(batch, image, report, owner)
        if image.failure is not None:
            self._repository.save_failure(job.tenant_id, batch.id, image.position, None)
        result = self._composites(job, prepared, wish, report, owner)
        return {**_told(prepared), **result, "seconds": round(self._clock() - started, 3)}

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        totals = run_totals(self._items, job)
        report("telling")
        return {**totals.values(), **self._notices.tell(job, totals)}

    def _composites(
        self, job: Job, prepared: Prepared, wish: BackgroundWish, report: StageListener, owner: str
    ) -> dict[str, Any]:
        tenant, image = job.tenant_id, prepared.image
        key = content_key(
            "composites",
            VERSION,
            image.sha256,
            image.mask.key if image.mask else "",
            self._cutter.name,
            self._backgrounds.deciding_values(tenant, wish),
        )
        made = read_values(self._files, derived_name(tenant, image.sha256, key, "composites.json"))
        if made is not None and all(self._files.exists(one["file"]) for one in made["composites"]):
            return {**made, "calls": 0, "cost_usd": 0.0, "reused": True}
        matte = self._masks.pixels(tenant, image, prepared.batch.pruning, prepared.picture)
        require_mask(image, prepared.batch.pruning, matte)
        report("placing")
        subject = place_subject(prepared.picture, matte, wish, self._cutter)
        notes = [*photo_notes(self._originals.read(tenant, image.sha256)), *placement_notes(matte, wish)]
        report("making the background")
        backgrounds = self._backgrounds.get(tenant, wish, subject, image.sha256, owner)
        report("composing")
        composites = []
        for one in encode_composites(subject, backgrounds.pictures, wish):
            file = derived_name(tenant, image.sha256, key, f"composite-{one.variation}{one.suffix}")
            keep_file(self._files, file, one.data)
            composites.append(
                {
                    "file": file,
                    "variation": one.variation,
                    "seed": one.seed,
                    "origin": one.origin,
                    "note": one.note,
                    "width": one.width,
                    "height": one.height,
                }
            )
        result = {
            "composites": composites,
            "backend": backgrounds.backend,
            "verb": backgrounds.verb,
            "notes": [*notes, *backgrounds.notes],
        }
        # Last: where this file is, the pictures are complete.
        keep_values(self._files, derived_name(tenant, image.sha256, key, "composites.json"), result)
        return {
            **result,
            "calls": backgrounds.calls,
            "cost_usd": backgrounds.cost_usd,
            "reused": backgrounds.reused,
        }


def _told(prepared: Prepared) -> dict[str, Any]:
    """Which labels and which mask the result was made with."""
    image, pruning = prepared.image, prepared.batch.pruning
    labels = image.all_labels()
    mask = image.mask or MaskState("", "", "")
    return {
        "labels_kept": [label.name for label in labels if image.keeps(label, pruning)],
        "labels_dropped": [label.name for label in labels if not image.keeps(label, pruning)],
        "mask_method": mask.method,
        "mask_doubts": [doubt.value for doubt in mask.doubts],
        "mask_approved": mask.approved,
    }
