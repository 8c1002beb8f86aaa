"""Pictures that cost money are asked for once, and kept with the photo that they are for."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from services.errors import AppError, BackendRejectedError, NotFoundError
from services.images.background_models import BackgroundPicture, BackgroundRequest, PlacedSubject
from services.images.composing import subject_digest, wrong_size
from services.images.derived import content_key, derived_name, keep_file, keep_values, read_values
from services.images.paid_once import STALE_SECONDS, cut_off, not_paid
from services.images.previews import png
from services.ports.images import BackgroundGenerator, ImageFiles
from services.ports.paid_calls import PaidCallLedger

_KEPT_TO_LOOK_FOR = 20
_ANSWER, _RESERVED = "answer.json", "reserved"


@dataclass(frozen=True, slots=True, eq=False)
class Backgrounds:
    """The pictures behind one product, and what they took.

    Attributes:
        pictures: One per variation; empty for color and transparency.
        backend: What reports call their maker.
        verb: ``composed`` or ``generated``.
        calls: Calls that may have cost money, those included whose answer was lost.
        cost_usd: None when the price is not known.
        reused: Whether stored answers were used, and nothing else.
        notes: What people should know, in sentences.
    """

    pictures: tuple[BackgroundPicture, ...]
    backend: str
    verb: str
    calls: int = 0
    cost_usd: float | None = 0.0
    reused: bool = False
    notes: tuple[str, ...] = ()


class PaidBackgrounds:
    """Asks generators that cost money.

    Args:
        generator_version: Changes whenever a generator of the same name makes other pictures.
    """

    def __init__(self, files: ImageFiles, ledger: PaidCallLedger, generator_version: str) -> None:
        self._files = files
        self._ledger = ledger
        self._generator_version = generator_version

    def get(
        self,
        tenant_id: str,
        request: BackgroundRequest,
        subject: PlacedSubject,
        sha256: str,
        owner: str,
        generator: BackgroundGenerator,
    ) -> Backgrounds:
        """The pictures for this product, every call that they take made once; see BackgroundSource.get."""
        made: list[Backgrounds] = []
        blocked: BackendRejectedError | None = None
        for part in request.parts(generator.pictures_per_call):
            try:
                made.append(self._part(tenant_id, part, subject, sha256, owner, generator))
            except BackendRejectedError as error:
                if error.code != "picture-blocked":
                    raise
                blocked = error
        if blocked is not None and not made:
            raise blocked
        return _together(made, generator)

    def _part(
        self,
        tenant_id: str,
        request: BackgroundRequest,
        subject: PlacedSubject,
        sha256: str,
        owner: str,
        generator: BackgroundGenerator,
    ) -> Backgrounds:
        content = (asdict(request), subject_digest(subject), generator.name, self._generator_version)
        for number in range(_KEPT_TO_LOOK_FOR):
            key = content_key("paid-call", tenant_id, *content, number)
            name = partial(derived_name, tenant_id, sha256, key)
            begun = self._ledger.begin(tenant_id, key, owner, stale_seconds=STALE_SECONDS)
            if isinstance(begun, Mapping):
                pictures = self._stored(begun)
                if pictures is None:
                    continue  # somebody deleted the pictures; they have to be paid for again
                return Backgrounds(pictures, generator.name, generator.verb, reused=True)
            kept = read_values(self._files, name(_ANSWER)) if begun.number > 1 else None
            pictures = self._stored(kept) if kept is not None else None
            if kept is not None and pictures is not None:
                # It was cut off between keeping the answer and telling the ledger.
                self._ledger.settle(tenant_id, key, owner, kept)
                return _bought(generator, pictures, begun.number - 1)
            free = generator.price_per_picture == 0
            if begun.cut_off and not free and self._files.exists(name(_RESERVED)):
                self._files.delete(name(_RESERVED))
                raise cut_off(self._ledger, tenant_id, key, owner)
            try:
                self._reserve(name(_RESERVED), subject, request.count)
                made = generator.generate(request, subject)
                if any(picture.pixels.shape != subject.pixels.shape for picture in made):
                    raise wrong_size()  # kept, it would be what every retry gets
            except AppError as error:
                failure = not_paid(self._ledger, tenant_id, key, owner, error, free=free)
                with contextlib.suppress(AppError):
                    self._files.delete(name(_RESERVED))
                if failure is error:
                    raise
                raise failure from error
            self._ledger.settle(tenant_id, key, owner, self._keep(name, made))
            return _bought(generator, tuple(made), begun.number)
        raise NotFoundError("The pictures that were paid for are gone.", code="file-missing")

    def _reserve(self, file: str, subject: PlacedSubject, count: int) -> None:
        """Find out before paying whether there is room for the answer: on a full disk it would be lost."""
        keep_file(self._files, file, bytes(subject.pixels.size * count))

    def _keep(self, name: Callable[[str], str], made: Sequence[BackgroundPicture]) -> dict[str, Any]:
        kept = []
        for number, picture in enumerate(made, start=1):
            file = name(f"background-{number}.png")
            # Quick rather than small: until the answer is kept, a crash loses what was paid for.
            keep_file(self._files, file, png(Image.fromarray(picture.pixels), compress_level=1))
            kept.append(
                {
                    "file": file,
                    "seed": picture.seed,
                    "holds_subject": picture.holds_subject,
                    "origin": picture.origin,
                    "note": picture.note,
                }
            )
        answer = {"pictures": kept}
        keep_values(self._files, name(_ANSWER), answer)
        self._files.delete(name(_RESERVED))
        return answer

    def _stored(self, answer: Mapping[str, Any]) -> tuple[BackgroundPicture, ...] | None:
        pictures = []
        for one in answer["pictures"]:
            try:
                data = self._files.read(one["file"])
            except NotFoundError:
                return None
            with Image.open(io.BytesIO(data)) as opened:
                pixels = np.asarray(opened.convert("RGB"), dtype=np.uint8)
            pictures.append(
                BackgroundPicture(pixels, one["seed"], bool(one["holds_subject"]), str(one["origin"]), str(one["note"]))
            )
        return tuple(pictures)


def _bought(generator: BackgroundGenerator, pictures: tuple[BackgroundPicture, ...], calls: int) -> Backgrounds:
    price = generator.price_per_picture
    return Backgrounds(
        pictures,
        generator.name,
        generator.verb,
        calls=calls,
        cost_usd=None if price is None else price * len(pictures) * calls,
        notes=("An earlier call was cut off before its answer arrived; it may cost too.",) if calls > 1 else (),
    )


def _together(made: Sequence[Backgrounds], generator: BackgroundGenerator) -> Backgrounds:
    """What several calls made, in their order."""
    costs = [one.cost_usd for one in made]
    known = [cost for cost in costs if cost is not None]
    return Backgrounds(
        tuple(picture for one in made for picture in one.pictures),
        generator.name,
        generator.verb,
        calls=sum(one.calls for one in made),
        cost_usd=sum(known) if len(known) == len(costs) else None,
        reused=all(one.reused for one in made),
        notes=tuple(dict.fromkeys(note for one in made for note in one.notes)),
    )
