"""Runs: started with what was confirmed, looked at, reviewed, and run again for what failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.access.models import Account
from services.errors import BackendMisconfiguredError, InputError, NotFoundError
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.backgrounds import BackgroundSource
from services.images.batch_views import CompositeResult, ResultFilter, RunEstimate, RunItem
from services.images.derived import keep_file
from services.images.desk import BatchDesk, require_marketer
from services.images.estimate import estimate_run
from services.images.intake import IntakeLimits, check_image
from services.images.models import BatchImage, CompositeReview, ImageBatch, Review
from services.images.totals import REPLACE_BACKGROUNDS, all_items
from services.images.wishes import checked_wish, wish_words
from services.jobs.models import ItemStatus, Job, JobItem, JobStatus, NewItem
from services.jobs.service import JobService
from services.ports.images import ImageFiles, ImageRepository, TellsItsEnd
from services.privacy.audit import AuditTrail

_RUNS_LOOKED_THROUGH = 500
_ITEMS_TO_LEARN_FROM = 60
# What the other filters let through is done.
_STATUSES = {ResultFilter.FAILED: ItemStatus.FAILED, ResultFilter.CANCELED: ItemStatus.CANCELED}


class BatchRuns:
    """See :class:`services.images.batches.ImageBatchService` for each call.

    Args:
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: ImageRepository,
        files: ImageFiles,
        desk: BatchDesk,
        backgrounds: BackgroundSource,
        jobs: JobService,
        audit: AuditTrail,
        limits: IntakeLimits,
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._repository = repository
        self._files = files
        self._desk = desk
        self._backgrounds = backgrounds
        self._jobs = jobs
        self._audit = audit
        self._limits = limits
        self._now = now or (lambda: datetime.now(UTC))

    def estimate(
        self, tenant_id: str, batch_id: str, wish: BackgroundWish, positions: Collection[int] | None
    ) -> RunEstimate:
        wish = self._checked(tenant_id, wish)
        batch = self._repository.get_batch(tenant_id, batch_id)
        images = self._repository.list_images(tenant_id, batch_id, positions=positions)
        workers = self._jobs.workers()
        return estimate_run(
            batch,
            self._desk.with_current_masks(batch, images),
            wish,
            self._backgrounds.generator(tenant_id),
            places=sum(worker.concurrency for worker in workers),
            seconds_of_earlier=self._earlier_seconds(tenant_id, wish),
        )

    def start(
        self,
        account: Account,
        tenant_id: str,
        batch_id: str,
        wish: BackgroundWish,
        positions: Collection[int] | None,
    ) -> Job:
        require_marketer(account, tenant_id)
        wish = self._checked(tenant_id, wish)
        self._require_generator(tenant_id, wish)
        batch = self._repository.get_batch(tenant_id, batch_id)
        chosen = self._repository.list_images(tenant_id, batch_id, positions=positions)
        images = [image for image in chosen if image.sha256]
        if not images:
            raise InputError(
                "None of the photos can be used.",
                code="no-images",
                remedy="Add photos to the batch, or choose others of it.",
            )
        self._repository.save_batch(replace(batch, wish=wish))
        items = [NewItem(image.file_name, {"position": image.position}) for image in images]
        arguments = {
            "batch_id": batch_id,
            "wish": wish.values(),
            "positions": None if positions is None else sorted(positions),
            "image_count": batch.image_count,
        }
        title = f"{batch.title}: {wish_words(wish)}"
        job = self._jobs.submit(REPLACE_BACKGROUNDS, tenant_id, account.username, title, items, arguments)
        self._audit.record(
            "backgrounds-submitted",
            username=account.username,
            tenant_id=tenant_id,
            subject=job.id,
            images=len(images),
            background=wish.kind.value,
        )
        return job

    def keep_wish(self, account: Account, tenant_id: str, batch_id: str, wish: BackgroundWish) -> None:
        require_marketer(account, tenant_id)
        batch = self._repository.get_batch(tenant_id, batch_id)
        if wish != batch.wish:
            self._repository.save_batch(replace(batch, wish=wish))

    def keep_picture(self, account: Account, tenant_id: str, data: bytes) -> str:
        require_marketer(account, tenant_id)
        checked = check_image(data, self._limits)
        name = f"images/{tenant_id}/pictures/{checked.sha256}"
        if not self._files.exists(name):
            keep_file(self._files, name, data)
        return name

    def list_runs(self, tenant_id: str, batch_id: str) -> list[Job]:
        return [job for job in self._all_runs(tenant_id) if job.arguments.get("batch_id") == batch_id]

    def last_runs(self, tenant_id: str) -> dict[str, Job]:
        """The newest run of each batch, by the batch's id."""
        found: dict[str, Job] = {}
        for job in self._all_runs(tenant_id):
            found.setdefault(str(job.arguments.get("batch_id")), job)
        return found

    def get_run(self, tenant_id: str, job_id: str) -> Job:
        """One run. Raises NotFoundError, also for a job of another kind."""
        job = self._jobs.get(tenant_id, job_id)
        if job.kind != REPLACE_BACKGROUNDS:
            raise NotFoundError("There is no such run.", code="job-not-found")
        return job

    def items(self, tenant_id: str, job_id: str, only: ResultFilter) -> list[RunItem]:
        """Every item of a run that the filter lets through, by position."""
        job = self.get_run(tenant_id, job_id)
        items = [item for item in all_items(self._jobs, job) if _may_show(item, only)]
        images = self._images_of(job, items)
        reviews = defaultdict(list)
        for review in self._reviews_of(job):
            reviews[review.position].append(review)
        shown = [
            RunItem(
                item,
                images[int(item.arguments["position"])],
                composites_of(item),
                tuple(sorted(reviews[item.position], key=lambda review: review.variation)),
            )
            for item in items
        ]
        return [one for one in shown if passes(one, only)]

    def retry(
        self,
        account: Account,
        tenant_id: str,
        job_id: str,
        positions: Collection[int] | None,
        wish: BackgroundWish | None,
    ) -> Job:
        require_marketer(account, tenant_id)
        job = self.get_run(tenant_id, job_id)
        if wish is None:
            return self._retry_in_place(account, job, positions)
        chosen = [
            int(item.arguments["position"])
            for item in all_items(self._jobs, job)
            if (item.position in positions if positions is not None else item.status is ItemStatus.FAILED)
        ]
        if not chosen:
            raise InputError("Nothing of this run failed.", code="no-images", remedy="Choose photos to run again.")
        return self.start(account, tenant_id, str(job.arguments["batch_id"]), wish, chosen)

    def approve(self, account: Account, tenant_id: str, job_id: str, positions: Collection[int] | None) -> int:
        require_marketer(account, tenant_id)
        count = 0
        for one in self.items(tenant_id, job_id, ResultFilter.UNREVIEWED):
            if positions is not None and one.item.position not in positions:
                continue
            for variation in sorted(one.unreviewed):
                word = CompositeReview(
                    job_id, one.item.position, variation, Review.APPROVED, account.username, self._now()
                )
                self._repository.save_review(tenant_id, word)
                count += 1
        return count

    def review(
        self, account: Account, tenant_id: str, job_id: str, position: int, variation: int, review: Review | None
    ) -> None:
        require_marketer(account, tenant_id)
        self.get_run(tenant_id, job_id)
        found = self._jobs.list_items(tenant_id, job_id, offset=position, limit=1)
        if not found or variation not in {one.variation for one in composites_of(found[0])}:
            raise NotFoundError("There is no such result.", code="result-not-found")
        if review is None:
            self._repository.delete_review(tenant_id, job_id, position, variation)
            return
        word = CompositeReview(job_id, position, variation, review, account.username, self._now())
        self._repository.save_review(tenant_id, word)

    def _retry_in_place(self, account: Account, job: Job, positions: Collection[int] | None) -> Job:
        self._require_generator(job.tenant_id, run_wish(job))
        if positions is None and job.status is JobStatus.CANCELED:
            positions = [item.position for item in all_items(self._jobs, job) if item.status is ItemStatus.FAILED]
        if positions is None:
            retried = self._jobs.retry_failed(job.tenant_id, job.id)
        else:
            retried = self._jobs.retry_items(job.tenant_id, job.id, positions)
        self._audit.record("backgrounds-retried", username=account.username, tenant_id=job.tenant_id, subject=job.id)
        return retried

    def _checked(self, tenant_id: str, wish: BackgroundWish) -> BackgroundWish:
        wish = checked_wish(wish)
        if wish.kind is BackgroundKind.BACKDROP:
            self._backgrounds.require_backdrop(tenant_id, wish.backdrop_id)
        if wish.kind is BackgroundKind.PICTURE and not (
            wish.picture.startswith(f"images/{tenant_id}/pictures/") and self._files.exists(wish.picture)
        ):
            raise InputError(
                "The background picture is no longer there.", code="picture-missing", remedy="Choose it again."
            )
        return wish

    def _require_generator(self, tenant_id: str, wish: BackgroundWish) -> None:
        """Let wishes pass whose generator has not been ended. Raises BackendMisconfiguredError."""
        generator = self._backgrounds.generator(tenant_id)
        if wish.kind is not BackgroundKind.PROMPT or not isinstance(generator, TellsItsEnd):
            return
        notice = generator.notice()
        if notice is not None and notice.ended:
            raise BackendMisconfiguredError(
                notice.words,
                code="model-end-of-life",
                remedy=f"{notice.remedy} Until then, choose a background of the library, a picture or a color.",
            )

    def _all_runs(self, tenant_id: str) -> list[Job]:
        return self._jobs.list_jobs(tenant_id, kind=REPLACE_BACKGROUNDS, limit=_RUNS_LOOKED_THROUGH)

    def _images_of(self, job: Job, items: Sequence[JobItem]) -> dict[int, BatchImage]:
        """The images of these items by their position in the batch, also of a batch that was deleted."""
        batch_id = str(job.arguments["batch_id"])
        images = {
            int(item.arguments["position"]): BatchImage(batch_id, int(item.arguments["position"]), item.name)
            for item in items
        }
        try:
            found = self._repository.list_images(job.tenant_id, batch_id, positions=list(images))
        except NotFoundError:
            return images
        return images | {image.position: image for image in found}

    def _reviews_of(self, job: Job) -> list[CompositeReview]:
        try:
            return self._repository.list_reviews(job.tenant_id, job.id)
        except NotFoundError:
            return []

    def _earlier_seconds(self, tenant_id: str, wish: BackgroundWish) -> list[float]:
        """What items of the newest run with the same kind of background took, as far as they did the whole work."""
        for job in self._all_runs(tenant_id):
            earlier = run_wish(job)
            if (earlier.kind, earlier.variations, earlier.size) != (wish.kind, wish.variations, wish.size):
                continue
            items = self._jobs.list_items(tenant_id, job.id, status=ItemStatus.DONE, limit=_ITEMS_TO_LEARN_FROM)
            seconds = [float(item.result["seconds"]) for item in items if not item.result.get("reused")]
            if seconds:
                return seconds
        return []


def run_wish(job: Job) -> BackgroundWish:
    """What a run was asked for."""
    return BackgroundWish.from_values(job.arguments["wish"])


def composites_of(item: JobItem) -> tuple[CompositeResult, ...]:
    """The results of an item; none unless it is done."""
    return tuple(
        CompositeResult(
            file=str(one["file"]),
            variation=int(one["variation"]),
            seed=one["seed"],
            origin=str(one["origin"]),
            note=str(one["note"]),
            width=int(one["width"]),
            height=int(one["height"]),
        )
        for one in item.result.get("composites", ())
    )


def refused_in_run(job: Job, batch: ImageBatch | None, images: Sequence[BatchImage]) -> list[BatchImage]:
    """Photos that a run over a whole batch left out because they had been refused at upload."""
    if batch is None or job.arguments.get("positions") is not None:
        return []
    count = int(job.arguments.get("image_count", batch.image_count))
    return [image for image in images if not image.sha256 and image.position < count]


def _may_show(item: JobItem, only: ResultFilter) -> bool:
    if only is ResultFilter.ALL:
        return True
    return item.status is _STATUSES.get(only, ItemStatus.DONE)


def passes(one: RunItem, only: ResultFilter) -> bool:
    """Whether the filter lets an item through."""
    said = {review.review for review in one.reviews}
    if not _may_show(one.item, only):
        return False
    match only:
        case ResultFilter.APPROVED:
            return Review.APPROVED in said
        case ResultFilter.REJECTED:
            return Review.REJECTED in said
        case ResultFilter.UNREVIEWED:
            return bool(one.unreviewed)
        case _:
            return True
