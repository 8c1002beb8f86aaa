"""The contract of GoldenRunRepository on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.knowledge.models import Snapshot, SnapshotStatus
from services.ports.golden_runs import GoldenRunRepository
from services.storage.database import Database
from services.storage.golden_runs import SqlGoldenRuns
from services.storage.knowledge import SqlKnowledgeRepository
from tests.contract.golden_run_repository import OTHER_TENANT, TENANT, GoldenRunRepositoryContract, run
from tests.contract.knowledge_samples import LOADED_AT, record_snapshot
from tests.contract.test_knowledge_repositories import database_with_tenants
from tests.golden_fakes import FakeGoldenRuns


def database_with_snapshots(url: str) -> Database:
    """A database in which both tenants have two snapshots."""
    database = database_with_tenants(url)
    repository = SqlKnowledgeRepository(database)
    for tenant in (TENANT, OTHER_TENANT):
        for number in (1, 2):
            record_snapshot(repository, Snapshot(tenant, number, SnapshotStatus.DRAFT, LOADED_AT, 1, 1, "model"))
    return database


class TestSqlGoldenRunsOnSqlite(GoldenRunRepositoryContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        database = database_with_snapshots(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
        yield database
        database.close()

    @pytest.fixture
    def runs(self, database: Database) -> GoldenRunRepository:
        return SqlGoldenRuns(database)

    def test_run_goes_with_its_snapshot(self, database: Database, runs: GoldenRunRepository) -> None:
        for number in (1, 2):
            runs.save_run(run(number))
        SqlKnowledgeRepository(database).delete_snapshot(TENANT, 2)
        assert runs.latest_run(TENANT, 2) is None
        assert runs.latest_run(TENANT, 1) is not None


@pytest.mark.postgres
class TestSqlGoldenRunsOnPostgres(GoldenRunRepositoryContract):
    @pytest.fixture
    def runs(self, postgres_database_url: str) -> Iterator[GoldenRunRepository]:
        database = database_with_snapshots(postgres_database_url)
        yield SqlGoldenRuns(database)
        database.close()


class TestFakeGoldenRuns(GoldenRunRepositoryContract):
    @pytest.fixture
    def runs(self) -> GoldenRunRepository:
        return FakeGoldenRuns()
