"""Which Chromium drives the browser tests; run as a module, it installs one where none is there.

It is looked for in ``FRONTLINE_TEST_CHROMIUM``, among the system's programs, and where Playwright keeps its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VARIABLE = "FRONTLINE_TEST_CHROMIUM"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
OS_RELEASE = Path("/etc/os-release")


def find_chromium() -> str | None:
    """Path of a Chromium, or None."""
    named = os.environ.get(VARIABLE)
    if named:
        return named if Path(named).exists() else None
    installed = (shutil.which(program) for program in PROGRAMS)
    return next(filter(None, installed), None) or _playwright_chromium()


def required() -> bool:
    """Whether a missing browser is a failure instead of a gap that is said aloud."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def ensure_chromium() -> str | None:
    """The Chromium that is there, or the one that could be installed; None when neither works."""
    found = find_chromium()
    if found or os.environ.get(VARIABLE):
        return found
    if _is_debian():
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        _run(*as_root, "apt-get", "update", "-qq")
        _run(*as_root, "apt-get", "install", "-qq", "--yes", "--no-install-recommends", "chromium")
        found = find_chromium()
    if found is None:
        _run(sys.executable, "-m", "playwright", "install", "chromium")
        found = find_chromium()
    return found


def _is_debian() -> bool:
    # Ubuntu's package of that name only asks for a snap, which does not run everywhere.
    return OS_RELEASE.is_file() and "ID=debian" in OS_RELEASE.read_text(encoding="utf-8").splitlines()


def _playwright_chromium() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _run(*command: str) -> None:
    print("+", *command, flush=True)
    try:
        subprocess.run(command, check=False)
    except OSError as error:
        print(f"  {error}", flush=True)


def main() -> int:
    """Exit code 0 when the browser tests can run, or when they may be left out."""
    found = ensure_chromium()
    if found:
        print(f"Browser tests use {found}.")
        return 0
    line = "!" * 88
    print(
        f"{line}\nTHERE IS NO CHROMIUM, SO THE BROWSER TESTS CANNOT RUN.\n"
        f"Install Chromium, or name one: {VARIABLE}=/path/to/chromium make test\n{line}",
        file=sys.stderr,
    )
    return 1 if required() else 0


if __name__ == "__main__":
    sys.exit(main())
