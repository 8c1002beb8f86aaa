"""Quotas in the database that all workers share."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import case, select, text, update
from sqlalchemy.orm import Session as DatabaseSession

from services.errors import BackendThrottledError
from services.storage.database import Database
from services.storage.image_rows import insertion_into
from services.storage.rate_tables import RateBucketRow

_MINUTE_SECONDS = 60.0
# A tenth more or less does not matter to services that count by the minute; a whole minute's amount at once would.
BURST_SECONDS = 10.0


class SqlRateLimits:
    """See :class:`services.ports.rate_limits.RateLimits`.

    Args:
        clock: Seconds since 1970. By default the database's own clock where it is a server, since machines differ.
    """

    def __init__(self, database: Database, clock: Callable[[], float] | None = None) -> None:
        self._database = database
        self._clock = clock

    def reserve(self, name: str, amount: float, per_minute: float, *, most_wait_seconds: float) -> float:
        takes_seconds = amount / per_minute * _MINUTE_SECONDS
        # What is larger than a burst needs a full bucket.
        head_start = BURST_SECONDS - min(takes_seconds, BURST_SECONDS)
        with self._database.transaction() as session:
            now = self._now(session)
            latest = now + most_wait_seconds + head_start
            full_at = _booked(session, name, now, latest, takes_seconds)
            if full_at is None:
                session.execute(
                    insertion_into(session, RateBucketRow).values(name=name, full_at=now).on_conflict_do_nothing()
                )
                full_at = _booked(session, name, now, latest, takes_seconds)
            if full_at is not None:
                return max(0.0, full_at - takes_seconds - head_start - now)
            wait_seconds = _full_at(session, name) - head_start - now
        raise BackendThrottledError(
            "So many requests wait for this model that the account's quota is used up for the moment.",
            code="quota-reached",
            remedy="Wait a minute and try again. An administrator can have the quota raised, and set the new one.",
            retry_after_seconds=wait_seconds,
        )

    def settle(self, name: str, reserved: float, used: float, per_minute: float) -> None:
        difference = (used - reserved) / per_minute * _MINUTE_SECONDS
        with self._database.transaction() as session:
            session.execute(
                update(RateBucketRow)
                .where(RateBucketRow.name == name)
                .values(full_at=RateBucketRow.full_at + difference)
                .execution_options(synchronize_session=False)
            )

    def _now(self, session: DatabaseSession) -> float:
        if self._clock is not None:
            return self._clock()
        if session.get_bind().dialect.name == "postgresql":
            return float(session.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0.0)
        return time.time()


def _booked(session: DatabaseSession, name: str, now: float, latest: float, takes_seconds: float) -> float | None:
    """When the bucket is full again after this booking; None when there is no such bucket, or it is full too late."""
    begins = case((RateBucketRow.full_at > now, RateBucketRow.full_at), else_=now)
    booked: float | None = session.scalar(
        update(RateBucketRow)
        .where(RateBucketRow.name == name, RateBucketRow.full_at <= latest)
        .values(full_at=begins + takes_seconds)
        .returning(RateBucketRow.full_at)
        .execution_options(synchronize_session=False)
    )
    return booked


def _full_at(session: DatabaseSession, name: str) -> float:
    return session.scalars(select(RateBucketRow.full_at).where(RateBucketRow.name == name)).one()
