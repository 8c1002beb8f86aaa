"""The contract of surveys, runs, taxonomies and labels: SQLite, PostgreSQL, and the fake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from services.access.models import Tenant
from services.errors import BackendUnavailableError
from services.ports.surveys import SurveyRepository
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.survey_tables import LabelRevisionRow, ResponseLabelRow, SurveyRow, SurveyTaxonomyRow
from services.storage.surveys import SqlSurveyRepository
from services.storage.tables import TenantRow
from tests.contract.survey_repository import SurveyRepositoryContract
from tests.contract.survey_samples import OTHER_TENANT, START, TENANT, new_label, new_run, new_survey
from tests.survey_fakes import FakeSurveyRepository


def prepared(url: str) -> Iterator[Database]:
    """An empty database that knows both tenants."""
    database = Database(url)
    database.migrate()
    for tenant_id in (TENANT, OTHER_TENANT):
        SqlAccountRepository(database).insert_tenant(Tenant(tenant_id, tenant_id.title()), START)
    yield database
    database.close()


class OnDatabase(SurveyRepositoryContract):
    @pytest.fixture
    def repository(self, database: Database) -> SurveyRepository:
        return SqlSurveyRepository(database)

    def test_tenant_goes_with_its_surveys_runs_taxonomies_and_labels(
        self, filled: SurveyRepository, database: Database
    ) -> None:
        filled.insert_survey(new_survey(2, earlier_wave_id="s1"))
        filled.insert_run(new_run())
        filled.save_labels(TENANT, [new_label()])
        with database.transaction() as session:
            session.execute(delete(TenantRow).where(TenantRow.id == TENANT))
        with database.transaction() as session:
            for table in (SurveyRow, SurveyTaxonomyRow, ResponseLabelRow, LabelRevisionRow):
                assert session.scalar(select(func.count()).select_from(table)) == 0


class TestSurveysOnSqlite(OnDatabase):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        yield from prepared(f"sqlite:///{tmp_path / 'surveys.sqlite3'}")


@pytest.mark.postgres
class TestSurveysOnPostgres(OnDatabase):
    @pytest.fixture
    def database(self, postgres_database_url: str) -> Iterator[Database]:
        yield from prepared(postgres_database_url)


class TestFake(SurveyRepositoryContract):
    @pytest.fixture
    def repository(self) -> SurveyRepository:
        return FakeSurveyRepository()

    def test_fake_can_be_out_of_reach(self) -> None:
        fake = FakeSurveyRepository()
        fake.broken = True
        with pytest.raises(BackendUnavailableError):
            fake.list_surveys(TENANT)
