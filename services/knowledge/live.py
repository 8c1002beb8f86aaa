"""Which snapshot answers: the published one, or the one before while that is damaged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.errors import AppError, ConfigurationError, NotFoundError
from services.knowledge.models import Snapshot
from services.logs import get_logger
from services.ports.knowledge import KnowledgeIndex, KnowledgeRepository

# What the files of one snapshot are to blame for; with a missing embedding model, for one, no other would do better.
DAMAGE_CODES = frozenset({"snapshot-damaged", "snapshot-missing", "snapshot-format"})
# So long is a damaged snapshot not opened again: checking its sums takes time, and every question would wait for it.
SECONDS_BETWEEN_TRIALS = 60.0

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Trouble:
    published: int
    error: AppError
    serving: Snapshot | None
    until: float


class LiveSnapshots:
    """Knows what answers for every tenant. Safe to call from many threads.

    Args:
        clock: Seconds that only grow, for tests.
    """

    def __init__(
        self, repository: KnowledgeRepository, index: KnowledgeIndex, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._repository = repository
        self._index = index
        self._clock = clock
        self._troubles: dict[str, _Trouble] = {}
        self._lock = threading.Lock()

    def require(self, tenant: str) -> Snapshot:
        """The snapshot that answers now; that it can be searched is not promised where the storage does not answer.

        Raises:
            NotFoundError: nothing is published, or the tenant is archived.
            ConfigurationError: the published snapshot is damaged and no earlier one can take its place.
        """
        published = self._repository.published_snapshot(tenant)
        if published is None and self._repository.is_archived(tenant):
            raise NotFoundError(
                "This knowledge base was archived, so it does not answer any more.",
                code="tenant-archived",
                remedy="Choose another tenant, or ask an administrator to bring this one back.",
            )
        if published is None:
            raise NotFoundError(
                "This knowledge base has no published version yet.",
                code="nothing-published",
                remedy="An administrator must load and publish it.",
            )
        trouble = self._troubles.get(tenant)
        if trouble is not None and trouble.published == published.number and self._clock() < trouble.until:
            return _serving(trouble)
        try:
            self._index.open_snapshot(tenant, published.number)
        except AppError as error:
            if error.code in DAMAGE_CODES:
                return _serving(self._fall_back(tenant, published, error))
            # The search will meet the same; by then the question is stored and can be tried again.
            return published
        if trouble is not None:
            with self._lock:
                self._troubles.pop(tenant, None)
        return published

    def trouble_of(self, tenant: str) -> str:
        """What is wrong with the published snapshot, as far as questions met it; empty when nothing is."""
        trouble = self._troubles.get(tenant)
        published = self._repository.published_snapshot(tenant)
        if trouble is None or published is None or published.number != trouble.published:
            return ""
        return _words(trouble)

    def check_ready(self) -> None:
        """Raise ConfigurationError when some tenant is not answered from what was published."""
        for tenant in list(self._troubles):
            words = self.trouble_of(tenant)
            if words:
                raise ConfigurationError(
                    f"{tenant}: {words}",
                    code="snapshot-damaged",
                    remedy="Build and publish a new version of this knowledge base.",
                )

    def published_before(self, tenant: str, number: int) -> Iterator[int]:
        """Numbers that were published before this one, latest first; what was rolled back from does not count."""
        stack: list[int] = []
        for publication in reversed(self._repository.list_publications(tenant, limit=500)):
            if publication.number in stack:
                del stack[stack.index(publication.number) :]
            stack.append(publication.number)
        if number in stack:
            del stack[stack.index(number) :]
        yield from reversed(stack)

    def _fall_back(self, tenant: str, published: Snapshot, error: AppError) -> _Trouble:
        serving = self._first_that_opens(tenant, published.number)
        trouble = _Trouble(published.number, error, serving, self._clock() + SECONDS_BETWEEN_TRIALS)
        with self._lock:
            self._troubles[tenant] = trouble
        _log.error(
            "published snapshot cannot be opened",
            tenant=tenant,
            number=published.number,
            code=error.code,
            answering_from=serving.number if serving else None,
        )
        return trouble

    def _first_that_opens(self, tenant: str, published: int) -> Snapshot | None:
        there = {snapshot.number: snapshot for snapshot in self._repository.list_snapshots(tenant)}
        for number in self.published_before(tenant, published):
            if number not in there:
                continue
            try:
                self._index.open_snapshot(tenant, number)
            except (ConfigurationError, NotFoundError):
                continue
            return there[number]
        return None


def _serving(trouble: _Trouble) -> Snapshot:
    if trouble.serving is None:
        raise trouble.error
    return trouble.serving


def _words(trouble: _Trouble) -> str:
    if trouble.serving is None:
        return f"Version {trouble.published} cannot be opened, and there is no earlier one to answer from."
    return f"Version {trouble.published} cannot be opened; version {trouble.serving.number} answers instead."
