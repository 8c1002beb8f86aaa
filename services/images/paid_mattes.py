"""Mattes that cost money are kept apart from what this machine makes of them, and paid for once per photo."""

from __future__ import annotations

import uuid

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.errors import NotFoundError
from services.images.derived import content_key, derived_name, gray_png, keep_file, read_gray_png
from services.images.paid_once import paid_once
from services.ports.images import ImageFiles, PaysForMattes
from services.ports.paid_calls import PaidCallLedger

_KEPT_TO_LOOK_FOR = 20


class PaidMattes:
    """Asks for mattes and keeps them."""

    def __init__(self, files: ImageFiles, ledger: PaidCallLedger) -> None:
        self._files = files
        self._ledger = ledger

    def matte(
        self, cutter: PaysForMattes, tenant_id: str, sha256: str, picture: Image.Image, owner: str = ""
    ) -> NDArray[np.uint8]:
        """The matte of this photo, (height, width), 255 = keep.

        Args:
            owner: Who asks, the same again after a crash; without one it is somebody new.

        Raises:
            AppError: there is none, and why.
        """
        for number in range(_KEPT_TO_LOOK_FOR):
            key = content_key("paid-matte", tenant_id, sha256, cutter.matte_name, number)
            file = derived_name(tenant_id, sha256, key, "paid-matte.png")

            def ask(file: str = file) -> dict[str, str]:
                keep_file(self._files, file, gray_png(cutter.ask(picture)))
                return {"file": file}

            def find(file: str = file) -> dict[str, str] | None:
                return {"file": file} if self._files.exists(file) else None

            asker = owner or f"cut-out/{uuid.uuid4().hex}"
            answer = paid_once(self._ledger, tenant_id, key, asker, ask, find=find)
            try:
                return read_gray_png(self._files.read(str(answer["file"])))
            except NotFoundError:
                continue  # it was deleted with the photo, which has come back: it has to be paid for again
        raise NotFoundError("The masks that were paid for are gone.", code="file-missing")
