"""Files that were built to be taken away: on this machine's disk, until they are fetched or some hours old."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from services.errors import BackendUnavailableError, NotFoundError

_KEPT_SECONDS = 6 * 3600.0
_ID = re.compile(r"[0-9a-f]{32}")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class BuiltExport:
    """A file that waits to be fetched.

    Attributes:
        id: Whoever knows it, and may see surveys of the tenant, can fetch the file.
        path: Its last part is what the file is called.
    """

    id: str
    path: Path
    size_bytes: int


class BuiltExports:
    """Keeps built files, each in a folder of its own below that of its survey. Safe to use from many threads.

    Args:
        folder: None makes one for as long as the machine keeps temporary files.
        now: Seconds since 1970, for tests.
    """

    def __init__(self, folder: Path | None = None, *, now: Callable[[], float] = time.time) -> None:
        self._given = folder
        self._now = now
        self._lock = threading.Lock()

    def build(self, tenant_id: str, survey_id: str, file_name: str, write: Callable[[BinaryIO], object]) -> BuiltExport:
        """Write a file; when that fails or is broken off, nothing of it is left.

        Args:
            write: Gets the open file.

        Raises:
            BackendUnavailableError: ``disk-full``. What ``write`` raises passes.
        """
        self._tidy()
        export_id = uuid.uuid4().hex
        place = self._folder / tenant_id / survey_id / export_id
        try:
            place.mkdir(parents=True, mode=0o700)
            path = place / file_name
            with path.open("wb") as file:
                write(file)
            return BuiltExport(export_id, path, path.stat().st_size)
        except OSError as error:
            shutil.rmtree(place, ignore_errors=True)
            if error.errno in _FULL:
                raise BackendUnavailableError(
                    "There is no space left for the file.",
                    code="disk-full",
                    remedy="An administrator must make room on the server's disk; then build it again.",
                ) from error
            raise
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise

    def find(self, tenant_id: str, export_id: str) -> BuiltExport:
        """Raises NotFoundError ``export-missing``: it was never built, or deleted since."""
        self._tidy()
        if _ID.fullmatch(export_id):
            with contextlib.suppress(OSError):
                for path in (self._folder / tenant_id).glob(f"*/{export_id}/*"):
                    return BuiltExport(export_id, path, path.stat().st_size)
        raise NotFoundError(
            "This file is not kept any more.",
            code="export-missing",
            remedy="Build it again under “Export” of the survey.",
        )

    def delete(self, export: BuiltExport) -> None:
        """Remove a file; nothing happens when it is not there."""
        shutil.rmtree(export.path.parent, ignore_errors=True)

    def forget(self, tenant_id: str, survey_id: str) -> None:
        """Remove every file that was built of a survey on this machine."""
        shutil.rmtree(self._folder / tenant_id / survey_id, ignore_errors=True)

    @property
    def _folder(self) -> Path:
        with self._lock:
            if self._given is None:
                self._given = Path(tempfile.mkdtemp(prefix="frontline-exports-"))
            return self._given

    def _tidy(self) -> None:
        oldest = self._now() - _KEPT_SECONDS
        for place in self._folder.glob("*/*/*"):
            with contextlib.suppress(OSError):
                if place.stat().st_mtime < oldest:
                    shutil.rmtree(place, ignore_errors=True)
