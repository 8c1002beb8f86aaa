"""The contract of SourceRepository on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.errors import ConflictError, NotFoundError
from services.knowledge.source_models import KnowledgeSource, SourceFile, SourceReading
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.sources import SqlSources
from tests.contract.knowledge_repository import OTHER_TENANT, TENANT
from tests.contract.knowledge_samples import LOADED_AT
from tests.contract.test_knowledge_repositories import database_with_tenants

SOURCE = KnowledgeSource("s1", TENANT, "/srv/rules", 60, False, LOADED_AT, "grace", LOADED_AT)


class SourceRepositoryContract:
    """Give a fixture ``database`` that knows both tenants."""

    @pytest.fixture
    def sources(self, database: Database) -> SqlSources:
        made = SqlSources(database)
        made.insert_source(SOURCE)
        return made

    def test_source_comes_back_as_it_was_kept(self, sources: SqlSources) -> None:
        assert sources.get_source(TENANT, "s1") == SOURCE
        assert sources.list_sources(TENANT) == [SOURCE]

    def test_place_is_a_source_of_a_tenant_once(self, sources: SqlSources) -> None:
        with pytest.raises(ConflictError):
            sources.insert_source(replace(SOURCE, id="s2"))
        sources.insert_source(replace(SOURCE, id="s3", tenant_id=OTHER_TENANT))

    def test_source_of_another_tenant_is_not_found(self, sources: SqlSources) -> None:
        assert sources.list_sources(OTHER_TENANT) == []
        for call in (
            lambda: sources.get_source(OTHER_TENANT, "s1"),
            lambda: sources.delete_source(OTHER_TENANT, "s1"),
            lambda: sources.change_source(OTHER_TENANT, "s1", every_minutes=5, publishes=True, next_run_at=None),
        ):
            with pytest.raises(NotFoundError):
                call()

    def test_change_keeps_the_rest(self, sources: SqlSources) -> None:
        sources.change_source(TENANT, "s1", every_minutes=5, publishes=True, next_run_at=None)
        assert sources.get_source(TENANT, "s1") == replace(SOURCE, every_minutes=5, publishes=True, next_run_at=None)

    def test_source_is_due_from_its_time_on_unless_its_tenant_is_archived(
        self, sources: SqlSources, database: Database
    ) -> None:
        assert sources.due_sources(LOADED_AT - timedelta(seconds=1)) == []
        assert sources.due_sources(LOADED_AT) == [SOURCE]
        SqlAccountRepository(database).set_archived(TENANT, LOADED_AT)
        assert sources.due_sources(LOADED_AT) == []

    def test_of_several_who_claim_a_source_one_succeeds(self, sources: SqlSources) -> None:
        later = LOADED_AT + timedelta(hours=1)
        assert [sources.claim(SOURCE, later) for _ in range(3)] == [True, False, False]
        claimed = sources.get_source(TENANT, "s1")
        assert claimed.next_run_at == later
        assert sources.claim(claimed, None)

    def test_reading_and_job_are_kept(self, sources: SqlSources) -> None:
        failure = {"file": "a.pdf", "code": "pdf-damaged", "cause": "It is damaged.", "remedy": "Fetch it again."}
        reading = SourceReading(LOADED_AT, 1, 2, 3, 4, (failure,), "", 7, True, "A note.")
        sources.save_reading(TENANT, "s1", reading)
        sources.set_job(TENANT, "s1", "j1")
        kept = sources.get_source(TENANT, "s1")
        assert (kept.last, kept.job_id) == (reading, "j1")
        sources.save_reading(TENANT, "gone", reading)

    def test_files_are_remembered_by_path(self, sources: SqlSources) -> None:
        first = SourceFile("a.md", "1-1", "0" * 64, ("a.md",))
        sources.save_file("s1", first)
        sources.save_file("s1", SourceFile("b.md", "1-1", "0" * 64, (), True))
        sources.save_file("s1", replace(first, marker="2-2"))
        assert [(file.path, file.marker, file.failed) for file in sources.list_files("s1")] == [
            ("a.md", "2-2", False),
            ("b.md", "1-1", True),
        ]
        sources.delete_files("s1", ["a.md", "unknown.md"])
        assert [file.path for file in sources.list_files("s1")] == ["b.md"]

    def test_documents_of_other_sources_are_known(self, sources: SqlSources) -> None:
        sources.insert_source(replace(SOURCE, id="s2", place="/srv/other"))
        sources.save_file("s1", SourceFile("a.jsonl", "1", "0" * 64, ("a", "b")))
        sources.save_file("s2", SourceFile("c.md", "1", "0" * 64, ("c.md",)))
        assert sources.documents_of_others(TENANT, "s2") == {"a", "b"}
        assert sources.documents_of_others(OTHER_TENANT, "s2") == frozenset()

    def test_removed_source_takes_its_files_along_and_is_not_written_any_more(self, sources: SqlSources) -> None:
        sources.save_file("s1", SourceFile("a.md", "1", "0" * 64))
        sources.delete_source(TENANT, "s1")
        sources.save_file("s1", SourceFile("b.md", "1", "0" * 64))
        assert sources.list_files("s1") == []


class TestSqlSourcesOnSqlite(SourceRepositoryContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        made = database_with_tenants(f"sqlite:///{tmp_path / 'sources.sqlite3'}")
        yield made
        made.close()


@pytest.mark.postgres
class TestSqlSourcesOnPostgres(SourceRepositoryContract):
    @pytest.fixture
    def database(self, postgres_database_url: str) -> Iterator[Database]:
        made = database_with_tenants(postgres_database_url)
        yield made
        made.close()
