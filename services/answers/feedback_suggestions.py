"""What to start from when a group of badly answered questions is dealt with: phrasings, and the passages to fix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from services.answers.feedback_models import FeedbackCase, PlaceToFix, SuggestedPhrasing
from services.answers.models import Answer
from services.knowledge.curated_words import LONGEST_PHRASING_CHARACTERS, phrasing_key
from services.privacy.models import PersonalDataKind

MOST_PHRASINGS = 12
MOST_PLACES = 3
_MASK = re.compile(rf"\s*\[(?:{'|'.join(re.escape(kind.value) for kind in PersonalDataKind)})\]")


def suggest_phrasings(first: str, cases: Sequence[FeedbackCase]) -> list[SuggestedPhrasing]:
    """Phrasings out of real questions: each once, without what was masked, ``first`` first, then the most frequent.

    A question that was too long to be a phrasing is left out; so is what a follow-up was put together from.
    """
    texts = [first, *(case.topic for case in cases), *(case.question for case in cases)]
    counts: Counter[str] = Counter()
    spelled: dict[str, SuggestedPhrasing] = {}
    for text in texts:
        phrasing = _phrasing(text)
        key = phrasing_key(phrasing.text)
        if not key or len(phrasing.text) > LONGEST_PHRASING_CHARACTERS:
            continue
        counts[key] += 1
        spelled.setdefault(key, phrasing)
    first_key = phrasing_key(_phrasing(first).text)
    ranked = sorted(spelled, key=lambda key: (key != first_key, not spelled[key].chosen, -counts[key]))
    return [spelled[key] for key in ranked[:MOST_PHRASINGS]]


def places_to_fix(answers: Sequence[Answer]) -> list[PlaceToFix]:
    """The passages that the answers rest on, the most frequent first: what is quoted, else the best that was found."""
    counts: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], PlaceToFix] = {}
    for answer in answers:
        place = _place(answer)
        if place is None:
            continue
        key = (place.document_id, place.section)
        counts[key] += 1
        newest = places.get(key)
        if newest is None or place.document_version > newest.document_version:
            places[key] = place
    return [
        PlaceToFix(
            place.document_id,
            place.document_version,
            place.title,
            place.section,
            place.text,
            place.start,
            place.end,
            counts[key],
        )
        for key, place in sorted(places.items(), key=lambda item: (-counts[item[0]], item[0]))[:MOST_PLACES]
    ]


def _phrasing(text: str) -> SuggestedPhrasing:
    bare = " ".join(_MASK.sub("", text).split())
    return SuggestedPhrasing(bare[:1].upper() + bare[1:], chosen=not _MASK.search(text))


def _place(answer: Answer) -> PlaceToFix | None:
    if answer.citations:
        cited = answer.citations[0]
        return PlaceToFix(
            cited.document_id,
            cited.document_version,
            cited.title,
            cited.section,
            cited.quote,
            cited.start,
            cited.end,
            1,
        )
    if answer.passages:
        best = answer.passages[0]
        return PlaceToFix(
            best.document_id,
            best.document_version,
            best.title,
            best.section,
            best.text,
            best.start,
            best.end,
            1,
        )
    return None
