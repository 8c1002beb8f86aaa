"""What was said to models and what they replied, kept for a while without personal data, for whoever must look into it.

One document, JSON and gzip, for each call: ``<tenant>/<year>/<month>/<day>/<id>.json.gz``, days of UTC.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.errors import ConflictError, NotFoundError
from services.logs import get_logger
from services.ports.files import FileStore
from services.ports.model_calls import ModelCall, attributed, current_attribution
from services.ports.privacy import PersonalDataDetector
from services.privacy.captured_values import ValueMasker

POLICY_FILE = "capture.json"
# Work for the capture itself: a detector that is asked over the network makes calls of its own.
PURPOSE = "capture"
_NOBODY = "-"

_log = get_logger(__name__)


class CallCapture:
    """Keeps calls; may be slow, so that callers should not wait for it. Safe to use from many threads.

    Args:
        files: A place of its own, apart from everything else.
        detector: Finds the personal data that is masked.
        share: Which share of the calls is kept, 0 to 1; the same call is always kept or always not.
        days: How long they are kept.
        announce: Told when calls are kept here for the first time, or with other numbers than before.
        now: The clock, for tests.
    """

    def __init__(
        self,
        files: FileStore,
        detector: PersonalDataDetector,
        *,
        share: float = 1.0,
        days: int = 30,
        announce: Callable[[float, int], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._files = files
        self._detector = detector
        self._share = share
        self._days = days
        self._announce = announce
        self._now = now
        self._lock = threading.Lock()
        self._is_announced = False

    def keep(self, call: ModelCall, request: Any, reply: Any) -> None:
        """Mask and keep a call, if it is among those that are kept; kept again it replaces itself.

        Raises:
            BackendError: its personal data could not be found, or it could not be stored; nothing of it is kept.
        """
        attribution = call.attribution or current_attribution()
        identity = _identity(call, request, reply)
        if attribution.purpose == PURPOSE or int(identity[:8], 16) >= self._share * 2**32:
            return
        self._tell_policy()
        now = self._now().astimezone(UTC)
        with attributed(purpose=PURPOSE):
            masker = ValueMasker(self._detector)
            said = {"request": masker.masked(request), "reply": masker.masked(reply)}
        facts = asdict(call)
        del facts["attribution"]
        values = {
            "id": identity,
            "at": now.isoformat(timespec="seconds"),
            "tenant": attribution.tenant_id,
            "purpose": attribution.purpose,
            **facts,
            "masked": dict(masker.counts),
            **said,
        }
        document = json.dumps(values, ensure_ascii=False, default=str).encode(errors="replace")
        tenant = re.sub(r"[^A-Za-z0-9_.-]", "-", attribution.tenant_id).strip(".") or _NOBODY
        name = f"{tenant}/{now:%Y/%m/%d}/{identity}.json.gz"
        self._files.write(name, gzip.compress(document, 6, mtime=0))

    def prune(self) -> int:
        """Delete what is older than it may be; returns how many days of a tenant that were.

        Raises:
            BackendError: the storage did not answer; what is left is deleted the next time.
        """
        oldest = self._now().astimezone(UTC).date() - timedelta(days=self._days)
        count = 0
        for tenant in self._files.folders():
            for folder, day in self._days_of(tenant):
                if day < oldest:
                    self._files.delete_folder(folder)
                    count += 1
        if count:
            _log.info("captured-calls-deleted", days=count, before=oldest.isoformat())
        return count

    def describe(self) -> str:
        """What is kept, in two sentences for administrators."""
        share = "Every call" if self._share >= 1 else f"{self._share:.1%} of the calls"
        days = "1 day" if self._days == 1 else f"{self._days:,} days"
        return (
            f"{share} of models and paid services is kept for {days} with what was asked and replied. "
            "Personal data that is recognized is masked; pictures and vectors are left out."
        )

    def check_ready(self) -> None:
        """Raise BackendError when a call could not be masked and kept now."""
        self._files.check_ready()
        self._detector.check_ready()

    def _tell_policy(self) -> None:
        with self._lock:
            if self._is_announced:
                return
            policy = json.dumps({"share": self._share, "days": self._days}).encode()
            try:
                before = self._files.read(POLICY_FILE)
            except NotFoundError:
                before = b""
            if before != policy:
                if before:
                    self._files.write(POLICY_FILE, policy)
                else:
                    self._write_first(policy)
                if self._announce is not None:
                    self._announce(self._share, self._days)
                _log.info("calls-are-captured", share=self._share, days=self._days)
            self._is_announced = True

    def _write_first(self, policy: bytes) -> None:
        try:
            self._files.write_new(POLICY_FILE, policy)
        except ConflictError:  # another process, just now: it told, or tells other numbers
            self._files.write(POLICY_FILE, policy)

    def _days_of(self, tenant: str) -> list[tuple[str, date]]:
        found = []
        for year in self._files.folders(tenant):
            for month in self._files.folders(f"{tenant}/{year}"):
                for day in self._files.folders(f"{tenant}/{year}/{month}"):
                    try:
                        found.append((f"{tenant}/{year}/{month}/{day}", date(int(year), int(month), int(day))))
                    except ValueError:
                        continue  # not ours
        return found


def _identity(call: ModelCall, request: Any, reply: Any) -> str:
    """32 hexadecimal digits that are the same for the same call."""
    digest = hashlib.sha256(repr(call).encode(errors="replace"))
    for value in (request, reply):
        _feed(digest, value)
    return digest.hexdigest()[:32]


def _feed(digest: Any, value: Any) -> None:
    if isinstance(value, dict):
        for key, one in value.items():
            digest.update(f"{key}:".encode(errors="replace"))
            _feed(digest, one)
    elif isinstance(value, list | tuple):
        for one in value:
            _feed(digest, one)
    elif isinstance(value, bytes | bytearray):
        digest.update(value)
    else:
        digest.update(f"{value};".encode(errors="replace"))
