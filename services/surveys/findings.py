"""The findings of a run by columns, so that half a million responses can be counted and filtered at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.surveys.models import OtherReason, Sentiment
from services.surveys.review_reasons import ReviewReason

# Codes in the arrays; 0 stands for "none" everywhere.
SENTIMENT_CODES: dict[Sentiment, int] = {sentiment: code for code, sentiment in enumerate(Sentiment, start=1)}
OTHER_CODES: dict[OtherReason, int] = {reason: code for code, reason in enumerate(OtherReason, start=1)}
REVIEW_BITS: dict[ReviewReason, int] = {reason: 1 << place for place, reason in enumerate(ReviewReason)}


@dataclass(frozen=True, slots=True, eq=False)
class RunFindings:
    """What a run found in ``n`` different texts, with ``m`` topics assigned to them in all.

    Attributes:
        topic_ids: The topics of the run's taxonomy, in its order.
        text_of_row: ``int32`` per row of the survey: the number of its text, 0 to n - 1.
        overall: ``int8`` n: code of the response's sentiment; 0 where the text was not analyzed, because its chunk
            failed or was canceled.
        other: ``int8`` n: code of the reason why no topic was assigned; 0 where there are topics, or no finding.
        confidence: ``float32`` n, 0 to 1.
        review: ``uint16`` n: bits of the reasons why a person should look.
        offsets: ``int64`` n + 1: the topics of text i stand at ``offsets[i]`` to ``offsets[i + 1]`` in the next five,
            the surest first.
        topics: ``int16`` m: place in ``topic_ids``.
        sentiments: ``int8`` m.
        topic_confidence: ``float32`` m.
        evidence_starts, evidence_ends: ``int32`` m: offsets in the text, in characters.
    """

    topic_ids: tuple[str, ...]
    text_of_row: NDArray[np.int32]
    overall: NDArray[np.int8]
    other: NDArray[np.int8]
    confidence: NDArray[np.float32]
    review: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    topics: NDArray[np.int16]
    sentiments: NDArray[np.int8]
    topic_confidence: NDArray[np.float32]
    evidence_starts: NDArray[np.int32]
    evidence_ends: NDArray[np.int32]

    @property
    def row_count(self) -> int:
        """Responses."""
        return len(self.text_of_row)

    @property
    def text_count(self) -> int:
        """Different texts."""
        return len(self.overall)
