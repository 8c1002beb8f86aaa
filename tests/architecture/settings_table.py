"""The table of settings in the README, made from services/settings.py.

Run as a module, it writes the table into the README: ``python -m tests.architecture.settings_table``.
"""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from services.settings import Settings
from tests.architecture.source_files import ROOT

README = ROOT / "README.md"
START, END = "<!-- settings: made by python -m tests.architecture.settings_table -->", "<!-- end of settings -->"


def settings_table() -> str:
    """The table in Markdown: name, default, meaning."""
    rows = ["| Setting | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `FRONTLINE_{name.upper()}` | {_shown(field.default)} | {field.description} |")
    return "\n".join(rows)


def table_in(readme: str) -> str:
    """The table that the README holds now."""
    return readme.split(START, 1)[1].split(END, 1)[0].strip()


def _shown(default: object) -> str:
    if default is None or default == ():
        return "unset"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, Enum):
        return f"`{default.value}`"
    if isinstance(default, Path):
        return f"`{os.fspath(default)}`"
    return f"`{default}`"


def write() -> None:
    """Put the table into the README."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(START, 1)
    after = rest.split(END, 1)[1]
    README.write_text(f"{before}{START}\n{settings_table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
