"""The contract of KnowledgeRepository on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.access.models import Tenant
from services.ports.knowledge import KnowledgeRepository
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.knowledge import SqlKnowledgeRepository
from tests.contract.knowledge_repository import OTHER_TENANT, TENANT, KnowledgeRepositoryContract
from tests.contract.knowledge_samples import LOADED_AT
from tests.knowledge_fakes import FakeKnowledgeRepository


def database_with_tenants(url: str) -> Database:
    """An empty database that knows both tenants."""
    database = Database(url)
    database.migrate()
    accounts = SqlAccountRepository(database)
    for tenant_id in (TENANT, OTHER_TENANT):
        accounts.insert_tenant(Tenant(tenant_id, tenant_id.title()), LOADED_AT)
    return database


class TestSqlKnowledgeRepositoryOnSqlite(KnowledgeRepositoryContract):
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Iterator[KnowledgeRepository]:
        database = database_with_tenants(f"sqlite:///{tmp_path / 'knowledge.sqlite3'}")
        yield SqlKnowledgeRepository(database)
        database.close()


@pytest.mark.postgres
class TestSqlKnowledgeRepositoryOnPostgres(KnowledgeRepositoryContract):
    @pytest.fixture
    def repository(self, postgres_database_url: str) -> Iterator[KnowledgeRepository]:
        database = database_with_tenants(postgres_database_url)
        yield SqlKnowledgeRepository(database)
        database.close()


class TestFakeKnowledgeRepository(KnowledgeRepositoryContract):
    @pytest.fixture
    def repository(self) -> KnowledgeRepository:
        return FakeKnowledgeRepository()
