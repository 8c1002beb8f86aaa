"""What people said about single responses: corrections of a run, and gold labels to measure runs with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class LabelChange:
    """What a person changes in one response or in many at once.

    Attributes:
        topics: In place of the present ones; None leaves those. A topic without a sentiment keeps what a person said of
            it before.
        add: Topics that join the present ones. A sentiment replaces what was said before.
        remove: Ids of topics that go.
        sentiment: Of the whole response; None leaves it as it is.
    """

    topics: tuple[LabeledTopic, ...] | None = None
    add: tuple[LabeledTopic, ...] = ()
    remove: tuple[str, ...] = ()
    sentiment: Sentiment | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing at all."""
        return self.topics is None and not self.add and not self.remove and self.sentiment is None


@dataclass(frozen=True, slots=True)
class GoldProblem:
    """A row of a gold file that was not kept.

    Attributes:
        row: Counted from 1 below the names of the columns.
        code: ``no-response``, ``not-in-survey``, ``other-text``, ``unknown-topic``, ``unknown-sentiment``,
            ``contradiction``.
        message: One sentence without the response's text.
    """

    row: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class GoldImport:
    """What came of a file with gold labels.

    Attributes:
        kept: Different texts that have a gold label of the file now.
        responses: Responses with these texts.
        other: Of ``kept``: those with no topic.
        replaced: Of ``kept``: those that had another gold label before.
        repeated: Rows that say again what an earlier row said of the same text.
        unlabeled: Rows without topics and sentiment, not labeled yet as it seems.
        problem_counts: How many rows were not kept, by code.
        unknown_topics: Topics that the taxonomy does not have, with the number of rows; the commonest first.
        problems: The first of the rows that were not kept.
    """

    kept: int
    responses: int
    other: int
    replaced: int
    repeated: int
    unlabeled: int
    problem_counts: Mapping[str, int]
    unknown_topics: Mapping[str, int]
    problems: tuple[GoldProblem, ...]

    @property
    def not_in_survey(self) -> int:
        """Rows whose response the survey does not have."""
        return self.problem_counts.get("not-in-survey", 0)

    @property
    def refused(self) -> int:
        """Rows that were not kept because of what stands in them."""
        return sum(self.problem_counts.values())


def key_of_text(text: str) -> str:
    """What names a response's text in labels: 32 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
