"""Where the background of a placed product comes from; what costs money is asked for once and kept."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from PIL import Image

from services.errors import AppError, NotFoundError
from services.images.background_models import Backdrop, BackgroundKind, BackgroundPicture, BackgroundWish, PlacedSubject
from services.images.composing import backdrop_picture, request_of, subject_digest, wrong_size
from services.images.derived import content_key, derived_name, keep_file, keep_values, read_values
from services.images.intake import open_upright
from services.images.previews import on_white, png
from services.images.wishes import backdrop_missing, deciding_values
from services.ports.images import BackgroundGenerator, ImageFiles
from services.ports.paid_calls import PaidCallLedger

# Longer than any call takes. The item that made a call gets its claim back at once, whatever happened to its worker.
STALE_SECONDS = 1800.0
_KEPT_TO_LOOK_FOR = 20
_ANSWER, _RESERVED = "answer.json", "reserved"


class BackdropPictures(Protocol):
    """The pictures of the brand library."""

    def list(self, tenant_id: str) -> list[Backdrop]:
        """Newest first."""
        ...

    def picture(self, tenant_id: str, backdrop_id: str) -> Image.Image:
        """Upright, RGB. Raises NotFoundError."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Backgrounds:
    """The pictures behind one product, and what they took.

    Attributes:
        pictures: One per variation; empty for color and transparency.
        backend: What reports call their maker.
        verb: ``composed`` or ``generated``.
        calls: Calls that may have cost money, those included whose answer was lost in a crash.
        cost_usd: None when the price is not known.
        reused: Whether a stored answer was used.
        notes: What people should know, in sentences.
    """

    pictures: tuple[BackgroundPicture, ...]
    backend: str
    verb: str
    calls: int = 0
    cost_usd: float | None = 0.0
    reused: bool = False
    notes: tuple[str, ...] = ()


class BackgroundSource:
    """Gets the pictures that a wish asks for.

    Args:
        generator_of: The generator for a tenant; it may know that tenant's library.
        generator_version: Changes whenever a generator of the same name makes other pictures.
    """

    def __init__(
        self,
        files: ImageFiles,
        backdrops: BackdropPictures,
        ledger: PaidCallLedger,
        generator_of: Callable[[str], BackgroundGenerator],
        generator_version: str = "",
    ) -> None:
        self._files = files
        self._backdrops = backdrops
        self._ledger = ledger
        self._generator_of = generator_of
        self._generator_version = generator_version

    def generator(self, tenant_id: str) -> BackgroundGenerator:
        """What reads prompts for this tenant."""
        return self._generator_of(tenant_id)

    def deciding_values(self, tenant_id: str, wish: BackgroundWish) -> dict[str, Any]:
        """Everything outside the photo that decides the result, JSON-able.

        Raises:
            InputError: the backdrop is gone (``backdrop-missing``).
        """
        values = deciding_values(wish)
        if wish.kind is BackgroundKind.BACKDROP:
            values["backdrop_sha256"] = self.require_backdrop(tenant_id, wish.backdrop_id).sha256
        if wish.kind is BackgroundKind.PROMPT:
            generator = self.generator(tenant_id)
            values["generator"] = [generator.name, self._generator_version]
            if not generator.paid:
                # What composes from the library makes something else once the library is another.
                values["library"] = sorted((one.sha256, one.caption) for one in self._backdrops.list(tenant_id))
        return values

    def require_backdrop(self, tenant_id: str, backdrop_id: str) -> Backdrop:
        """The library's picture. Raises InputError (``backdrop-missing``)."""
        for backdrop in self._backdrops.list(tenant_id):
            if backdrop.id == backdrop_id:
                return backdrop
        raise backdrop_missing()

    def get(self, tenant_id: str, wish: BackgroundWish, subject: PlacedSubject, sha256: str, owner: str) -> Backgrounds:
        """The pictures for this product.

        Args:
            sha256: Of the photo: what is paid for lies with it, and goes with it.
            owner: Who asks, the same again after a crash: names the claim on a call that costs money.

        Raises:
            AppError: there are none, and why.
        """
        match wish.kind:
            case BackgroundKind.PROMPT:
                return self._generated(tenant_id, wish, subject, sha256, owner)
            case BackgroundKind.BACKDROP:
                backdrop = self.require_backdrop(tenant_id, wish.backdrop_id)
                picture = self._backdrops.picture(tenant_id, backdrop.id)
                shown = backdrop_picture(picture, subject, BackgroundKind.BACKDROP.value, backdrop.caption)
                return Backgrounds((shown,), "library", "composed")
            case BackgroundKind.PICTURE:
                picture = on_white(open_upright(self._files.read(wish.picture)))
                shown = backdrop_picture(picture, subject, BackgroundKind.PICTURE.value)
                return Backgrounds((shown,), "own-picture", "composed")
            case _:
                return Backgrounds((), wish.kind.value, "composed")

    def _generated(
        self, tenant_id: str, wish: BackgroundWish, subject: PlacedSubject, sha256: str, owner: str
    ) -> Backgrounds:
        generator = self.generator(tenant_id)
        request = request_of(wish)
        if generator.paid:
            made = self._paid(tenant_id, wish, subject, sha256, owner, generator)
        else:
            made = Backgrounds(tuple(generator.generate(request, subject)), generator.name, generator.verb)
        missing = request.count - len(made.pictures)
        # The library has one picture that fits best: there is nothing to vary.
        if missing <= 0 or any(picture.origin == "library" for picture in made.pictures):
            return made
        note = f"{missing} of {request.count} variations did not come: the generator blocked or left them out."
        return replace(made, notes=(*made.notes, note))

    def _paid(
        self,
        tenant_id: str,
        wish: BackgroundWish,
        subject: PlacedSubject,
        sha256: str,
        owner: str,
        generator: BackgroundGenerator,
    ) -> Backgrounds:
        request = request_of(wish)
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
            kept = read_values(self._files, name(_ANSWER)) if begun > 1 else None
            pictures = self._stored(kept) if kept is not None else None
            if kept is not None and pictures is not None:
                # It was cut off between keeping the answer and telling the ledger.
                self._ledger.settle(tenant_id, key, owner, kept)
                return self._bought(generator, pictures, begun - 1)
            try:
                self._reserve(name(_RESERVED), subject, request.count)
                made = generator.generate(request, subject)
                if any(picture.pixels.shape != subject.pixels.shape for picture in made):
                    raise wrong_size()  # kept, it would be what every retry gets
            except AppError:
                self._ledger.abandon(tenant_id, key, owner)
                with contextlib.suppress(AppError):
                    self._files.delete(name(_RESERVED))
                raise
            self._ledger.settle(tenant_id, key, owner, self._keep(name, made))
            return self._bought(generator, tuple(made), begun)
        raise NotFoundError("The pictures that were paid for are gone.", code="file-missing")

    def _bought(
        self, generator: BackgroundGenerator, pictures: tuple[BackgroundPicture, ...], calls: int
    ) -> Backgrounds:
        price = generator.price_per_picture
        return Backgrounds(
            pictures,
            generator.name,
            generator.verb,
            calls=calls,
            cost_usd=None if price is None else price * len(pictures) * calls,
            notes=("An earlier call was cut off before its answer arrived; it may cost too.",) if calls > 1 else (),
        )

    def _reserve(self, file: str, subject: PlacedSubject, count: int) -> None:
        """Find out before paying whether there is room for the answer: on a full disk it would be lost."""
        keep_file(self._files, file, bytes(subject.pixels.size * count))

    def _keep(self, name: Callable[[str], str], made: list[BackgroundPicture]) -> dict[str, Any]:
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
