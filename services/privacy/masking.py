"""Finds and masks personal data before a question is searched, stored or sent anywhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.ports.privacy import BulkPersonalDataDetector, PersonalDataDetector
from services.privacy.models import PersonalDataKind, PersonalDataSpan


@dataclass(frozen=True, slots=True)
class MaskedText:
    """A text without the personal data that was found.

    Attributes:
        counts: How many of each kind were masked.
    """

    text: str
    counts: dict[PersonalDataKind, int]

    @property
    def summary(self) -> str:
        """The counts in words: ``2 phone numbers, 1 name``; empty when nothing was masked."""
        return ", ".join(
            f"{count} {kind.value}{'' if count == 1 else 'es' if kind is PersonalDataKind.ADDRESS else 's'}"
            for kind, count in self.counts.items()
        )


def mask(
    text: str, detector: PersonalDataDetector, *, is_public: Callable[[str], bool] = lambda _digits: False
) -> MaskedText:
    """Replace personal data by its kind in brackets, as in ``[phone number]``.

    Args:
        is_public: Told the letters and digits of a number; True keeps it, because the knowledge base itself holds it.
    """
    return _masked(text, detector.find(text), is_public)


def mask_many(texts: Sequence[str], detector: PersonalDataDetector) -> list[MaskedText]:
    """:func:`mask` for many texts, in the order given; detectors for which that is cheaper get them at once.

    Raises:
        BackendError: the detector's service failed; none of the texts may then be used.
    """
    return [
        _masked(text, spans, lambda _digits: False)
        for text, spans in zip(texts, find_in_many(texts, detector), strict=True)
    ]


def find_in_many(texts: Sequence[str], detector: PersonalDataDetector) -> Sequence[Sequence[PersonalDataSpan]]:
    """What the detector finds in each text, in the order given. Raises as :func:`mask_many`."""
    if isinstance(detector, BulkPersonalDataDetector):
        return detector.find_many(texts)
    return [detector.find(text) for text in texts]


def _masked(text: str, spans: Sequence[PersonalDataSpan], is_public: Callable[[str], bool]) -> MaskedText:
    pieces: list[str] = []
    counts: Counter[PersonalDataKind] = Counter()
    position = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start < position:
            # What is left of a span that overlaps the one before must not stay behind in the text.
            position = max(position, span.end)
            continue
        found = text[span.start : span.end]
        if span.kind in {PersonalDataKind.PHONE, PersonalDataKind.RECORD_NUMBER}:
            bare = re.sub(r"[^a-z0-9]", "", found.lower())
            if is_public(bare) or (len(bare) == 11 and bare.startswith("1") and is_public(bare[1:])):
                continue
        pieces.append(text[position : span.start])
        pieces.append(f"[{span.kind.value}]")
        counts[span.kind] += 1
        position = span.end
    pieces.append(text[position:])
    return MaskedText("".join(pieces), dict(counts))
