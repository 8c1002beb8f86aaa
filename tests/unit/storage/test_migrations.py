"""The migrations make exactly the tables that the code expects, wherever and however often they run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

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
