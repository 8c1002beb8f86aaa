"""What the commands share: services that log quietly, and errors as two plain lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.errors import AppError

if TYPE_CHECKING:
    from services.bootstrap import Services

EXIT_ERROR = 2
NICENESS_OF_LONG_WORK = 10


def open_services() -> Services:
    """The services for one command. Routine log lines stay out of the way unless FRONTLINE_LOG_LEVEL asks for them.

    Raises:
        ConfigurationError: a setting is missing or wrong.
        BackendUnavailableError: the database cannot be reached.
    """
    from services.bootstrap import build_services
    from services.settings import load_settings

    quiet = {} if "FRONTLINE_LOG_LEVEL" in os.environ else {"log_level": "WARNING"}
    return build_services(load_settings(**quiet))


def give_way() -> None:
    """Lower the priority of this process: agents who ask on the same machine come first."""
    if hasattr(os, "nice"):
        os.nice(NICENESS_OF_LONG_WORK)


def tenant_id(value: str) -> str:
    """A tenant id as typed on the command line: upper and lower case are the same."""
    return value.strip().lower()


def print_error(error: AppError) -> None:
    """One line what happened, one line what to do, on stderr."""
    print(f"Error: {error.message_for_user}", file=sys.stderr)
    print(error.remedy, file=sys.stderr)


def print_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table of plain text with aligned columns."""
    widths = [max(len(cell) for cell in column) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
