"""Where the background of a placed product comes from; what costs money is asked for once and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from PIL import Image

from services.images.background_models import Backdrop, BackgroundKind, BackgroundWish, PlacedSubject
from services.images.composing import backdrop_picture, request_of
from services.images.intake import open_upright
from services.images.paid_backgrounds import Backgrounds, PaidBackgrounds
from services.images.previews import on_white
from services.images.wishes import backdrop_missing, deciding_values
from services.ports.images import BackgroundGenerator, ImageFiles
from services.ports.paid_calls import PaidCallLedger


class BackdropPictures(Protocol):
    """The pictures of the brand library."""

    def list(self, tenant_id: str) -> list[Backdrop]:
        """Newest first."""
        ...

    def picture(self, tenant_id: str, backdrop_id: str) -> Image.Image:
        """Upright, RGB. Raises NotFoundError."""
        ...


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
        self._generator_of = generator_of
        self._generator_version = generator_version
        self._paid_backgrounds = PaidBackgrounds(files, ledger, generator_version)

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
            made = self._paid_backgrounds.get(tenant_id, request, subject, sha256, owner, generator)
        else:
            made = Backgrounds(tuple(generator.generate(request, subject)), generator.name, generator.verb)
        missing = request.count - len(made.pictures)
        # The library has one picture that fits best: there is nothing to vary.
        if missing <= 0 or any(picture.origin == "library" for picture in made.pictures):
            return made
        note = f"{missing} of {request.count} variations did not come: the generator blocked or left them out."
        return replace(made, notes=(*made.notes, note))
