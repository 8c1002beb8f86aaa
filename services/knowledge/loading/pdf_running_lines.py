"""What repeats on the pages of a PDF: headers, footers and page numbers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from services.knowledge.loading.pdf_lines import body_size, runs_in_tables
from services.knowledge.loading.pdf_runs import Run

_MARGIN_SHARE = 0.14
_PAGE_NUMBER = re.compile(
    r"(?:(?:page|seite|p\.)\s*)?[-–]?\s*\d{1,4}\s*[-–]?(?:\s*(?:of|/|von)\s*\d{1,4})?", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+")
_TABLE_ROWS = 3

# A line, without its numbers where these may count, and its height on the page in steps of four points.
_Key = tuple[str, int]


def without_running_lines(pages: Mapping[int, list[Run]], heights: Mapping[int, float]) -> dict[int, list[Run]]:
    """The pages without their headers, footers and page numbers.

    A line in the upper or lower margin goes when it stands in the same place on most pages (or on most even or odd
    pages), with numbers that are the same on each or count with the pages; a page number goes always. The rows of a
    table stay, though its heading may repeat on every page and its cells may look like page numbers.
    """
    size = body_size(run for runs in pages.values() for run in runs)
    found: dict[_Key, dict[int, tuple[int, ...]]] = defaultdict(dict)
    for number, runs in pages.items():
        for run in runs:
            if _is_in_margin(run, heights[number]):
                found[_key(run, size)][number] = _numbers(run)
    repeated = {key for key, numbers in found.items() if _is_on_most(set(numbers), len(pages)) and _counts(numbers)}
    return {number: _kept(runs, heights[number], repeated, size) for number, runs in pages.items()}


def _kept(runs: list[Run], height: float, repeated: set[_Key], size: float) -> list[Run]:
    running = [
        index
        for index, run in enumerate(runs)
        if _is_in_margin(run, height) and (_PAGE_NUMBER.fullmatch(run.text.strip()) or _key(run, size) in repeated)
    ]
    if not running:
        return runs
    dropped = set(running) - runs_in_tables(runs, _TABLE_ROWS)
    return [run for index, run in enumerate(runs) if index not in dropped]


def _is_in_margin(run: Run, page_height: float) -> bool:
    return run.bottom > page_height * (1 - _MARGIN_SHARE) or run.top < page_height * _MARGIN_SHARE


def _key(run: Run, size: float) -> _Key:
    text = run.text.strip().casefold()
    # "Section 1", "Section 2" at the top of each page are headings: large or bold; running lines are neither.
    may_count = run.size <= size * 1.05 and not run.bold
    return _NUMBER.sub("#", text) if may_count else text, round(run.bottom / 4)


def _numbers(run: Run) -> tuple[int, ...]:
    # No page has a number of more than nine digits, and longer ones take long to read.
    return tuple(int(digits[-9:]) for digits in _NUMBER.findall(run.text))


def _counts(numbers: Mapping[int, tuple[int, ...]]) -> bool:
    """Whether every number in a line is the same on nearly all pages, or grows with them."""
    for position in range(min(len(values) for values in numbers.values())):
        same = Counter(values[position] for values in numbers.values())
        growing = Counter(values[position] - page for page, values in numbers.items())
        if max(same.most_common(1)[0][1], growing.most_common(1)[0][1]) < 0.8 * len(numbers):
            return False
    return True


def _is_on_most(numbers: set[int], page_count: int) -> bool:
    if page_count < 2 or len(numbers) < 2:
        return False
    if len(numbers) >= 0.6 * page_count:
        return True
    halves = [sum(number % 2 == half for number in numbers) for half in (0, 1)]
    return page_count >= 6 and max(halves) >= 0.9 * (page_count // 2)
