"""The documentation knows every setting, command and target, and points to files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from app.__main__ import build_cli
from tests.architecture.settings_table import README, settings_table, table_in
from tests.architecture.source_files import ROOT

PAGES = sorted([README, ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def commands() -> list[str]:
    """The names of all commands."""
    group = typer.main.get_command(build_cli())
    return sorted(group.list_commands(typer.Context(group)))  # type: ignore[attr-defined]


def test_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    assert table_in(README.read_text(encoding="utf-8")) == settings_table(), (
        "run: python -m tests.architecture.settings_table"
    )


@pytest.mark.parametrize("command", commands())
def test_readme_describes_every_command(command: str) -> None:
    assert re.search(rf"`{re.escape(command)}\b", README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_documentation_exist(page: Path) -> None:
    used = set(re.findall(r"python -m app ([a-z][a-z-]+)", page.read_text(encoding="utf-8")))
    assert used <= set(commands())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_in_the_documentation_exist(page: Path) -> None:
    used = set(re.findall(r"FRONTLINE_[A-Z0-9_]*[A-Z]", page.read_text(encoding="utf-8")))
    known = set(re.findall(r"`(FRONTLINE_[A-Z0-9_]+)` \|", settings_table())) | {"FRONTLINE_TEST_CHROMIUM"}
    assert used <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_in_the_documentation_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
