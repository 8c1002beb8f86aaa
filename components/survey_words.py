"""The words for what columns, responses, personal data and runs of surveys are and how they are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from components.document_words import counted
from components.markdown_text import in_one_line
from components.times import day
from services.privacy.models import PersonalDataKind
from services.surveys.chosen_columns import ColumnRole, SurveyColumns
from services.surveys.marks import Mark
from services.surveys.prepared_facts import ScoreFacts, SurveyFacts
from services.surveys.response_tables import TableFormat

ROLES: Mapping[ColumnRole, str] = MappingProxyType(
    {
        ColumnRole.TEXT: "Question",
        ColumnRole.ID: "Id",
        ColumnRole.DATE: "Date",
        ColumnRole.SEGMENT: "Segment",
        ColumnRole.SCORE: "Score",
        ColumnRole.OTHER: "Not used",
    }
)

ROLE_MEANINGS: Mapping[ColumnRole, str] = MappingProxyType(
    {
        ColumnRole.TEXT: "an open question: what people wrote in their own words",
        ColumnRole.ID: "tells the responses apart",
        ColumnRole.DATE: "when somebody answered, for trends",
        ColumnRole.SEGMENT: "a choice, or several, to compare groups by",
        ColumnRole.SCORE: "a number on a scale, such as a recommendation from 0 to 10",
        ColumnRole.OTHER: "is left out and not stored",
    }
)

SEPARATORS: Mapping[str, str] = MappingProxyType(
    {"one": "One", ";": "Several, with ;", ",": "Several, with ,", "|": "Several, with |"}
)

# A word, an icon and what it means for the analysis.
MARKS: Mapping[Mark, tuple[str, str, str]] = MappingProxyType(
    {
        Mark.EMPTY: ("Empty", ":material/check_box_outline_blank:", "No answer; counted, not analyzed."),
        Mark.JUNK: ("Junk", ":material/delete_sweep:", "Such as “asdf” or “n/a”; counted as Other."),
        Mark.TOO_SHORT: ("Too short", ":material/short_text:", "Too little to tell a topic from."),
        Mark.TOO_LONG: ("Very long", ":material/notes:", "The end may not be read; flagged for a look."),
        Mark.NON_ENGLISH: ("Not English", ":material/translate:", "Analyzed less surely; flagged for a look."),
        Mark.DUPLICATE: ("Repeated", ":material/content_copy:", "The same words again; analyzed once, counted all."),
    }
)

FORMATS: Mapping[TableFormat, str] = MappingProxyType(
    {
        TableFormat.CSV: "CSV",
        TableFormat.TSV: "TSV",
        TableFormat.XLSX: "Excel workbook",
        TableFormat.JSONL: "JSON lines",
    }
)
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_PLURALS = {"e-mail": "e-mails", "address": "addresses"}


def delimiter_words(delimiter: str) -> str:
    """How cells are parted in a text file; empty where nothing parts them."""
    return f"cells parted by {_DELIMITERS.get(delimiter, f'“{delimiter}”')}" if delimiter else ""


def kind_words(kind: PersonalDataKind, count: int) -> str:
    """How often a kind of personal data was masked, such as "12 phone numbers"."""
    noun = kind.value if count == 1 else _PLURALS.get(kind.value, f"{kind.value}s")
    return f"{count:,} {noun}"


def days_words(facts: SurveyFacts) -> str:
    """From when to when people answered; empty when that is not known."""
    if facts.first_day is None or facts.last_day is None:
        return ""
    if facts.first_day == facts.last_day:
        return day(facts.first_day)
    return f"{day(facts.first_day)} to {day(facts.last_day)}"


def score_words(score: ScoreFacts) -> str:
    """The scale that a score was seen on."""
    if score.low is None or score.high is None:
        return "no numbers"
    return f"{score.low:g} to {score.high:g}"


def used_words(columns: SurveyColumns) -> list[str]:
    """Which columns are used for what, a line each; Markdown."""

    def named(*names: str) -> str:
        return ", ".join(f"“{in_one_line(name, 60)}”" for name in names)

    lines = [f"**{counted(len(columns.texts), 'question')}**: {named(*columns.texts)}"]
    if columns.id:
        lines.append(f"**Id**: {named(columns.id)}")
    else:
        lines.append("**Id**: none, so the rows are numbered")
    if columns.date:
        lines.append(f"**Date**: {named(columns.date)}")
    if columns.segments:
        lines.append(f"**Segments**: {named(*(segment.name for segment in columns.segments))}")
    if columns.scores:
        lines.append(f"**Scores**: {named(*columns.scores)}")
    return lines
