"""Labels are computed once per photo and detector; people prune them, rename them and add their own."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from PIL import Image

from services.access.models import Account
from services.errors import InputError, NotFoundError
from services.images.batch_views import LabelCount
from services.images.cut_outs import CutOutStore, nothing_cut_out
from services.images.derived import content_key, derived_name, keep_values, read_values
from services.images.desk import BatchDesk, ImageWords
from services.images.file_words import file_name_labels
from services.images.mask_models import Box, CutOut
from services.images.models import BatchImage, ImageBatch, Label, LabelSource, Pruning
from services.images.paid_once import paid_once
from services.images.values import label_from, label_values
from services.ports.images import ImageFiles, LabelDetector, SubjectCutter
from services.ports.paid_calls import PaidCallLedger

LONGEST_NAME_CHARACTERS = 80


class LabelStore:
    """Makes and keeps labels; what was computed for a photo is never computed again, whatever batch it is in."""

    def __init__(
        self,
        files: ImageFiles,
        cut_outs: CutOutStore,
        cutter: SubjectCutter,
        detector: LabelDetector,
        ledger: PaidCallLedger,
    ) -> None:
        self._files = files
        self._cut_outs = cut_outs
        self._cutter = cutter
        self._detector = detector
        self._ledger = ledger

    @property
    def lane(self) -> str:
        """The backend that is paid for labels; empty where they are free."""
        return self._detector.lane

    def is_made(self, tenant_id: str, sha256: str) -> bool:
        """Whether the labels of this photo are there as the detector would make them now."""
        return self._files.exists(self._name(tenant_id, sha256))

    def make(self, tenant_id: str, sha256: str, file_name: str, picture: Image.Image, owner: str) -> tuple[Label, ...]:
        """The labels of this photo, computed first where needed, and the words of its file's name.

        Args:
            picture: The photo, upright, RGB or RGBA.
            owner: Who asks, the same again after a crash: names the claim on a call that costs money.

        Raises:
            BackendError: the detector could not be asked, or the labels could not be stored.
        """
        name = self._name(tenant_id, sha256)
        values = read_values(self._files, name)
        if values is None:
            rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
            if self._detector.lane:
                key = content_key("paid-labels", tenant_id, sha256, self._detector.name)
                nothing = nothing_cut_out(picture.size)
                values = dict(paid_once(self._ledger, tenant_id, key, owner, lambda: self._detected(rgb, nothing)))
            else:
                facts = self._cut_outs.make(tenant_id, sha256, None, picture, owner=owner)
                values = self._detected(rgb, self._cut_outs.load(tenant_id, facts))
            keep_values(self._files, name, values)
        labels = tuple(label_from(one) for one in values["labels"])
        return (*labels, *file_name_labels(file_name))

    def _detected(self, picture: Image.Image, cut_out: CutOut) -> dict[str, Any]:
        # Without the file's name: the same photo may come under another one.
        return {"labels": [label_values(label) for label in self._detector.detect(picture, cut_out, "")]}

    def _name(self, tenant_id: str, sha256: str) -> str:
        # Labels of regions speak of the cut-out, so another way of cutting makes other labels; those that are paid for
        # speak of the photo.
        cutter = "" if self._detector.lane else self._cutter.name
        key = content_key("labels", sha256, self._detector.name, cutter)
        return derived_name(tenant_id, sha256, key, "labels.json")


class LabelEditing:
    """What people do with labels. See :class:`services.images.batches.ImageBatchService` for each call."""

    def __init__(self, desk: BatchDesk) -> None:
        self._desk = desk

    def drop_everywhere(self, account: Account, tenant_id: str, batch_id: str, name: str) -> ImageBatch:
        batch, images = self._desk.open(account, tenant_id, batch_id)
        dropped = batch.pruning.dropped_names | {_name(name).casefold()}
        words = {
            image.position: ImageWords(decisions=others)
            for image in images
            if (others := _without(image, name, keeps=True)) is not None
        }
        pruning = replace(batch.pruning, dropped_names=dropped)
        return self._desk.prune(account, batch, pruning, words, f"“{name.strip()}” dropped in all photos")

    def keep_everywhere(self, account: Account, tenant_id: str, batch_id: str, name: str) -> ImageBatch:
        batch, images = self._desk.open(account, tenant_id, batch_id)
        pruning = replace(
            batch.pruning, dropped_names=frozenset(batch.pruning.dropped_names - {_name(name).casefold()})
        )
        words = {}
        for image in images:
            decisions = dict(image.decisions)
            for label in _called(image, name):
                decisions.pop(label.id, None)
                if not replace(image, decisions=decisions).keeps(label, pruning):
                    decisions[label.id] = True  # the least confidence would drop it
            if decisions != image.decisions:
                words[image.position] = ImageWords(decisions=decisions)
        return self._desk.prune(account, batch, pruning, words, f"“{name.strip()}” kept in all photos")

    def set_least_confidence(self, account: Account, tenant_id: str, batch_id: str, share: float) -> ImageBatch:
        if not 0 <= share <= 1:
            raise InputError(
                "The confidence has to lie between 0 and 100 percent.",
                code="confidence-invalid",
                remedy="Choose another confidence.",
            )
        batch, _ = self._desk.open(account, tenant_id, batch_id)
        pruning = replace(batch.pruning, least_confidence=float(share))
        words = f"labels under {share:.0%} dropped" if share else "labels of any confidence kept"
        return self._desk.prune(account, batch, pruning, {}, words)

    def set_label(
        self, account: Account, tenant_id: str, batch_id: str, position: int, label_id: str, *, keeps: bool
    ) -> BatchImage:
        image, label = self._label(account, tenant_id, batch_id, position, label_id)
        words = f"“{label.name}” {'kept' if keeps else 'dropped'} in {image.file_name}"
        decisions = {**image.decisions, label_id: keeps}
        return self._desk.change(account, tenant_id, image, ImageWords(decisions=decisions), words)

    def rename_label(
        self, account: Account, tenant_id: str, batch_id: str, position: int, label_id: str, name: str
    ) -> BatchImage:
        image, label = self._label(account, tenant_id, batch_id, position, label_id)
        called = _name(name)
        names = {**image.names, label_id: called}
        words = f"“{label.name}” renamed to “{called}” in {image.file_name}"
        return self._desk.change(account, tenant_id, image, ImageWords(names=names), words)

    def add_label(
        self, account: Account, tenant_id: str, batch_id: str, position: int, name: str, box: Box | None
    ) -> BatchImage:
        image = self._desk.open_image(account, tenant_id, batch_id, position)
        label = Label(
            f"typed-{uuid.uuid4().hex[:12]}", _name(name), LabelSource.PERSON, box=require_area(box) if box else None
        )
        words = f"“{label.name}” added to {image.file_name}"
        added = (*image.added_labels, label)
        return self._desk.change(account, tenant_id, image, ImageWords(added_labels=added), words)

    def forget_label(self, account: Account, tenant_id: str, batch_id: str, position: int, label_id: str) -> BatchImage:
        image, label = self._label(account, tenant_id, batch_id, position, label_id)
        if label.source is not LabelSource.PERSON:
            raise InputError(
                "This label was found in the photo, so it cannot be taken away.",
                code="label-computed",
                remedy="Drop it instead.",
            )
        added = tuple(one for one in image.added_labels if one.id != label_id)
        words = f"“{label.name}” taken from {image.file_name}"
        return self._desk.change(account, tenant_id, image, ImageWords(added_labels=added), words)

    def _label(
        self, account: Account, tenant_id: str, batch_id: str, position: int, label_id: str
    ) -> tuple[BatchImage, Label]:
        image = self._desk.open_image(account, tenant_id, batch_id, position)
        for label in image.all_labels():
            if label.id == label_id:
                return image, label
        raise NotFoundError("The photo has no such label any more.", code="label-not-found", remedy="Look at it again.")


def count_labels(images: Iterable[BatchImage], pruning: Pruning) -> list[LabelCount]:
    """The labels of all images by name, whatever their case; most frequent first, then by name."""
    spelled: defaultdict[str, Counter[str]] = defaultdict(Counter)
    present: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    sources: defaultdict[str, dict[LabelSource, None]] = defaultdict(dict)
    for image in images:
        labels = image.all_labels()
        for label in labels:
            name = label.name.casefold()
            spelled[name][label.name] += 1
            sources[name][label.source] = None
        present.update({label.name.casefold() for label in labels})
        kept.update({label.name.casefold() for label in labels if image.keeps(label, pruning)})
    names = sorted(present, key=lambda name: (-present[name], name))
    return [
        LabelCount(spelled[name].most_common(1)[0][0], present[name], kept[name], tuple(sources[name]))
        for name in names
    ]


def require_area(box: Box) -> Box:
    """Let boxes pass that hold something of the picture, cut at its borders.

    Raises:
        InputError: ``box-empty``.
    """
    left, right = (min(max(value, 0.0), 1.0) for value in (box.left, box.left + box.width))
    top, bottom = (min(max(value, 0.0), 1.0) for value in (box.top, box.top + box.height))
    if not (right - left > 0 and bottom - top > 0):  # also where a value is no number
        raise InputError("The box holds nothing of the photo.", code="box-empty", remedy="Draw it over the product.")
    return Box(left, top, right - left, bottom - top)


def _name(text: str) -> str:
    name = " ".join(text.replace("\x00", "").split())[:LONGEST_NAME_CHARACTERS]
    if not name:
        raise InputError("The label has no name.", code="label-empty", remedy="Type a name.")
    return name


def _called(image: BatchImage, name: str) -> list[Label]:
    wanted = _name(name).casefold()
    return [label for label in image.all_labels() if label.name.casefold() == wanted]


def _without(image: BatchImage, name: str, *, keeps: bool) -> dict[str, bool] | None:
    """The decisions without those that say so for labels of this name; None when there are none."""
    ids = {label.id for label in _called(image, name) if image.decisions.get(label.id) is keeps}
    return {key: value for key, value in image.decisions.items() if key not in ids} if ids else None
