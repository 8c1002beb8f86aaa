"""Transactions and times, on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from services.errors import BackendUnavailableError
from services.storage.database import Database
from services.storage.tables import AccountTenantRow, DocumentRow, TenantRow


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'deep' / 'folder' / 'test.sqlite3'}")
    made.migrate()
    yield made
    made.close()


def tenant(created_at: datetime) -> TenantRow:
    return TenantRow(id="pharmacy", name="Pharmacy", created_at=created_at, settings={})


def test_time_comes_back_as_the_same_moment_in_utc(database: Database) -> None:
    berlin = timezone(timedelta(hours=2))
    moment = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=berlin)
    with database.transaction() as session:
        session.add(tenant(moment))
    with database.transaction() as session:
        read = session.scalars(select(TenantRow.created_at)).one()
    assert read == moment
    assert read.tzinfo is UTC


def test_times_are_ordered_as_moments_whatever_their_zone(database: Database) -> None:
    early = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=5)))
    with database.transaction() as session:
        session.add(tenant(early))
    with database.transaction() as session:
        later = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
        assert session.scalars(select(TenantRow.id).where(TenantRow.created_at < later)).all() == ["pharmacy"]


def test_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="needs a zone"), database.transaction() as session:
        session.add(tenant(datetime(2026, 3, 2, 9, 0)))  # noqa: DTZ001 - that is what is tested


def test_error_in_a_transaction_undoes_all_of_it(database: Database) -> None:
    def fail_after_writing() -> None:
        with database.transaction() as session:
            session.add(tenant(datetime.now(UTC)))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    with database.transaction() as session:
        assert session.scalars(select(TenantRow)).all() == []


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(AccountTenantRow(username="nobody", tenant_id="nowhere"))


def test_deleted_tenant_takes_its_rows_with_it(database: Database) -> None:
    with database.transaction() as session:
        session.add(tenant(datetime.now(UTC)))
        session.flush()
        session.add(DocumentRow(tenant_id="pharmacy", id="a.md", current_version=1, changed_at=datetime.now(UTC)))
    with database.transaction() as session:
        session.execute(text("DELETE FROM tenant"))
        assert session.execute(text("SELECT count(*) FROM document")).scalar() == 0


def test_readers_are_not_held_up_by_a_writer(database: Database) -> None:
    with database.transaction() as writer:
        writer.add(tenant(datetime.now(UTC)))
        writer.flush()
        database.check_ready()


def test_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "test.sqlite3").write_bytes(b"this is no database, " * 100)
    with pytest.raises(BackendUnavailableError) as caught:
        Database(f"sqlite:///{tmp_path / 'test.sqlite3'}").migrate()
    assert caught.value.code == "database-unavailable"


def test_locked_database_is_explained(database: Database) -> None:
    path = str(database.engine.url.database)
    blocker = sqlite3.connect(path)
    blocker.execute("BEGIN EXCLUSIVE")

    def write_without_patience() -> None:
        with database.transaction() as session:
            session.execute(text("PRAGMA busy_timeout=50"))
            session.add(tenant(datetime.now(UTC)))

    try:
        with pytest.raises(BackendUnavailableError):
            write_without_patience()
    finally:
        blocker.close()


def test_server_that_does_not_answer_is_explained_without_its_password() -> None:
    database = Database("postgresql+psycopg://frontline:secret-word@127.0.0.1:9/frontline?connect_timeout=2")
    for call in (database.migrate, database.check_ready):
        with pytest.raises(BackendUnavailableError) as caught:
            call()
        assert "secret-word" not in caught.value.message_for_user + caught.value.remedy


def test_version_before_starts_on_tables_that_a_newer_one_brought_further(database: Database) -> None:
    with database.transaction() as session:
        session.add(tenant(datetime.now(UTC)))
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.migrate()
    with database.transaction() as session:
        assert session.scalars(text("SELECT version_num FROM alembic_version")).all() == ["9999"]
        assert session.scalars(select(TenantRow.id)).all() == ["pharmacy"]
