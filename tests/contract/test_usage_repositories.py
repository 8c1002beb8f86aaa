"""The contract of UsageRepository on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ports.answers import AnswerRepository
from services.ports.usage import UsageRepository
from services.storage import usage as usage_storage
from services.storage.answers import SqlAnswerRepository
from services.storage.database import Database
from services.storage.usage import SqlUsageRepository
from tests.contract.test_answer_repositories import database_with_accounts
from tests.contract.usage_repository import UsageRepositoryContract


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'usage.sqlite3'}"
    else:
        url = str(request.getfixturevalue("postgres_database_url"))
    made = database_with_accounts(url)
    yield made
    made.close()


class TestSqlUsageRepository(UsageRepositoryContract):
    @pytest.fixture
    def usage(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> UsageRepository:
        monkeypatch.setattr(usage_storage, "ROWS_AT_ONCE", 10)
        return SqlUsageRepository(database)

    @pytest.fixture
    def answers(self, database: Database) -> AnswerRepository:
        return SqlAnswerRepository(database)
