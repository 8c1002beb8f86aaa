"""Runs a command of the app in this process, as a shell would see it."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.__main__ import main


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str


def run_command(home: Path, *arguments: str) -> Ended:
    """Run ``python -m app`` with these arguments and FRONTLINE_HOME."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FRONTLINE_HOME", str(home))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(list(arguments))
            except SystemExit as exit_of_command:
                code = int(exit_of_command.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())
