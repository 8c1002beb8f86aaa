"""The tables of docs/survey-export.md, as the columns of the exports have them.

python -m tests.unit.surveys.exports.column_tables writes them into the page.
"""

from __future__ import annotations

import re
from pathlib import Path

from services.surveys.exports.columns import column_guide

PAGE = Path(__file__).resolve().parents[4] / "docs" / "survey-export.md"
_BETWEEN = re.compile(r"(?<=<!-- columns: begin -->\n).*(?=<!-- columns: end -->)", re.DOTALL)


def column_tables() -> str:
    """A heading, a sentence and a table per sheet."""
    sections = []
    for sheet in column_guide():
        rows = "\n".join(f"| `{_cell(column.name)}` | {_cell(column.meaning)} |" for column in sheet.columns)
        sections.append(f"### {sheet.title}\n\n{sheet.about}\n\n| Column | Meaning |\n| --- | --- |\n{rows}\n")
    return "\n".join(sections)


def tables_in(page: str) -> str:
    """What stands between the marks of the page."""
    found = _BETWEEN.search(page)
    return found.group() if found else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_BETWEEN.sub(lambda _: column_tables(), text), encoding="utf-8")
