"""What people said about single responses: corrections of a run, and gold labels to measure runs with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.surveys.models import Sentiment


class LabelPurpose(StrEnum):
    """What a label is for. A gold label never teaches a run, or it could not measure one."""

    CORRECTION = "correction"
    GOLD = "gold"


@dataclass(frozen=True, slots=True)
class LabeledTopic:
    """A topic that a person gave; ``sentiment`` is None when the person did not say."""

    topic_id: str
    sentiment: Sentiment | None = None


@dataclass(frozen=True, slots=True)
class ResponseLabel:
    """What a person said about a response, and so about every response of the survey with exactly that text.

    Attributes:
        text_key: See :func:`key_of_text`.
        topics: Empty says that no topic fits.
        sentiment: Of the whole response; None when nobody said.
        taxonomy_id: The topics are of this taxonomy; ids are stable over its versions, see ``TaxonomyVersion.moved``.
        taxonomy_version: The version that the person saw.
    """

    purpose: LabelPurpose
    survey_id: str
    question: str
    text_key: str
    taxonomy_id: str
    taxonomy_version: int
    topics: tuple[LabeledTopic, ...]
    sentiment: Sentiment | None
    username: str
    labeled_at: datetime


def key_of_text(text: str) -> str:
    """What names a response's text in labels: 32 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
