"""Opens the database: engine, sessions, migrations."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from services.errors import BackendUnavailableError
from services.logs import get_logger

MIGRATIONS = Path(__file__).with_name("migrations")
_SWITCH_SECONDS = 5.0

_log = get_logger(__name__)


class Database:
    """One engine per process; hands out short transactions.

    Args:
        url: SQLAlchemy URL. SQLite files are opened in WAL mode with foreign keys on.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        options: dict[str, Any] = {"pool_pre_ping": True}
        if parsed.get_backend_name() == "sqlite":
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            options = {"connect_args": {"timeout": 30}}
        self.engine: Engine = create_engine(parsed, **options)
        if parsed.get_backend_name() == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block and rolls back on an error.

        Raises:
            BackendUnavailableError: the database cannot be reached or is locked for too long.
        """
        try:
            with self._sessions.begin() as session:
                yield session
        except DBAPIError as exc:
            if _unavailable(exc):
                raise BackendUnavailableError("The database did not answer.", code="database-unavailable") from exc
            raise

    def migrate(self) -> None:
        """Bring the tables up to date; safe to call at every start and from several processes.

        Tables that a newer version has brought further are left as they are: during an upgrade, and after it was taken
        back, the version before runs on them. docs/operations.md has the rule that migrations keep for that.

        Raises:
            BackendUnavailableError: the database cannot be reached.
        """
        try:
            self._migrate()
        except DBAPIError as exc:
            if not _unavailable(exc):
                raise
            raise BackendUnavailableError(
                "The database cannot be reached or written to.",
                code="database-unavailable",
                remedy="Check FRONTLINE_DATABASE_URL and that the database is running.",
            ) from exc

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.connect() as connection:
            postgres = self.engine.dialect.name == "postgresql"
            if postgres:
                # Two processes that start together must not both create the tables.
                connection.execute(text("SELECT pg_advisory_lock(727274)"))
            else:
                # SQLite changes a table by making it anew; with the rule on, dropping the old one would take along the
                # rows of every table that refers to it.
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
                unknown = sorted(set(MigrationContext.configure(connection).get_current_heads()) - known)
                if unknown:
                    _log.warning("database-is-newer", revisions=unknown)
                else:
                    config.attributes["connection"] = connection
                    command.upgrade(config, "head")
                    connection.commit()
            finally:
                connection.rollback()
                if postgres:
                    connection.execute(text("SELECT pg_advisory_unlock(727274)"))
                    connection.commit()
                else:
                    connection.exec_driver_sql("PRAGMA foreign_keys=ON")

    def check_ready(self) -> None:
        """Raise BackendUnavailableError when a trivial query fails."""
        with self.transaction() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _unavailable(error: DBAPIError) -> bool:
    """Whether the database is the trouble, not the statement: unreachable, locked, lost, or a damaged SQLite file."""
    return isinstance(error, OperationalError) or error.connection_invalidated or type(error) is DatabaseError


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=30000")
    _use_write_ahead_log(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _use_write_ahead_log(cursor: Any) -> None:
    """Switch a new file over; SQLite does not wait for others who do the same at this moment, so this does."""
    give_up_at = time.monotonic() + _SWITCH_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up_at:
                raise
            time.sleep(0.02)
        else:
            return
