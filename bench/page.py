"""Keeps the figures as JSON and draws the sections of docs/benchmarks.md from them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One part's figures, and what somebody needs to judge them.

    Attributes:
        measured_on: Date, as in 2026-11-21.
        command: What was typed, with DIR in place of folders.
        load_average: Of the machine when the run began.
    """

    part: str
    measured_on: str
    command: str
    machine: str
    load_average: float
    figures: Figures


def save(folder: Path, record: Record) -> None:
    """Write a part's record, replacing the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(record), indent=2, ensure_ascii=False)
    (folder / f"{record.part}.json").write_text(text + "\n", encoding="utf-8")


def load(folder: Path, part: str) -> Record | None:
    """A part's record; None when it was never measured."""
    path = folder / f"{part}.json"
    return Record(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def section(record: Record, draw: Callable[[Figures], str]) -> str:
    """A part's section: its text, then how it was measured."""
    busy = f"load average {record.load_average:g} when the run began"
    measured = f"Measured {record.measured_on} by `{record.command}` on {record.machine}; {busy}."
    return f"{draw(record.figures).strip()}\n\n{measured}"


def with_section(page: str, part: str, text: str) -> str:
    """The page with what stands between the part's markers replaced.

    Raises:
        ValueError: the page has no such markers.
    """
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page has no markers for {part}")
    return pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; every column but the first is aligned to the right."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def goals(rows: Iterable[tuple[str, str, str, bool]]) -> str:
    """A table of goals: what, the goal, what was measured, whether it was reached."""
    drawn = [(what, goal, measured, "yes" if reached else "**no**") for what, goal, measured, reached in rows]
    return table(("Goal", "Wanted", "Measured", "Reached"), drawn)


def percent(share: float) -> str:
    """A share as people write it: 97.1 %."""
    return f"{100 * share:.1f} %"


def spread(values: Sequence[float]) -> Mapping[str, float]:
    """Median and 95th percentile, rounded to three decimals."""
    from bench.metrics import quantile

    ordered = sorted(values)
    return {"p50": round(quantile(ordered, 0.5), 3), "p95": round(quantile(ordered, 0.95), 3)}
