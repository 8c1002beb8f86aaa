"""The logins of the database that take turns, with the very statements of docs/operations.md."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import create_engine, make_url, text

from services.storage.database import Database
from tests.serving import ROOT

PASSWORD = "0123456789abcdef"
STATEMENTS = re.findall(
    r'^    sql "(.+)"$', (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"), re.MULTILINE
)


def opened(url: str, login: str) -> Database:
    address = make_url(url).set(username=login, password=PASSWORD)
    return Database(address.render_as_string(hide_password=False))


@pytest.fixture
def owned_database_url(postgres_database_url: str) -> str:
    """An empty database that a login owns which may make logins and is no superuser, as in a managed database."""
    name = make_url(postgres_database_url).database
    administration = create_engine(postgres_database_url, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.execute(text(f"CREATE ROLE frontline_owner LOGIN PASSWORD '{PASSWORD}' CREATEROLE"))
        connection.execute(text(f'ALTER DATABASE "{name}" OWNER TO frontline_owner'))
    administration.dispose()
    return postgres_database_url


@pytest.mark.postgres
def test_logins_take_turns_and_each_goes_on_with_what_the_other_made(owned_database_url: str) -> None:
    owner = opened(owned_database_url, "frontline_owner")
    owner.migrate()

    def as_owner(statement: str) -> None:
        with owner.transaction() as session:
            session.execute(text(statement.replace("…", PASSWORD)))

    *once, turn, end_of_turn = STATEMENTS
    for statement in once:
        as_owner(statement)
    first = opened(owned_database_url, "frontline_a")
    first.migrate()
    with first.transaction() as session:
        session.execute(text("CREATE TABLE made_by_first (id integer)"))
        session.execute(text("CREATE SCHEMA jobs_of_first"))
    as_owner(turn)
    first.close()
    as_owner(end_of_turn)
    second = opened(owned_database_url, "frontline_b")
    second.migrate()
    with second.transaction() as session:
        session.execute(text("ALTER TABLE made_by_first ADD COLUMN name text"))
        session.execute(text("ALTER TABLE tenant ADD COLUMN note text"))
    with owner.transaction() as session:
        assert session.scalars(text("SELECT count(*) FROM tenant")).one() == 0  # who runs with the owner's goes on
    second.close()
    owner.close()
