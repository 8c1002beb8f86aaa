"""The migrations make exactly the tables that the code expects, wherever and however often they run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, MetaData, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeEngine

# Imported so that their tables join the metadata, whichever test runs first.
from services.storage import (  # noqa: F401
    feedback_tables,
    golden_run_tables,
    image_tables,
    job_tables,
    model_call_tables,
    rate_tables,
    source_tables,
    survey_tables,
)
from services.storage.database import MIGRATIONS, Database
from services.storage.tables import Base
from tests.serving import ROOT


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.sqlite3'}"
    return str(request.getfixturevalue("postgres_database_url"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database(url)
    yield made
    made.close()


def differences(database: Database) -> list[Any]:
    """What separates the database from the tables in the code."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def test_upgrade_from_nothing_makes_the_tables_of_the_code(database: Database) -> None:
    database.migrate()
    assert differences(database) == []


def test_second_upgrade_changes_nothing(database: Database) -> None:
    database.migrate()
    database.migrate()
    assert differences(database) == []


def test_upgrade_of_a_database_in_use_loses_no_row(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    now = datetime.now(UTC)
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        first = MetaData()
        first.reflect(connection)
        rows: dict[str, dict[str, object]] = {
            "tenant": {"id": "pharmacy", "name": "Pharmacy"},
            "document": {"tenant_id": "pharmacy", "id": "a.md", "current_version": 1},
            "document_version": {"tenant_id": "pharmacy", "document_id": "a.md", "version": 1, "owner": "Grace"},
            "snapshot": {"tenant_id": "pharmacy", "number": 1},
            "account": {"username": "ana"},
            "conversation": {"id": "c", "tenant_id": "pharmacy", "username": "ana"},
            "answer": {"id": "a", "tenant_id": "pharmacy", "conversation_id": "c"},
        }
        for name, given in rows.items():
            table = first.tables[name]
            needed = {column.name: _some_value(column.type, now) for column in table.columns if not column.nullable}
            connection.execute(table.insert().values({**needed, **given}))
    database.migrate()
    with database.engine.connect() as connection:
        for name in rows:
            assert connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() == 1, name  # noqa: S608
        assert connection.execute(text("SELECT owner FROM document")).scalar() == "Grace"
    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(text("INSERT INTO account_tenant (username, tenant_id) VALUES ('nobody', 'pharmacy')"))


def _some_value(kind: TypeEngine[Any], now: datetime) -> object:
    values: dict[type, object] = {Boolean: False, Integer: 1, Float: 1.0, JSON: [], DateTime: now, Date: now.date()}
    return next((value for known, value in values.items() if isinstance(kind, known)), "x")


def test_downgrade_takes_back_what_the_upgrade_made(database: Database) -> None:
    database.migrate()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}


def test_processes_that_start_together_do_not_disturb_each_other(url: str, database: Database) -> None:
    program = "import sys; from services.storage.database import Database; Database(sys.argv[1]).migrate()"
    running = [
        subprocess.Popen([sys.executable, "-c", program, url], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert differences(database) == []


def test_threads_that_start_together_do_not_disturb_each_other(url: str, database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda _: Database(url).migrate(), range(4)):
            pass
    assert differences(database) == []


def test_revisions_form_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
