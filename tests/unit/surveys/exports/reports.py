"""A small report with everything that can go wrong in a cell or a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]

from services.surveys.cross_tabs import cross_tab
from services.surveys.exports.cells import CellValue
from services.surveys.exports.models import (
    ExportColumn,
    ExportTable,
    Quote,
    SurveyReport,
    TopicSummary,
    TopicTrend,
    TrendPoint,
)
from services.surveys.statistics import Impact, Interval, wilson_interval

COLUMNS = (
    ExportColumn("id", "Of the response."),
    ExportColumn("text", "What was written, personal data masked."),
    ExportColumn("score", "From 0 to 10."),
    ExportColumn("day", "When it was submitted."),
)
FORMULAS = ("=1+1", "+49 30 1234", "-2 stars", "@SUM(A1)", "\t=1+1", "\r=1+1", "\uff1d1+1")
ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def data_table(count: int = 3) -> ExportTable:
    """As many rows as there are formulas, then plain ones."""

    def rows() -> Iterator[Sequence[CellValue]]:
        for number, text in enumerate(FORMULAS):
            yield f"=id{number}", text, -number, date(2026, 3, number + 1)
        for number in range(count):
            yield f"r{number}", f"Plain “text” {number}", None, None

    return ExportTable("Data", COLUMNS, rows())


def report() -> SurveyReport:
    """Two topics, one of them named like an attack; a trend, a cross-tab, quotes."""
    campus = np.arange(120) % 2 == 0
    has_topic = np.column_stack([campus, np.arange(120) % 3 == 0])
    choices = pa.array([["=Campus"] if is_campus else ["Downtown/North"] for is_campus in campus])
    share = wilson_interval(60, 120)
    impact = Impact(Interval(-1.5, -2.0, -1.0), Interval(-1.2, -1.8, -0.6), 0.001, 60, -0.75)
    return SurveyReport(
        title="Coffee app, wave 2",
        facts=(("Responses", "120"), ("Period", "Sep 2026")),
        summaries=(
            TopicSummary("Prices", 60, share, 10, 5, 40, 5, impact),
            TopicSummary(f"=Staff {ATTACK}", 40, wilson_interval(40, 120), 30, 5, 5),
        ),
        trends=tuple(
            TopicTrend(topic, tuple(TrendPoint(period, share) for period in ("Mar 2026", "Sep 2026")))
            for topic in ("Prices", "Staff")
        ),
        cross_tabs=(cross_tab("Region/Store: all", choices, ("Prices", "=Staff"), has_topic),),
        quotes=(Quote("Prices", f"So expensive & slow. {ATTACK}", 3, 12),),
        score_name="NPS",
        notes=("Made on this machine.",),
    )
