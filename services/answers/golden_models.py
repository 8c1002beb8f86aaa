"""The data of golden runs: what became of every golden question in one snapshot, and of two snapshots compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.answers.models import Band
from services.knowledge.models import GoldenQuestion


@dataclass(frozen=True, slots=True)
class GoldenOutcome:
    """What became of one golden question.

    Attributes:
        rank: Place from 1 of the first right document among the documents found; None where none of the first ten is
            right, and for a question that has no right document.
        quote_found: Whether a passage that the agent would see holds an expected sentence; None where none is named.
    """

    question_id: str
    band: Band
    rank: int | None = None
    quote_found: bool | None = None


@dataclass(frozen=True, slots=True)
class GoldenRun:
    """All golden questions of a tenant, asked of one snapshot.

    Attributes:
        fingerprint: Changes when a question, the weights, the cuts or the hidden documents change: then the run is old.
    """

    id: str
    tenant_id: str
    snapshot: int
    at: datetime
    fingerprint: str
    outcomes: tuple[GoldenOutcome, ...]

    def outcome(self, question_id: str) -> GoldenOutcome | None:
        """What became of a question; None when it was not there yet."""
        return next((one for one in self.outcomes if one.question_id == question_id), None)


@dataclass(frozen=True, slots=True)
class GoldenFigures:
    """A run in figures; shares lie in [0, 1] and are 0 without questions.

    Attributes:
        answerable_count: Questions with a right document.
        unanswerable_count: Questions off topic, or about a fact that is missing.
        first: Of the answerable, right document in the first place (R@1).
        first_three: Of the answerable, right document among the first three (R@3).
        kept: Of the answerable, not declined.
        drafted: Of the answerable, answered with a draft.
        quoted: Of the answerable that name a sentence, found in a passage.
        declined: Of the unanswerable, rightly declined.
        wrongly_drafted: Of the unanswerable, answered with a draft all the same.
    """

    answerable_count: int
    unanswerable_count: int
    first: float
    first_three: float
    kept: float
    drafted: float
    quoted: float
    declined: float
    wrongly_drafted: float


class Turn(StrEnum):
    """What happened to a question from one snapshot to another."""

    NOW_FOUND = "now_found"
    NOW_DECLINED = "now_declined"
    NOW_FIRST = "now_first"
    NO_LONGER_FIRST = "no_longer_first"
    NOW_AMONG_THREE = "now_among_three"
    NO_LONGER_AMONG_THREE = "no_longer_among_three"
    NO_LONGER_DRAFTED = "no_longer_drafted"
    NOW_DRAFTED = "now_drafted"

    @property
    def better(self) -> bool:
        """Whether it is a gain; NO_LONGER_DRAFTED and NOW_DRAFTED are said of unanswerable questions only."""
        return self in {Turn.NOW_FOUND, Turn.NOW_FIRST, Turn.NOW_AMONG_THREE, Turn.NO_LONGER_DRAFTED}


@dataclass(frozen=True, slots=True)
class GoldenChange:
    """A question that got better or worse."""

    question: GoldenQuestion
    turn: Turn
    before: GoldenOutcome
    after: GoldenOutcome


@dataclass(frozen=True, slots=True)
class GoldenComparison:
    """Two snapshots on the same golden questions.

    Attributes:
        number: The snapshot that is judged.
        against: The one it is held against; None where there is none, and then nothing is better or worse.
        sentence_lost: Questions whose expected sentence was among the passages and is no more.
    """

    number: int
    against: int | None
    better: tuple[GoldenChange, ...]
    worse: tuple[GoldenChange, ...]
    stayed_count: int
    figures: GoldenFigures
    figures_before: GoldenFigures | None
    sentence_lost: tuple[GoldenQuestion, ...] = ()

    @property
    def has_regressions(self) -> bool:
        """Whether any question got worse."""
        return bool(self.worse)
