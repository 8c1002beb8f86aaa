"""The contract of ModelCallLog on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ports.model_spending import ModelCallLog
from services.storage.database import Database
from services.storage.model_calls import SqlModelCalls
from tests.contract.model_call_log import ModelCallLogContract
from tests.operation_fakes import FakeModelCallLog


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'calls.sqlite3'}"
    else:
        url = str(request.getfixturevalue("postgres_database_url"))
    made = Database(url)
    made.migrate()
    yield made
    made.close()


class TestSqlModelCalls(ModelCallLogContract):
    @pytest.fixture
    def log(self, database: Database) -> ModelCallLog:
        return SqlModelCalls(database)


def test_stand_in_is_a_log() -> None:
    log: ModelCallLog = FakeModelCallLog()
    assert log.spend([], []) == []
