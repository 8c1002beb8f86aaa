"""What a service was paid for: every good reply, by what was asked."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter


class PaidReplies:
    """Counts good replies by the content of the request. May be used from any thread."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, *content: bytes | str) -> None:
        """Count a reply to this content."""
        digest = hashlib.sha256()
        for part in content:
            digest.update(hashlib.sha256(part.encode() if isinstance(part, str) else part).digest())
        with self._lock:
            self._counts[digest.hexdigest()] += 1

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._counts.clear()

    @property
    def replies(self) -> int:
        """How many there were."""
        with self._lock:
            return self._counts.total()

    @property
    def twice(self) -> int:
        """How many of them had been paid for before."""
        with self._lock:
            return self._counts.total() - len(self._counts)
