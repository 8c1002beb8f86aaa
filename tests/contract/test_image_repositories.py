"""The contracts of image batches, their changes and their notices: SQLite, PostgreSQL, and the fakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.access.models import Tenant
from services.jobs.models import Job
from services.ports.images import BatchNotices, ImageChanges, ImageRepository
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.image_changes import SqlImageChanges
from services.storage.image_notices import SqlBatchNotices
from services.storage.images import SqlImageRepository
from services.storage.jobs import SqlJobRepository
from tests.contract.image_repository import (
    OTHER_TENANT,
    START,
    TENANT,
    BatchNoticesContract,
    ImageChangesContract,
    ImageRepositoryContract,
)
from tests.image_fakes import FakeBatchNotices, FakeImageChanges, FakeImageRepository


def prepared(url: str) -> Iterator[Database]:
    """An empty database that knows both tenants and a run of the first one's batch."""
    database = Database(url)
    database.migrate()
    for tenant_id in (TENANT, OTHER_TENANT):
        SqlAccountRepository(database).insert_tenant(Tenant(tenant_id, tenant_id.title()), START)
    run = Job("run1", "composite-images", TENANT, "ana", "Spring", {"batch_id": "b1", "wish": {}}, START)
    SqlJobRepository(database).insert_job(run, [])
    yield database
    database.close()


class OnDatabase(ImageRepositoryContract, ImageChangesContract, BatchNoticesContract):
    @pytest.fixture
    def repository(self, database: Database) -> ImageRepository:
        return SqlImageRepository(database)

    @pytest.fixture
    def changes(self, database: Database) -> ImageChanges:
        return SqlImageChanges(database)

    @pytest.fixture
    def notices(self, database: Database) -> BatchNotices:
        return SqlBatchNotices(database)


class TestImagesOnSqlite(OnDatabase):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        yield from prepared(f"sqlite:///{tmp_path / 'images.sqlite3'}")


@pytest.mark.postgres
class TestImagesOnPostgres(OnDatabase):
    @pytest.fixture
    def database(self, postgres_database_url: str) -> Iterator[Database]:
        yield from prepared(postgres_database_url)


class TestFakes(ImageRepositoryContract, ImageChangesContract, BatchNoticesContract):
    @pytest.fixture
    def repository(self) -> FakeImageRepository:
        made = FakeImageRepository()
        made.runs["run1"] = (TENANT, "b1")
        return made

    @pytest.fixture
    def changes(self, repository: ImageRepository) -> ImageChanges:
        assert isinstance(repository, FakeImageRepository)
        return FakeImageChanges(repository)

    @pytest.fixture
    def notices(self, repository: ImageRepository) -> BatchNotices:
        assert isinstance(repository, FakeImageRepository)
        return FakeBatchNotices(repository)
