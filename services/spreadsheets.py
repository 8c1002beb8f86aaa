"""Text in cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

# A spreadsheet takes a cell that starts so for a formula; an apostrophe in front makes it text. The last four are the
# wide forms of East Asian keyboards, which some spreadsheets read alike.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_text(text: str) -> str:
    """The text as a cell that is no formula and begins no row of its own.

    Carriage returns become line feeds: a CSV writer whose rows end in a line feed does not quote them, and a
    spreadsheet would begin a row, perhaps with a formula, behind one.
    """
    text = text.replace("\x00", "")
    guarded = f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
    return guarded.replace("\r\n", "\n").replace("\r", "\n")
