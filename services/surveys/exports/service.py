"""Hands out what was found: as a workbook, as CSV, as JSON lines, and as a report to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import BinaryIO, TypeVar

from services.surveys.evaluation_models import Evaluation
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import WaveComparison
from services.surveys.exploring.run_view import NO_FILTER, RunView
from services.surveys.exports import columns
from services.surveys.exports.models import ExportTable, SheetGuide
from services.surveys.exports.report_page import report_page
from services.surveys.exports.run_report import survey_report, workbook_notes
from services.surveys.exports.run_tables import (
    data_table,
    evaluation_table,
    pair_table,
    response_objects,
    trend_table,
    wave_table,
)
from services.surveys.exports.text_exports import write_csv, write_json_objects
from services.surveys.exports.workbook_export import write_workbook

# Hears how many responses are written.
RowListener = Callable[[int], object]

_ROWS_BETWEEN = 1_000
_One = TypeVar("_One")


class SurveyExports:
    """Makes the exports. Text that a spreadsheet would run as a formula is neutralized in the workbook and in CSV.

    Summaries, trends and all other figures count topics as the view does, the data each topic on its own.

    Everything is of the responses that fit a filter; tables list those without a word too, so that the rows of a whole
    survey come back complete. Rows go to the target as they are made, so that many need little memory.

    Args:
        now: The clock, for tests.
    """

    def __init__(self, *, now: Callable[[], datetime] | None = None) -> None:
        self._now = now or (lambda: datetime.now(UTC))

    def workbook(
        self,
        target: BinaryIO,
        view: RunView,
        chosen: ResponseFilter = NO_FILTER,
        *,
        title: str = "",
        score: str = "",
        evaluation: Evaluation | None = None,
        waves: WaveComparison | None = None,
        on_rows: RowListener | None = None,
    ) -> None:
        """An Excel workbook: a guide, the data, a summary, a cross-tab per segment, trend, pairs, and what is given.

        Args:
            score: What the impact is on; none when empty.

        Raises:
            InputError: ``unknown-column``.
        """
        report = survey_report(view, chosen, title, score, self._now().date())
        report = replace(report, notes=(*workbook_notes(view, chosen), *report.notes))
        tables: list[ExportTable] = []
        trend = view.trend(chosen)
        if trend.totals:
            tables.append(trend_table(trend))
        tables.append(pair_table(view.co_occurrence(chosen)))
        if waves is not None:
            tables.append(wave_table(waves))
        if evaluation is not None:
            tables.append(evaluation_table(evaluation, view.detail.topics))
        write_workbook(report, _heard_table(data_table(view, chosen), on_rows), target, tables=tables)

    def csv(
        self,
        target: BinaryIO,
        view: RunView,
        chosen: ResponseFilter = NO_FILTER,
        *,
        on_rows: RowListener | None = None,
    ) -> None:
        """One row per response, UTF-8 with a byte order mark so that spreadsheets read it right."""
        write_csv(_heard_table(data_table(view, chosen), on_rows), target)

    def jsonl(
        self,
        target: BinaryIO,
        view: RunView,
        chosen: ResponseFilter = NO_FILTER,
        *,
        on_rows: RowListener | None = None,
    ) -> None:
        """One JSON object per response, UTF-8, for programs."""
        write_json_objects(_heard(response_objects(view, chosen), on_rows), target)

    def report_html(self, view: RunView, chosen: ResponseFilter = NO_FILTER, title: str = "", score: str = "") -> str:
        """A page with charts that needs nothing from outside: to send, to read and to print.

        Args:
            title: That of the survey when empty.
            score: What the impact is on; none when empty.

        Raises:
            InputError: ``unknown-column``.
        """
        return report_page(survey_report(view, chosen, title, score, self._now().date()))

    def column_guide(self) -> tuple[SheetGuide, ...]:
        """What stands in every sheet and file, and what each column means."""
        return columns.column_guide()


def _heard_table(table: ExportTable, on_rows: RowListener | None) -> ExportTable:
    return replace(table, rows=_heard(table.rows, on_rows))


def _heard(made: Iterable[_One], on_rows: RowListener | None) -> Iterable[_One]:
    return made if on_rows is None else _told(made, on_rows)


def _told(made: Iterable[_One], on_rows: RowListener) -> Iterator[_One]:
    count = 0
    for count, one in enumerate(made, start=1):
        yield one
        if not count % _ROWS_BETWEEN:
            on_rows(count)
    on_rows(count)
