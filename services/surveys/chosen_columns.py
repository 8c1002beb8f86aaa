"""The columns of a survey that are kept, and what for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]

from services.errors import InputError
from services.surveys.response_tables import ResponseTable


class ColumnRole(StrEnum):
    """What a column is in a survey."""

    TEXT = "text"  # open-ended answers
    ID = "id"
    DATE = "date"
    SEGMENT = "segment"  # a choice, or several
    SCORE = "score"  # NPS, stars, satisfaction
    OTHER = "other"  # not used


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a column seems to be.

    Attributes:
        reason: Why, in a sentence without its full stop's subject: ``Whole numbers from 0 to 10``.
        filled_share: Of the rows, 0 to 1.
        distinct_count: Different filled cells.
        examples: Up to three different filled cells, cut at 80 characters.
        separator: What stands between several choices in one cell; empty when there is one choice.
    """

    name: str
    role: ColumnRole
    reason: str
    filled_share: float
    distinct_count: int
    examples: tuple[str, ...] = ()
    separator: str = ""


@dataclass(frozen=True, slots=True)
class SegmentColumn:
    """A column of choices.

    Attributes:
        separator: What stands between several choices in one cell; empty when there is one choice.
    """

    name: str
    separator: str = ""


@dataclass(frozen=True, slots=True)
class SurveyColumns:
    """The columns that are kept, and what for.

    Attributes:
        texts: The open-ended questions; at least one.
        id: None numbers the rows.
    """

    texts: tuple[str, ...]
    id: str | None = None
    date: str | None = None
    segments: tuple[SegmentColumn, ...] = ()
    scores: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (
            *self.texts,
            *filter(None, (self.id, self.date)),
            *(segment.name for segment in self.segments),
            *self.scores,
        )


def choose_columns(
    table: ResponseTable, guesses: Sequence[ColumnGuess], chosen: Mapping[str, ColumnRole] | None = None
) -> SurveyColumns:
    """The columns as guessed, with a person's choices in place of guesses.

    Args:
        chosen: Role by the name of the column.

    Raises:
        InputError: ``no-text-column``, ``unknown-column``, ``several-ids``, ``several-dates`` or ``id-not-unique``.
    """
    wanted = dict(chosen or {})
    for name in wanted:
        table.column(name)
    roles = {guess.name: wanted.get(guess.name, guess.role) for guess in guesses}
    for single in (ColumnRole.ID, ColumnRole.DATE):
        # The id that a person picks takes the place of the guessed one.
        if single in wanted.values():
            roles.update({name: ColumnRole.OTHER for name in roles if roles[name] is single and name not in wanted})

    def of(role: ColumnRole) -> list[str]:
        return [name for name in table.columns if roles.get(name) is role]

    separators = {guess.name: guess.separator for guess in guesses}
    ids, dates = of(ColumnRole.ID), of(ColumnRole.DATE)
    for found, code, what in ((ids, "several-ids", "id"), (dates, "several-dates", "date")):
        if len(found) > 1:
            raise InputError(
                f"Several columns are picked as the {what}: {', '.join(f'“{name}”' for name in found)}.",
                code=code,
                remedy="Pick one of them, and set the others to “other”.",
            )
    columns = SurveyColumns(
        texts=tuple(of(ColumnRole.TEXT)),
        id=ids[0] if ids else None,
        date=dates[0] if dates else None,
        segments=tuple(SegmentColumn(name, separators.get(name, "")) for name in of(ColumnRole.SEGMENT)),
        scores=tuple(of(ColumnRole.SCORE)),
    )
    check_columns(table, columns)
    return columns


def check_columns(table: ResponseTable, columns: SurveyColumns) -> None:
    """See that the columns are there and fit what they are picked for.

    Raises:
        InputError: ``no-text-column``, ``unknown-column``, ``column-twice`` or ``id-not-unique``.
    """
    if not columns.texts:
        raise InputError(
            f"{table.name} has no column of open-ended answers, or none is picked.",
            code="no-text-column",
            remedy="Pick the column that holds what people wrote in their own words.",
        )
    for name in columns.names:
        table.column(name)
    twice = sorted({name for name in columns.names if columns.names.count(name) > 1})
    if twice:
        raise InputError(
            f"The column “{twice[0]}” is picked for two things.",
            code="column-twice",
            remedy="Pick each column for one thing only.",
        )
    if columns.id is not None:
        ids = table.column(columns.id)
        filled = ids.filter(pc.not_equal(ids, ""))
        repeated = len(filled) - int(pc.count_distinct(filled).as_py())
        if repeated:
            raise InputError(
                f"The ids in the column “{columns.id}” are not unique: {repeated:,} rows repeat another row's id.",
                code="id-not-unique",
                remedy="Pick another column, or none: then the rows are numbered.",
            )
