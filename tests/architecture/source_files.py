"""Our own source files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP_ROOMS = ("app", "pages", "components", "services")
ALL_ROOMS = (*APP_ROOMS, "tests", "bench")


def python_files(*rooms: str) -> Iterator[Path]:
    """Every Python file of these folders, without installed packages."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            if ".venv" not in path.parts:
                yield path


def name(path: Path) -> str:
    """The path as a person says it."""
    return path.relative_to(ROOT).as_posix()
