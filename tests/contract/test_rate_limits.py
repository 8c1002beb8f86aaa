"""The contract of shared quotas, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ports.rate_limits import RateLimits
from services.storage.database import Database
from services.storage.rate_limits import SqlRateLimits
from tests.contract.rate_limits import PER_MINUTE, RateLimitsContract
from tests.fakes import FakeClock


class SqlContract(RateLimitsContract):
    """Give a fixture ``database``, empty and migrated."""

    @pytest.fixture
    def rate_limits(self, database: Database, clock: FakeClock) -> RateLimits:
        return SqlRateLimits(database, lambda: clock().timestamp())

    def test_processes_share_their_quotas(self, rate_limits: RateLimits, database: Database, clock: FakeClock) -> None:
        self.reserve(rate_limits, 15)
        other = Database(database.engine.url.render_as_string(hide_password=False))
        try:
            assert self.reserve(SqlRateLimits(other, lambda: clock().timestamp())) == pytest.approx(6.0)
        finally:
            other.close()

    def test_without_a_clock_the_time_is_the_databases_or_the_machines(self, database: Database) -> None:
        limits = SqlRateLimits(database)
        for _ in range(2):
            limits.reserve("model", 5, PER_MINUTE, most_wait_seconds=0)
        limits.reserve("model", 1_000, PER_MINUTE, most_wait_seconds=1_000)
        assert limits.reserve("model", 1, PER_MINUTE, most_wait_seconds=2_000) > 900


class TestSqlRateLimitsOnSqlite(SqlContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        made = Database(f"sqlite:///{tmp_path / 'test.sqlite3'}")
        made.migrate()
        yield made
        made.close()


@pytest.mark.postgres
class TestSqlRateLimitsOnPostgres(SqlContract):
    @pytest.fixture
    def database(self, postgres_database_url: str) -> Iterator[Database]:
        made = Database(postgres_database_url)
        made.migrate()
        yield made
        made.close()
