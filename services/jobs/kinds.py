"""The kinds of jobs that there are, each made when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

from services.ports.jobs import JobKind


class LazyJobKinds(Mapping[str, JobKind]):
    """Kinds by name; the names are known without making any.

    Args:
        factories: Makes the kind of that name; called once, by the first who asks.
    """

    def __init__(self, factories: Mapping[str, Callable[[], JobKind]]) -> None:
        self._factories = dict(factories)
        self._made: dict[str, JobKind] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> JobKind:
        with self._lock:
            if name not in self._made:
                self._made[name] = self._factories[name]()
            return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._factories

    def __iter__(self) -> Iterator[str]:
        return iter(self._factories)

    def __len__(self) -> int:
        return len(self._factories)
