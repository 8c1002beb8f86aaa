"""What is known of a prepared survey as a whole; it stands in the survey's file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date

from services.privacy.models import PersonalDataKind
from services.surveys.chosen_columns import SegmentColumn, SurveyColumns
from services.surveys.marks import Mark
from services.surveys.response_tables import TableWarning


@dataclass(frozen=True, slots=True)
class QuestionFacts:
    """An open-ended question.

    Attributes:
        marks: How many responses have each mark.
        distinct_count: Different responses that are not empty.
        personal_data: How many of each kind were masked.
        masked_rows: Responses in which something was masked.
    """

    name: str
    marks: dict[Mark, int]
    distinct_count: int
    personal_data: dict[PersonalDataKind, int]
    masked_rows: int


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """A score; ``low`` and ``high`` are None when no cell holds a number.

    Attributes:
        unread_count: Filled cells that are no number.
    """

    name: str
    low: float | None
    high: float | None
    unread_count: int


@dataclass(frozen=True, slots=True)
class SurveyFacts:
    """A survey as a whole.

    Attributes:
        unread_dates: Filled cells that are no date.
        dates_are_ambiguous: Whether day and month could not be told apart; the month was taken to come first.
        hidden_ids: Ids that told who somebody is and were replaced by the number of the row.
        warnings: Of how the file was read.
    """

    source_name: str
    row_count: int
    columns: SurveyColumns
    questions: tuple[QuestionFacts, ...]
    scores: tuple[ScoreFacts, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    unread_dates: int = 0
    dates_are_ambiguous: bool = False
    hidden_ids: int = 0
    warnings: tuple[TableWarning, ...] = ()

    def question(self, name: str) -> QuestionFacts:
        """The facts of one question; the name is one of ``columns.texts``."""
        return next(question for question in self.questions if question.name == name)


def facts_to_json(facts: SurveyFacts) -> str:
    """As JSON text."""
    return json.dumps(asdict(facts), default=date.isoformat, ensure_ascii=False)


def facts_from_json(text: str) -> SurveyFacts:
    """What :func:`facts_to_json` wrote."""
    stored = json.loads(text)
    columns = stored["columns"]
    return SurveyFacts(
        source_name=stored["source_name"],
        row_count=stored["row_count"],
        columns=SurveyColumns(
            texts=tuple(columns["texts"]),
            id=columns["id"],
            date=columns["date"],
            segments=tuple(SegmentColumn(**segment) for segment in columns["segments"]),
            scores=tuple(columns["scores"]),
        ),
        questions=tuple(
            QuestionFacts(
                name=question["name"],
                marks={Mark(mark): count for mark, count in question["marks"].items()},
                distinct_count=question["distinct_count"],
                personal_data={PersonalDataKind(kind): count for kind, count in question["personal_data"].items()},
                masked_rows=question["masked_rows"],
            )
            for question in stored["questions"]
        ),
        scores=tuple(ScoreFacts(**score) for score in stored["scores"]),
        first_day=_day(stored["first_day"]),
        last_day=_day(stored["last_day"]),
        unread_dates=stored["unread_dates"],
        dates_are_ambiguous=stored["dates_are_ambiguous"],
        hidden_ids=stored["hidden_ids"],
        warnings=tuple(TableWarning(**warning) for warning in stored["warnings"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
