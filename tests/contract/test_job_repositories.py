"""The contracts of jobs and workers, run on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.access.models import Tenant
from services.ports.jobs import JobRepository, JobRuns, WorkerRegistry
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.job_runs import SqlJobRuns
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from tests.contract.job_pausing import JobPausingContract
from tests.contract.job_repository import (
    OTHER_TENANT,
    START,
    TENANT,
    JobRepositoryContract,
)
from tests.contract.job_retrying import JobRetryingContract
from tests.contract.worker_registry import WorkerRegistryContract


def prepared(url: str) -> Iterator[Database]:
    """An empty database that knows both tenants."""
    database = Database(url)
    database.migrate()
    for tenant_id in (TENANT, OTHER_TENANT):
        SqlAccountRepository(database).insert_tenant(Tenant(tenant_id, tenant_id.title()), START)
    yield database
    database.close()


class OnDatabase(JobRepositoryContract, JobPausingContract, JobRetryingContract, WorkerRegistryContract):
    @pytest.fixture
    def repository(self, database: Database) -> JobRepository:
        return SqlJobRepository(database)

    @pytest.fixture
    def runs(self, database: Database) -> JobRuns:
        return SqlJobRuns(database)

    @pytest.fixture
    def registry(self, database: Database) -> WorkerRegistry:
        return SqlWorkerRegistry(database)


class TestJobsOnSqlite(OnDatabase):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        yield from prepared(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")


@pytest.mark.postgres
class TestJobsOnPostgres(OnDatabase):
    @pytest.fixture
    def database(self, postgres_database_url: str) -> Iterator[Database]:
        yield from prepared(postgres_database_url)
