"""What people change in a batch: kept with what it replaced, so that it can be undone, and masks follow at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from services.access.models import Account, Role
from services.access.permissions import require_role, require_tenant
from services.errors import InputError
from services.images.mask_models import MaskEdit, MaskState
from services.images.masks import MaskMaker
from services.images.models import BatchImage, ImageBatch, Label, Pruning
from services.images.values import edit_from, edit_values, label_from, label_values, pruning_from, pruning_values
from services.ports.images import ImageChanges, ImageRepository


@dataclass(frozen=True, slots=True)
class ImageWords:
    """What a person says about one image; None leaves what was said before."""

    decisions: Mapping[str, bool] | None = None
    names: Mapping[str, str] | None = None
    added_labels: tuple[Label, ...] | None = None
    edit: MaskEdit | None = None


class BatchDesk:
    """Changes labels and masks of a batch.

    Args:
        recompute: Starts a job that makes the masks of these positions; called with account, batch and positions.
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: ImageRepository,
        changes: ImageChanges,
        masks: MaskMaker,
        recompute: Callable[[Account, ImageBatch, Collection[int]], object],
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._repository = repository
        self._changes = changes
        self._masks = masks
        self._recompute = recompute
        self._now = now or (lambda: datetime.now(UTC))

    def open(self, account: Account, tenant_id: str, batch_id: str) -> tuple[ImageBatch, list[BatchImage]]:
        """The batch and its images, for somebody who may change them. Raises AccessError or NotFoundError."""
        require_marketer(account, tenant_id)
        batch = self._repository.get_batch(tenant_id, batch_id)
        return batch, self._repository.list_images(tenant_id, batch_id)

    def open_image(self, account: Account, tenant_id: str, batch_id: str, position: int) -> BatchImage:
        """One image, for somebody who may change it.

        Raises:
            AccessError, NotFoundError
            InputError: it was refused at upload (``image-unusable``).
        """
        require_marketer(account, tenant_id)
        image = self._repository.get_image(tenant_id, batch_id, position)
        if not image.sha256:
            raise InputError(
                f"{image.file_name} cannot be used, so nothing of it can be changed.",
                code="image-unusable",
                remedy=image.failure.remedy if image.failure else "Upload it again.",
            )
        return image

    def change(self, account: Account, tenant_id: str, image: BatchImage, words: ImageWords, told: str) -> BatchImage:
        """Keep what a person says about one image, and make its mask anew where that changes it.

        Args:
            told: What was done, for undo.

        Raises:
            AppError: the mask could not be made; the words are kept all the same, and so is undo.
        """
        batch = self._repository.get_batch(tenant_id, image.batch_id)
        changed = self._save(tenant_id, image, words)
        self._remember(account, batch, told, {"images": [_before(image, words)]})
        return self._refresh(batch, changed)

    def approve(self, account: Account, tenant_id: str, image: BatchImage, *, approved: bool) -> BatchImage:
        """Keep a person's word on the mask that the image has now. Raises InputError (``mask-missing``)."""
        batch = self._repository.get_batch(tenant_id, image.batch_id)
        image = self._refresh(batch, image)
        if image.mask is None:
            raise InputError("The photo has no mask yet.", code="mask-missing", remedy="Wait until it is there.")
        if image.mask.approved == approved:
            return image
        mask = replace(image.mask, approved=approved)
        self._repository.save_mask(tenant_id, batch.id, image.position, mask)
        told = f"mask of {image.file_name} {'approved' if approved else 'no longer approved'}"
        self._remember(account, batch, told, {"images": [_before(image, ImageWords())]})
        return replace(image, mask=mask)

    def prune(
        self,
        account: Account,
        batch: ImageBatch,
        pruning: Pruning,
        words: Mapping[int, ImageWords],
        told: str,
    ) -> ImageBatch:
        """Keep what holds for the whole batch, and what it changes in single images, by position.

        Masks that only lose or regain parts follow at once; those that have to be cut out anew are made by a job.
        """
        images = self._repository.list_images(batch.tenant_id, batch.id)
        before = {
            "pruning": pruning_values(batch.pruning),
            "images": [_before(image, words.get(image.position, ImageWords())) for image in _told(images, words)],
        }
        changed = self._save_pruning(batch, pruning)
        saved = {
            image.position: self._save(batch.tenant_id, image, words[image.position])
            for image in images
            if image.position in words
        }
        self._remember(account, batch, told, before)
        self._refresh_all(account, changed, [saved.get(image.position, image) for image in images])
        return changed

    def undo(self, account: Account, tenant_id: str, batch_id: str) -> str:
        """Take back the newest change. Says what was undone; empty when there was nothing."""
        require_marketer(account, tenant_id)
        batch = self._repository.get_batch(tenant_id, batch_id)
        change = self._changes.pop_last(tenant_id, batch_id)
        if change is None:
            return ""
        if "pruning" in change.before:
            batch = self._save_pruning(batch, pruning_from(change.before["pruning"]))
        earlier = {int(one["position"]): one for one in change.before["images"]}
        images = self._repository.list_images(tenant_id, batch_id)
        restored = [
            self._restored(tenant_id, image, earlier[image.position]) if image.position in earlier else image
            for image in images
        ]
        self._refresh_all(account, batch, restored, may_cut_one=len(earlier) == 1)
        for image in self._repository.list_images(tenant_id, batch_id, positions=list(earlier)):
            approved = earlier[image.position].get("approved_key") == (image.mask.key if image.mask else "")
            if image.mask is not None and image.mask.approved != approved:
                mask = replace(image.mask, approved=approved)
                self._repository.save_mask(tenant_id, batch_id, image.position, mask)
        return f"Undone: {change.words}."

    def with_current_masks(self, batch: ImageBatch, images: Iterable[BatchImage]) -> list[BatchImage]:
        """The images with the masks that they should have now; None for a mask that has yet to be made.

        A mask that was made for labels that have changed since is never shown and never used.
        """
        current = []
        for image in images:
            if image.mask is None or self._masks.is_current(image, batch.pruning):
                current.append(image)
                continue
            mask = self._masks.state(batch.tenant_id, image, batch.pruning, may_cut=False)
            self._repository.save_mask(batch.tenant_id, batch.id, image.position, mask)
            current.append(replace(image, mask=mask))
        return current

    def _save(self, tenant_id: str, image: BatchImage, words: ImageWords) -> BatchImage:
        return self._repository.save_word(
            tenant_id,
            image.batch_id,
            image.position,
            decisions=words.decisions,
            names=words.names,
            added_labels=words.added_labels,
            edit=words.edit,
        )

    def _save_pruning(self, batch: ImageBatch, pruning: Pruning) -> ImageBatch:
        changed = replace(batch, pruning=pruning)
        self._repository.save_batch(changed)
        return changed

    def _restored(self, tenant_id: str, image: BatchImage, before: Mapping[str, Any]) -> BatchImage:
        words = ImageWords(
            decisions=before.get("decisions"),
            names=before.get("names"),
            added_labels=tuple(label_from(one) for one in before["added_labels"]) if "added_labels" in before else None,
            edit=edit_from(before["edit"]) if "edit" in before else None,
        )
        return image if words == ImageWords() else self._save(tenant_id, image, words)

    def _refresh(self, batch: ImageBatch, image: BatchImage) -> BatchImage:
        """Give one image its mask, cutting it out where needed."""
        if image.failure is not None or self._masks.is_current(image, batch.pruning):
            return image
        mask = self._masks.state(batch.tenant_id, image, batch.pruning, may_cut=True)
        self._repository.save_mask(batch.tenant_id, batch.id, image.position, mask)
        return replace(image, mask=mask)

    def _refresh_all(
        self, account: Account, batch: ImageBatch, images: Sequence[BatchImage], *, may_cut_one: bool = False
    ) -> None:
        missing = []
        for image in images:
            if not image.usable or image.labels is None or self._masks.is_current(image, batch.pruning):
                continue
            mask: MaskState | None = self._masks.state(batch.tenant_id, image, batch.pruning, may_cut=may_cut_one)
            if mask is None:
                missing.append(image.position)
            if mask != image.mask:
                self._repository.save_mask(batch.tenant_id, batch.id, image.position, mask)
        if missing:
            self._recompute(account, batch, missing)

    def _remember(self, account: Account, batch: ImageBatch, told: str, before: Mapping[str, Any]) -> None:
        self._changes.append(
            batch.tenant_id, batch.id, username=account.username, at=self._now(), words=told, before=before
        )


def require_marketer(account: Account, tenant_id: str) -> None:
    """Let marketers and administrators of this tenant pass. Raises AccessError."""
    require_role(account, Role.MARKETER)
    require_tenant(account, tenant_id)


def _told(images: Iterable[BatchImage], words: Mapping[int, ImageWords]) -> list[BatchImage]:
    return [image for image in images if image.position in words or (image.mask is not None and image.mask.approved)]


def _before(image: BatchImage, words: ImageWords) -> dict[str, Any]:
    """What these words replace, and which mask was approved."""
    values: dict[str, Any] = {"position": image.position}
    if image.mask is not None and image.mask.approved:
        values["approved_key"] = image.mask.key
    if words.decisions is not None:
        values["decisions"] = dict(image.decisions)
    if words.names is not None:
        values["names"] = dict(image.names)
    if words.added_labels is not None:
        values["added_labels"] = [label_values(label) for label in image.added_labels]
    if words.edit is not None:
        values["edit"] = edit_values(image.edit)
    return values
