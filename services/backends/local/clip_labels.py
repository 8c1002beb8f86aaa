"""Names the subjects that were cut out with a CLIP model, out of a list of everyday words."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.backends.local.region_labels import RegionLabels
from services.errors import BackendError, BackendMisconfiguredError
from services.images.mask_models import Box, CutOut
from services.images.models import Label, LabelSource

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

VOCABULARY_FILE = Path(__file__).with_name("clip_vocabulary.txt")
SENTENCE = "a photo of a {}"
SCALE = 100.0
"""CLIP was trained with cosines times 100 as the logits of its choice."""

LEAST_CONFIDENCE = 0.05
MARGIN = 0.08
"""So much of the box is added around a subject: what surrounds a thing helps to name it."""

LONGEST_CROP = 448


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: SentenceTransformer
    words: tuple[str, ...]
    vectors: NDArray[np.float32]


class ClipLabels:
    """See :class:`services.ports.images.LabelDetector`. Loads torch, so this process needs about 1 GB more.

    Subjects that it cannot name keep the label that the regions gave them.

    Args:
        model: Folder or hub id of a CLIP model that sentence-transformers loads.
        regions: Finds what is to be named, and the words of the file's name.
        vocabulary: Text file with one word per line.
    """

    lane = ""

    def __init__(self, model: str | Path, regions: RegionLabels, vocabulary: Path = VOCABULARY_FILE) -> None:
        self._model_name = str(model)
        self._regions = regions
        self._vocabulary = vocabulary
        self._loading = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def name(self) -> str:
        digest = hashlib.sha256(self._model_name.encode())
        digest.update(self._vocabulary.read_bytes())
        return f"clip-1-{Path(self._model_name).name[:40]}-{digest.hexdigest()[:8]}"

    def detect(self, picture: Image.Image, cut_out: CutOut, file_name: str) -> list[Label]:
        labels = self._regions.detect(picture, cut_out, file_name)
        subjects = [label for label in labels if label.region is not None and label.box is not None]
        if not subjects:
            return labels
        loaded = self._load()
        crops = [_crop(picture, label.box) for label in subjects if label.box is not None]
        try:
            seen = _encode(loaded.model, crops)
        except Exception as exc:  # models of many kinds fail in ways of their own
            raise BackendError(
                "The model that names subjects failed on this picture.",
                code="clip-failed",
                remedy="Try again; if it happens again, tell your administrator.",
            ) from exc
        logits = SCALE * seen @ loaded.vectors.T
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        named: dict[str, Label] = {}
        for label, row in zip(subjects, shares, strict=True):
            best = int(np.argmax(row))
            if row[best] >= LEAST_CONFIDENCE:
                confidence = round(float(row[best]), 4)
                word = loaded.words[best].capitalize()
                named[label.id] = replace(label, name=word, source=LabelSource.MODEL, confidence=confidence)
        return [named.get(label.id, label) for label in labels]

    def check_ready(self) -> None:
        """Load the model; raise BackendMisconfiguredError (``clip-model-missing``) when that fails."""
        self._load()

    def _load(self) -> _Loaded:
        with self._loading:
            if self._loaded is None:
                from sentence_transformers import SentenceTransformer

                words = read_vocabulary(self._vocabulary)
                try:
                    model = SentenceTransformer(self._model_name, device="cpu")
                    vectors = _encode(model, [SENTENCE.format(word) for word in words])
                    if _encode(model, [Image.new("RGB", (8, 8))]).shape[1] != vectors.shape[1]:
                        raise ValueError("pictures and words have different vectors")
                except Exception as exc:  # models of many kinds fail in ways of their own
                    raise BackendMisconfiguredError(
                        f"The CLIP model {Path(self._model_name).name} could not be loaded.",
                        code="clip-model-missing",
                        remedy="Set FRONTLINE_CLIP_MODEL to a folder with a CLIP model, or leave it unset.",
                    ) from exc
                self._loaded = _Loaded(model, words, vectors)
            return self._loaded


def read_vocabulary(file: Path = VOCABULARY_FILE) -> tuple[str, ...]:
    """The words that subjects can be named with, each once, in the file's order."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def _encode(model: SentenceTransformer, content: list[Any]) -> NDArray[np.float32]:
    return np.asarray(model.encode(content, normalize_embeddings=True, show_progress_bar=False), dtype=np.float32)


def _crop(picture: Image.Image, box: Box) -> Image.Image:
    margin_x, margin_y = MARGIN * box.width, MARGIN * box.height
    left, top, width, height = (
        *(box.left - margin_x, box.top - margin_y),
        *(box.width + 2 * margin_x, box.height + 2 * margin_y),
    )
    right, bottom = min(left + width, 1.0), min(top + height, 1.0)
    left, top = max(left, 0.0), max(top, 0.0)
    crop = picture.convert("RGB").crop(Box(left, top, right - left, bottom - top).pixels(picture.size))
    crop.thumbnail((LONGEST_CROP, LONGEST_CROP))
    return crop
