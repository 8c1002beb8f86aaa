"""Cells that cannot be formulas."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.spreadsheets import FORMULA_STARTS, safe_text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1"])
def test_text_that_starts_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert safe_text(text).startswith("'")


def test_other_text_stays_as_it_is() -> None:
    assert safe_text("Nice, 5-star = good") == "Nice, 5-star = good"


@given(st.text())
def test_a_cell_stays_one_cell_of_one_row_and_is_never_a_formula(text: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerow(["first", safe_text(text), "last"])
    # As a spreadsheet reads it: a carriage return ends a row as well.
    rows = list(csv.reader(io.StringIO(written.getvalue(), newline="")))
    assert len(rows) == 1
    assert len(rows[0]) == 3
    assert not rows[0][1].startswith(FORMULA_STARTS)
