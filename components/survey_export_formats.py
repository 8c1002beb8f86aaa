"""The formats in which findings can be taken away, and what makes each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from services.surveys.exploring.filters import ResponseFilter

XLSX, CSV, JSONL, REPORT = "Excel", "CSV", "JSON lines", "Report"


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format.

    Attributes:
        meaning: What is in the file and what it is good for.
        noun: What a button calls the file.
        is_report: Whether it has a title and a score of its own.
        is_light: Whether many rows are written in seconds.
        has_rows: Whether each response is a row of it.
    """

    name: str
    ending: str
    media_type: str
    icon: str
    meaning: str
    noun: str
    is_report: bool = False
    is_light: bool = True
    has_rows: bool = True


FORMATS: Mapping[str, ExportFormat] = MappingProxyType(
    {
        one.name: one
        for one in (
            ExportFormat(
                XLSX,
                "xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                ":material/table_view:",
                "A workbook: responses, a summary per topic, cross-tabs, trend and waves, and what each column means.",
                "workbook",
                is_report=True,
                is_light=False,
            ),
            ExportFormat(
                CSV,
                "csv",
                "text/csv",
                ":material/table_rows:",
                "One row per response, for a spreadsheet or statistics.",
                "CSV file",
            ),
            ExportFormat(
                JSONL,
                "jsonl",
                "application/x-ndjson",
                ":material/data_object:",
                "One object per response, for programs.",
                "JSON lines",
            ),
            ExportFormat(
                REPORT,
                "html",
                "text/html",
                ":material/description:",
                "One page with charts, tables and quotes, to send and to print. It needs no network.",
                "report",
                is_report=True,
                has_rows=False,
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What a person wants as a file.

    Attributes:
        title, score: Of a report; empty for data alone.
        by_main: Whether the figures of a report are those of main topics.
    """

    kind: ExportFormat
    chosen: ResponseFilter
    title: str = ""
    score: str = ""
    by_main: bool = False
