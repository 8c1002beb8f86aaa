"""Masks personal data in responses before they are kept or sent anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]

from services.ports.privacy import PersonalDataDetector
from services.privacy.masking import find_in_many, mask_many
from services.privacy.models import PersonalDataKind, PersonalDataSpan

# An id or a choice may look like a date or a phone number; these two kinds cannot be mistaken.
UNMISTAKABLE = frozenset({PersonalDataKind.EMAIL, PersonalDataKind.CARD})
_STEP_TEXTS = 2_000


@dataclass(frozen=True, slots=True)
class MaskedColumn:
    """A column without the personal data that was found.

    Attributes:
        texts: An Arrow array of strings.
        counts: How many of each kind were masked, repeated responses counted each time.
        row_count: Rows in which something was masked.
    """

    texts: Any
    counts: dict[PersonalDataKind, int]
    row_count: int


class _OnlyKinds:
    """Passes on what a detector finds of some kinds."""

    def __init__(self, detector: PersonalDataDetector, kinds: frozenset[PersonalDataKind]) -> None:
        self._detector = detector
        self._kinds = kinds

    def find(self, text: str) -> list[PersonalDataSpan]:
        return self._of_kinds(self._detector.find(text))

    def find_many(self, texts: Sequence[str]) -> list[list[PersonalDataSpan]]:
        return [self._of_kinds(spans) for spans in find_in_many(texts, self._detector)]

    def check_ready(self) -> None:
        self._detector.check_ready()

    def _of_kinds(self, spans: Sequence[PersonalDataSpan]) -> list[PersonalDataSpan]:
        return [span for span in spans if span.kind in self._kinds]


def mask_column(
    texts: Any,
    detector: PersonalDataDetector,
    kinds: frozenset[PersonalDataKind] | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> MaskedColumn:
    """Put the kind in brackets in place of personal data; each different text is searched once.

    Args:
        texts: An Arrow array of strings without nulls.
        kinds: What to mask; everything when None.
        on_progress: Told how many of how many different texts are done.

    Raises:
        BackendError: the detector's service failed; nothing may be kept then.
    """
    finder = detector if kinds is None else _OnlyKinds(detector, kinds)
    encoded = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).dictionary_encode()
    distinct = encoded.dictionary
    frequencies = np.bincount(encoded.indices.to_numpy(zero_copy_only=False), minlength=len(distinct))
    parts: list[Any] = []
    counts: Counter[PersonalDataKind] = Counter()
    row_count = 0
    for start in range(0, len(distinct), _STEP_TEXTS):
        part = []
        texts_of_step = distinct.slice(start, _STEP_TEXTS).to_pylist()
        for index, masked in enumerate(mask_many(texts_of_step, finder), start=start):
            part.append(masked.text)
            for kind, count in masked.counts.items():
                counts[kind] += count * int(frequencies[index])
            row_count += int(frequencies[index]) if masked.counts else 0
        parts.append(pa.array(part, pa.string()))
        on_progress(min(start + _STEP_TEXTS, len(distinct)), len(distinct))
    cleaned = pa.chunked_array(parts, pa.string())
    return MaskedColumn(pc.take(cleaned, encoded.indices), dict(counts), row_count)
