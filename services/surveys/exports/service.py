"""Hands out what was found: as a workbook, as CSV, as JSON lines, and as a report to read."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

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


class SurveyExports:
    """Makes the exports. Text that a spreadsheet would run as a formula is neutralized in the workbook and in CSV.

    Everything is of the responses that fit a filter; tables list those without a word too, so that the rows of a whole
    survey come back complete.

    Args:
        now: The clock, for tests.
    """

    def __init__(self, *, now: Callable[[], datetime] | None = None) -> None:
        self._now = now or (lambda: datetime.now(UTC))

    def workbook(
        self,
        view: RunView,
        chosen: ResponseFilter = NO_FILTER,
        *,
        title: str = "",
        score: str = "",
        evaluation: Evaluation | None = None,
        waves: WaveComparison | None = None,
    ) -> bytes:
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
            tables.append(evaluation_table(evaluation, view.topics))
        target = io.BytesIO()
        write_workbook(report, data_table(view, chosen), target, tables=tables)
        return target.getvalue()

    def csv(self, view: RunView, chosen: ResponseFilter = NO_FILTER) -> bytes:
        """One row per response, UTF-8 with a byte order mark so that spreadsheets read it right."""
        target = io.BytesIO()
        write_csv(data_table(view, chosen), target)
        return target.getvalue()

    def jsonl(self, view: RunView, chosen: ResponseFilter = NO_FILTER) -> bytes:
        """One JSON object per response, UTF-8, for programs."""
        target = io.BytesIO()
        write_json_objects(response_objects(view, chosen), target)
        return target.getvalue()

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
