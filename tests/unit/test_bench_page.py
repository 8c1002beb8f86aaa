"""The page of benchmarks says what was measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.__main__ import PARTS, drawn_page
from bench.page import Record, goals, load, percent, save, section, spread, table, with_section
from bench.places import PAGE, RESULTS


def record(part: str = "start") -> Record:
    return Record(part, "2026-11-21", "python -m bench start --data DIR --home DIR", "2 cores", 0.5, {"seconds": 3})


def test_every_section_of_the_page_is_drawn_from_the_figures_that_are_kept() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert drawn_page(page) == page, "run: python -m bench page"


@pytest.mark.parametrize("part", [part.value for part in PARTS])
def test_every_part_has_figures_and_a_section(part: str) -> None:
    assert load(RESULTS, part) is not None
    assert f"<!-- {part}: begin -->\n" in PAGE.read_text(encoding="utf-8")


def test_kept_figures_name_no_folder_of_a_machine() -> None:
    for path in (*RESULTS.glob("*.json"), PAGE):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"(?<![\w/])/(?:tmp|home|root|work|opt|Users)/", text), path.name


def test_record_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    save(tmp_path / "results", record())
    assert load(tmp_path / "results", "start") == record()


def test_part_that_was_never_measured_has_no_record(tmp_path: Path) -> None:
    assert load(tmp_path, "start") is None


def test_section_says_date_command_and_machine() -> None:
    drawn = section(record(), lambda figures: f"{figures['seconds']} s")
    assert drawn == (
        "3 s\n\nMeasured 2026-11-21 by `python -m bench start --data DIR --home DIR` on 2 cores; "
        "load average 0.5 when the run began."
    )


def test_only_what_stands_between_the_markers_of_a_part_is_replaced() -> None:
    page = "a\n<!-- x: begin -->\nold \\1\n<!-- x: end -->\nb\n<!-- y: begin -->\n<!-- y: end -->\n"
    drawn = with_section(page, "x", "new \\1")
    assert drawn == page.replace("old \\1", "new \\1")
    assert with_section(drawn, "x", "new \\1") == drawn


def test_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="no markers for x"):
        with_section("nothing", "x", "new")


def test_table_aligns_figures_to_the_right() -> None:
    assert table(("What", "ms"), [("search", "4")]) == "| What | ms |\n| --- | ---: |\n| search | 4 |"


def test_goal_that_was_missed_stands_out() -> None:
    drawn = goals([("median", "≤ 1", "2", False), ("errors", "0", "0", True)])
    assert drawn.splitlines()[2:] == ["| median | ≤ 1 | 2 | **no** |", "| errors | 0 | 0 | yes |"]


def test_share_is_drawn_as_percent() -> None:
    assert percent(0.9712) == "97.1 %"


def test_spread_is_median_and_95th_percentile() -> None:
    assert spread([float(value) for value in range(101)]) == {"p50": 50.0, "p95": 95.0}
