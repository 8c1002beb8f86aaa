"""The contract of AnswerRepository, run on SQLite, on a real PostgreSQL server and on the fake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.access.models import Account, Role, Tenant
from services.ports.answers import AnswerRepository
from services.storage.accounts import SqlAccountRepository
from services.storage.answers import SqlAnswerRepository
from services.storage.database import Database
from tests.contract.answer_repository import (
    OTHER_TENANT,
    OTHER_USERNAME,
    START,
    TENANT,
    USERNAME,
    AnswerRepositoryContract,
)
from tests.fakes import FakeAnswerRepository


def database_with_accounts(url: str) -> Database:
    """An empty database that knows both tenants and both accounts."""
    database = Database(url)
    database.migrate()
    accounts = SqlAccountRepository(database)
    for tenant_id in (TENANT, OTHER_TENANT):
        accounts.insert_tenant(Tenant(tenant_id, tenant_id.title()), START)
    for username in (USERNAME, OTHER_USERNAME):
        accounts.insert_account(Account(username, username, Role.AGENT, (TENANT, OTHER_TENANT)), "no password")
    return database


class TestSqlAnswerRepositoryOnSqlite(AnswerRepositoryContract):
    @pytest.fixture
    def repository(self, tmp_path: Path) -> AnswerRepository:
        return SqlAnswerRepository(database_with_accounts(f"sqlite:///{tmp_path / 'answers.sqlite3'}"))


@pytest.mark.postgres
class TestSqlAnswerRepositoryOnPostgres(AnswerRepositoryContract):
    @pytest.fixture
    def repository(self, postgres_database_url: str) -> Iterator[AnswerRepository]:
        database = database_with_accounts(postgres_database_url)
        yield SqlAnswerRepository(database)
        database.close()


class TestFakeAnswerRepository(AnswerRepositoryContract):
    @pytest.fixture
    def repository(self) -> AnswerRepository:
        return FakeAnswerRepository()
