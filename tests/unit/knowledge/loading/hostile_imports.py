"""Asked in a child process."""

from __future__ import annotations

import sys


def imported_modules() -> list[str]:
    """The modules that the process has imported."""
    return sorted(sys.modules)
