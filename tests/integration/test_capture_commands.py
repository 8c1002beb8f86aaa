"""Captured calls are deleted from the command line, and a command that has nothing to do says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import run_command


def test_captured_calls_whose_time_is_over_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTLINE_CAPTURE_ROOT", str(tmp_path / "capture"))
    for day in ("2020/01/30", "2020/01/31"):
        folder = tmp_path / "capture" / "pharmacy" / day
        folder.mkdir(parents=True)
        (folder / "a.json.gz").write_bytes(b"words")
    ended = run_command(tmp_path / "home", "prune-capture")
    assert (ended.code, ended.out) == (0, "Deleted 2 days of captured calls.\n")
    assert not list((tmp_path / "capture").rglob("*.gz"))


def test_command_says_when_nothing_is_captured(tmp_path: Path) -> None:
    ended = run_command(tmp_path / "home", "prune-capture")
    assert (ended.code, "FRONTLINE_CAPTURE_ROOT" in ended.err) == (2, True)
