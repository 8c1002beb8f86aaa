"""Watches over a process while it works: ends it when its time is over, and sees how much memory it has mapped."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_SAMPLE_SECONDS = 0.1


class Watch:
    """Used as a context; the process is killed when the context lasts longer than it may.

    Attributes:
        was_late: Whether the process was killed for that.
        peak_bytes: The largest address space that was seen; 0 where the system does not tell or nothing was sampled.
    """

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.was_late = False
        self.peak_bytes = 0
        self._process = process
        self._ends = time.monotonic() + seconds
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(min(_SAMPLE_SECONDS, max(0.0, self._ends - time.monotonic()))):
            if time.monotonic() >= self._ends:
                self.was_late = True
                self._process.kill()
                return
            self.peak_bytes = max(self.peak_bytes, address_space_bytes(self._process.pid))


def address_space_bytes(pid: int) -> int:
    """What a process has mapped now; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
