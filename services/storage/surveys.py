"""Surveys and runs in the database."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DatabaseSession

from services.errors import NotFoundError
from services.storage.survey_labels import SqlSurveyLabels
from services.storage.survey_rows import (
    run_of,
    run_row,
    survey_missing,
    survey_of,
    survey_row,
    taxonomy_missing,
)
from services.storage.survey_tables import SurveyRow, SurveyRunRow, SurveyTaxonomyRow, SurveyTaxonomyVersionRow
from services.storage.survey_taxonomies import SqlSurveyTaxonomies
from services.surveys.run_models import SurveyRun
from services.surveys.survey_models import Survey


class SqlSurveyRepository(SqlSurveyTaxonomies, SqlSurveyLabels):
    """See :class:`services.ports.surveys.SurveyRepository`."""

    def insert_survey(self, survey: Survey) -> None:
        try:
            with self._database.transaction() as session:
                _require_wave(session, survey.tenant_id, survey.earlier_wave_id)
                session.add(survey_row(survey))
        except IntegrityError as exc:  # the earlier wave, or the tenant, was deleted in between
            raise survey_missing() from exc

    def get_survey(self, tenant_id: str, survey_id: str) -> Survey:
        with self._database.transaction() as session:
            return survey_of(_own_survey(session, tenant_id, survey_id))

    def list_surveys(self, tenant_id: str, *, limit: int = 100) -> list[Survey]:
        query = (
            select(SurveyRow)
            .where(SurveyRow.tenant_id == tenant_id)
            .order_by(SurveyRow.created_at.desc(), SurveyRow.id.desc())
            .limit(limit)
        )
        with self._database.transaction() as session:
            return [survey_of(row) for row in session.scalars(query)]

    def update_survey(self, tenant_id: str, survey_id: str, *, title: str, earlier_wave_id: str | None) -> None:
        try:
            with self._database.transaction() as session:
                _require_wave(session, tenant_id, earlier_wave_id)
                changed = session.execute(
                    update(SurveyRow)
                    .where(SurveyRow.id == survey_id, SurveyRow.tenant_id == tenant_id)
                    .values(title=title, earlier_wave_id=earlier_wave_id)
                )
                if not changed.rowcount:  # type: ignore[attr-defined]
                    raise survey_missing()
        except IntegrityError as exc:  # the earlier wave was deleted in between
            raise survey_missing() from exc

    def delete_survey(self, tenant_id: str, survey_id: str) -> None:
        with self._database.transaction() as session:
            session.execute(delete(SurveyRow).where(SurveyRow.id == survey_id, SurveyRow.tenant_id == tenant_id))

    def insert_run(self, run: SurveyRun) -> None:
        taxonomy = (
            select(SurveyTaxonomyVersionRow.number)
            .join(SurveyTaxonomyRow, SurveyTaxonomyRow.id == SurveyTaxonomyVersionRow.taxonomy_id)
            .where(
                SurveyTaxonomyRow.tenant_id == run.tenant_id,
                SurveyTaxonomyVersionRow.taxonomy_id == run.taxonomy_id,
                SurveyTaxonomyVersionRow.number == run.taxonomy_version,
            )
        )
        try:
            with self._database.transaction() as session:
                _own_survey(session, run.tenant_id, run.survey_id)
                if session.scalar(taxonomy) is None:
                    raise taxonomy_missing()
                session.add(run_row(run))
        except IntegrityError as exc:  # the survey, or the taxonomy, was deleted in between
            raise survey_missing() from exc

    def get_run(self, tenant_id: str, run_id: str) -> SurveyRun:
        with self._database.transaction() as session:
            row = session.get(SurveyRunRow, run_id)
            if row is None or row.tenant_id != tenant_id:
                raise NotFoundError("This run does not exist in this tenant.", code="run-missing")
            return run_of(row)

    def list_runs(
        self, tenant_id: str, *, survey_id: str | None = None, taxonomy_id: str | None = None, limit: int = 200
    ) -> list[SurveyRun]:
        query = (
            select(SurveyRunRow)
            .where(SurveyRunRow.tenant_id == tenant_id)
            .order_by(SurveyRunRow.created_at.desc(), SurveyRunRow.id.desc())
            .limit(limit)
        )
        if survey_id is not None:
            query = query.where(SurveyRunRow.survey_id == survey_id)
        if taxonomy_id is not None:
            query = query.where(SurveyRunRow.taxonomy_id == taxonomy_id)
        with self._database.transaction() as session:
            return [run_of(row) for row in session.scalars(query)]

    def delete_run(self, tenant_id: str, run_id: str) -> None:
        with self._database.transaction() as session:
            session.execute(delete(SurveyRunRow).where(SurveyRunRow.id == run_id, SurveyRunRow.tenant_id == tenant_id))


def _own_survey(session: DatabaseSession, tenant_id: str, survey_id: str) -> SurveyRow:
    row = session.get(SurveyRow, survey_id)
    if row is None or row.tenant_id != tenant_id:
        raise survey_missing()
    return row


def _require_wave(session: DatabaseSession, tenant_id: str, survey_id: str | None) -> None:
    if survey_id is not None:
        _own_survey(session, tenant_id, survey_id)
