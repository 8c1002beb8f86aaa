"""Cuts subjects out of photos on this machine: see :class:`services.ports.images.SubjectCutter`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from services.backends.local.mattes.backdrop import SIDE, Backdrop, cut_from_backdrop, explains, plain_backdrop, shaded
from services.backends.local.mattes.box_window import window_around
from services.backends.local.mattes.doubts import certain_doubts, learned_doubts
from services.backends.local.mattes.edge_colors import clean_edge_colors
from services.backends.local.mattes.graph_cut import graph_cut, with_hints
from services.backends.local.mattes.hints import DROP, KEEP, hint_map
from services.backends.local.mattes.network import SegmentationNetwork
from services.backends.local.mattes.network_view import NetworkView, view, view_doubts
from services.backends.local.mattes.own_alpha import own_matte
from services.backends.local.mattes.refinement import refine
from services.backends.local.mattes.regions import find_regions
from services.backends.local.mattes.scene import Floats, Mask, Pixels, reduced
from services.backends.local.mattes.two_opinions import compare, without_shadows
from services.images.mask_models import CutOut, MaskDoubt, MaskHints

VERSION = 5
"""Goes up whenever the mattes change."""

PLAIN_AREAS = (0.002, 0.9)
"""A plain backdrop that leaves less or more than this to the subject was not understood."""

LEAST_OF_BOX = 0.1
"""With boxes the plain backdrop is trusted where at least so much of them stands before it."""

# Workers run side by side already; threads inside one picture would only take turns with theirs.
cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True, eq=False)
class _Coarse:
    """The subject at a reduced size, 0 to 1, how it was found, and what speaks against it."""

    subject: Floats
    method: str
    doubts: tuple[MaskDoubt, ...] = ()


class LocalSubjectCutter:
    """The picture's own alpha, else a segmentation network where there is one, else a method without weights.

    Args:
        models_folder: The first ``.onnx`` file in it, by name, is the network.
        network_file: Wins over the folder.
        packaged: The network that was installed with the app; the others win over it.
    """

    def __init__(self, models_folder: Path, network_file: Path | None = None, packaged: Path | None = None) -> None:
        self._file = network_file or _first_network(models_folder) or packaged
        self._network = SegmentationNetwork(self._file) if self._file is not None else None

    @property
    def name(self) -> str:
        if self._file is None:
            return f"local-{VERSION}"
        size = self._file.stat().st_size if self._file.is_file() else 0
        digest = hashlib.sha256(f"{self._file.name}:{size}".encode()).hexdigest()[:8]
        return f"local-{VERSION}-{digest}"

    def cut_out(self, picture: Image.Image, hints: MaskHints | None = None) -> CutOut:
        given = hints if hints is not None and hints != MaskHints() else None
        alpha = own_matte(picture)
        rgb = np.asarray(picture.convert("RGB"), np.uint8)
        if alpha is not None and given is None:
            return finished(rgb, alpha, "own-alpha", ())
        if given is None:
            coarse = self._automatic(rgb)
            matte = refine(rgb, coarse.subject)
        else:
            coarse, matte = self._hinted(rgb, given)
        if alpha is not None:
            np.minimum(matte, alpha, out=matte)
        return finished(rgb, matte, coarse.method, coarse.doubts)

    def clean_edges(self, picture: Image.Image, matte: Image.Image) -> Image.Image:
        rgb = np.asarray(picture.convert("RGB"), np.uint8)
        return Image.fromarray(clean_edge_colors(rgb, np.asarray(matte.convert("L"), np.uint8)))

    def check_ready(self) -> None:
        if self._network is not None:
            self._network.check_ready()

    def _automatic(self, rgb: Pixels) -> _Coarse:
        found = _before_plain_backdrop(rgb)
        if self._network is not None:
            return _with_network(view(self._network, rgb), found)
        if found is not None:
            return _Coarse(found[1].astype(np.float32), "plain-backdrop")
        return _without_network(reduced(rgb))

    def _hinted(self, rgb: Pixels, hints: MaskHints) -> tuple[_Coarse, Pixels]:
        """Look only around the boxes, where there are any; what lies beyond them is not kept."""
        size = rgb.shape[1], rgb.shape[0]
        left, top, right, bottom = window_around(hints.keep_boxes, size) if hints.keep_boxes else (0, 0, *size)
        hinted = hint_map(hints, size)
        if self._network is None and not hints.strokes:
            found = _before_plain_backdrop(rgb)
            if found is not None:
                plain = found[1]
                allowed = hint_map(hints, (plain.shape[1], plain.shape[0])) != DROP
                if (plain & allowed).sum() >= LEAST_OF_BOX * allowed.sum():
                    matte = refine(rgb, plain.astype(np.float32))
                    matte[hinted == DROP] = 0
                    return _Coarse(plain.astype(np.float32), "plain-backdrop"), matte
        window = np.ascontiguousarray(rgb[top:bottom, left:right])
        small = reduced(window)
        small_hints = np.asarray(
            cv2.resize(
                hinted[top:bottom, left:right], (small.shape[1], small.shape[0]), interpolation=cv2.INTER_NEAREST
            ),
            np.uint8,
        )
        coarse = self._cut_window(window, small, small_hints, boxed=bool(hints.keep_boxes))
        matte = np.zeros(rgb.shape[:2], np.uint8)
        matte[top:bottom, left:right] = refine(window, coarse.subject)
        matte[hinted == DROP] = 0
        matte[hinted == KEEP] = 255
        return coarse, matte

    def _cut_window(self, window: Pixels, small: Pixels, hinted: Pixels, *, boxed: bool) -> _Coarse:
        if self._network is None:
            return _without_network(small, hinted, boxed=boxed)
        size = small.shape[1], small.shape[0]
        seen = view(self._network, window)
        subject = np.asarray(cv2.resize(seen.subject, size), np.float32)
        if not (hinted == KEEP).any() and (boxed or not (hinted == DROP).any()):
            return _Coarse(np.where(hinted == DROP, 0, subject).astype(np.float32), "network", view_doubts(seen))
        # Strokes correct the network: its answer is the guess, the colors under the strokes decide around them.
        start = np.where(subject > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        return _Coarse(graph_cut(small, with_hints(start, hinted), 2).astype(np.float32), "network")


def _without_network(small: Pixels, hinted: Pixels | None = None, *, boxed: bool = False) -> _Coarse:
    # It brings scipy along: 35 MB that a process with a network never needs.
    from services.backends.local.mattes.subject_search import search_subject

    found = search_subject(small, hinted, boxed=boxed)
    return _Coarse(found.mask.astype(np.float32), "grabcut", learned_doubts(small, found))


def _with_network(seen: NetworkView, found: tuple[Backdrop, Mask] | None) -> _Coarse:
    doubts = view_doubts(seen)
    if found is None:
        return _Coarse(seen.subject, "network", doubts)
    backdrop, before = found
    subject = np.asarray(cv2.resize(seen.subject, (before.shape[1], before.shape[0])) > 0.5, np.bool_)
    mask = without_shadows(before, subject, shaded(backdrop))
    compared = compare(mask, subject)
    if compared.follow_backdrop:
        return _Coarse(mask.astype(np.float32), "plain-backdrop", () if compared.same else (MaskDoubt.UNSTABLE,))
    return _Coarse(seen.subject, "network", doubts or (MaskDoubt.UNSTABLE,))


def _before_plain_backdrop(rgb: Pixels) -> tuple[Backdrop, Mask] | None:
    """What stands before a plain backdrop; None where the picture has none, or where that leaves next to nothing."""
    backdrop = plain_backdrop(reduced(rgb, SIDE))
    if backdrop is None:
        return None
    mask = cut_from_backdrop(backdrop)
    understood = PLAIN_AREAS[0] < mask.mean() < PLAIN_AREAS[1] and explains(backdrop, mask)
    return (backdrop, mask) if understood else None


def _first_network(folder: Path) -> Path | None:
    return min(folder.glob("*.onnx"), default=None) if folder.is_dir() else None


def finished(rgb: Pixels, matte: Pixels, method: str, doubts: tuple[MaskDoubt, ...]) -> CutOut:
    """The cut-out with this matte: its regions, and what certainly speaks against it beside these doubts."""
    region_map, regions = find_regions(rgb, matte)
    seen = (*certain_doubts(matte >= 128, regions, method), *doubts)
    if MaskDoubt.EMPTY in seen:
        seen = (MaskDoubt.EMPTY,)
    return CutOut(matte, region_map, regions, method, tuple(dict.fromkeys(seen)))
