"""Every column of every export is documented."""

from __future__ import annotations

from services.surveys.exports.columns import column_guide
from tests.unit.surveys.exports.column_tables import PAGE, column_tables, tables_in


def test_the_page_explains_every_column() -> None:
    assert tables_in(PAGE.read_text(encoding="utf-8")) == column_tables(), (
        "run: python -m tests.unit.surveys.exports.column_tables"
    )


def test_every_column_has_a_name_of_its_own_in_its_sheet_and_a_meaning() -> None:
    for sheet in column_guide():
        names = [column.name for column in sheet.columns]
        assert len(set(names)) == len(names)
        assert all(len(column.meaning) > 5 and column.meaning.endswith(".") for column in sheet.columns)
