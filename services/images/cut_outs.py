"""Cut-outs are made once per photo, way of cutting, and hints; then they are read from the storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.images.derived import (
    content_key,
    derived_name,
    gray_png,
    keep_file,
    keep_values,
    read_gray_png,
    read_values,
)
from services.images.mask_models import CutOut, MaskDoubt, MaskHints, Region
from services.images.paid_mattes import PaidMattes
from services.images.values import box_from, box_values, hints_values
from services.ports.images import ImageFiles, PaysForMattes, SubjectCutter
from services.ports.paid_calls import PaidCallLedger

# So far from a region a half-transparent pixel still belongs to it, in pixels.
_FRINGE_PIXELS = 48


class Photos(Protocol):
    """Opens the photos that were uploaded."""

    def open(self, tenant_id: str, sha256: str) -> Image.Image:
        """Upright, RGB or RGBA. Raises NotFoundError, InputError or BackendUnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class CutOutFacts:
    """What is known of a stored cut-out without opening its pictures.

    Attributes:
        sha256: Of the photo.
        key: Names it among what is made of the photo.
        area_share: What its matte keeps of the picture, 0 to 1.
    """

    sha256: str
    key: str
    method: str
    doubts: tuple[MaskDoubt, ...]
    regions: tuple[Region, ...]
    area_share: float


class CutOutStore:
    """Makes and keeps cut-outs."""

    def __init__(self, files: ImageFiles, photos: Photos, cutter: SubjectCutter, ledger: PaidCallLedger) -> None:
        self._files = files
        self._photos = photos
        self._cutter = cutter
        self._paid_mattes = PaidMattes(files, ledger)

    def key(self, sha256: str, hints: MaskHints | None) -> str:
        """Names the cut-out of this photo with these hints."""
        return content_key("cut-out", sha256, self._cutter.name, hints_values(hints) if hints else None)

    def find(self, tenant_id: str, sha256: str, hints: MaskHints | None) -> CutOutFacts | None:
        """The stored cut-out; None when it was not made yet."""
        key = self.key(sha256, hints)
        values = read_values(self._files, derived_name(tenant_id, sha256, key, "cut-out.json"))
        return None if values is None else _facts(sha256, key, values)

    def make(
        self,
        tenant_id: str,
        sha256: str,
        hints: MaskHints | None,
        picture: Image.Image | None = None,
        *,
        owner: str = "",
    ) -> CutOutFacts:
        """The stored cut-out, made first where needed.

        Args:
            picture: The photo, when it is open already.
            owner: Who asks, the same again after a crash: names the claim on a call that costs money.

        Raises:
            AppError: the photo cannot be opened or cut out, or the result cannot be stored.
        """
        found = self.find(tenant_id, sha256, hints)
        if found is not None:
            return found
        made = self._cut_out(tenant_id, sha256, hints, picture or self._photos.open(tenant_id, sha256), owner)
        key = self.key(sha256, hints)
        share = float(made.matte.mean(dtype=np.float64)) / 255
        facts = CutOutFacts(sha256, key, made.method, made.doubts, made.regions, share)
        keep_file(self._files, derived_name(tenant_id, sha256, key, "matte.png"), gray_png(made.matte))
        keep_file(self._files, derived_name(tenant_id, sha256, key, "regions.png"), gray_png(made.region_map))
        # Last: where this file is, the others are complete.
        keep_values(self._files, derived_name(tenant_id, sha256, key, "cut-out.json"), _values(facts))
        return facts

    def _cut_out(
        self, tenant_id: str, sha256: str, hints: MaskHints | None, picture: Image.Image, owner: str
    ) -> CutOut:
        cutter = self._cutter
        if hints is None and isinstance(cutter, PaysForMattes) and cutter.must_ask(picture):
            return cutter.finish(picture, self._paid_mattes.matte(cutter, tenant_id, sha256, picture, owner))
        return cutter.cut_out(picture, hints)

    def load(self, tenant_id: str, facts: CutOutFacts) -> CutOut:
        """With its pictures."""
        return CutOut(
            self.matte(tenant_id, facts), self.region_map(tenant_id, facts), facts.regions, facts.method, facts.doubts
        )

    def matte(self, tenant_id: str, facts: CutOutFacts) -> NDArray[np.uint8]:
        """(height, width), 255 = keep."""
        return read_gray_png(self._files.read(derived_name(tenant_id, facts.sha256, facts.key, "matte.png")))

    def region_map(self, tenant_id: str, facts: CutOutFacts) -> NDArray[np.uint8]:
        """(height, width): 0, or a region's number."""
        return read_gray_png(self._files.read(derived_name(tenant_id, facts.sha256, facts.key, "regions.png")))


def nothing_cut_out(size: tuple[int, int]) -> CutOut:
    """The cut-out that keeps nothing of a picture of this (width, height)."""
    nothing = np.zeros((size[1], size[0]), np.uint8)
    return CutOut(nothing, nothing, (), "none", (MaskDoubt.EMPTY,))


def without_regions(
    matte: NDArray[np.uint8], region_map: NDArray[np.uint8], dropped: tuple[int, ...]
) -> NDArray[np.uint8]:
    """The matte with these regions set to 0, with the half-transparent fringe around each.

    A pixel between two regions goes with the nearer one.
    """
    from scipy import ndimage

    gone = np.isin(region_map, dropped)
    if not gone.any():
        return matte
    rows, columns = np.flatnonzero(gone.any(axis=1)), np.flatnonzero(gone.any(axis=0))
    window = (
        slice(max(int(rows[0]) - _FRINGE_PIXELS, 0), int(rows[-1]) + _FRINGE_PIXELS + 1),
        slice(max(int(columns[0]) - _FRINGE_PIXELS, 0), int(columns[-1]) + _FRINGE_PIXELS + 1),
    )
    result = matte.copy()
    result[gone] = 0
    near_map, near_gone, part = region_map[window], gone[window], result[window]
    fringe = (near_map == 0) & (part > 0)
    if fringe.any():
        to_gone = ndimage.distance_transform_edt(~near_gone)
        kept = (near_map > 0) & ~near_gone
        belongs = fringe & (to_gone <= _FRINGE_PIXELS)
        if kept.any():
            belongs &= to_gone <= ndimage.distance_transform_edt(~kept)
        part[belongs] = 0
    return result


def _values(facts: CutOutFacts) -> dict[str, Any]:
    return {
        "method": facts.method,
        "doubts": [doubt.value for doubt in facts.doubts],
        "area_share": facts.area_share,
        "regions": [
            {
                "number": region.number,
                "box": box_values(region.box),
                "area_share": region.area_share,
                "color": region.color,
            }
            for region in facts.regions
        ],
    }


def _facts(sha256: str, key: str, values: dict[str, Any]) -> CutOutFacts:
    regions = tuple(
        Region(int(one["number"]), box_from(one["box"]), float(one["area_share"]), str(one["color"]))
        for one in values["regions"]
    )
    doubts = tuple(MaskDoubt(doubt) for doubt in values["doubts"])
    return CutOutFacts(sha256, key, str(values["method"]), doubts, regions, float(values["area_share"]))
