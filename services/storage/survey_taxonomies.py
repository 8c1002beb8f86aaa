"""Taxonomies and their versions in the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DatabaseSession

from services.errors import ConflictError
from services.storage.database import Database
from services.storage.survey_rows import name_key, stored_taxonomy_of, taxonomy_missing, version_of, version_row
from services.storage.survey_tables import SurveyRunRow, SurveyTaxonomyRow, SurveyTaxonomyVersionRow
from services.surveys.taxonomy_models import StoredTaxonomy, TaxonomyVersion


class SqlSurveyTaxonomies:
    """The taxonomies of :class:`services.ports.surveys.SurveyRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_taxonomy(self, tenant_id: str, name: str, version: TaxonomyVersion) -> None:
        row = SurveyTaxonomyRow(
            id=version.taxonomy_id,
            tenant_id=tenant_id,
            name=name,
            name_key=name_key(name),
            latest_version=version.number,
            topic_count=len(version.taxonomy.topics),
            changed_at=version.created_at,
        )
        with _taken(name), self._database.transaction() as session:
            session.add(row)
            session.flush()
            session.add(version_row(version))

    def insert_version(self, tenant_id: str, version: TaxonomyVersion) -> None:
        with self._database.transaction() as session:
            # The number first: of two who save at once, the second waits here and finds it changed.
            advanced = session.execute(
                update(SurveyTaxonomyRow)
                .where(
                    SurveyTaxonomyRow.id == version.taxonomy_id,
                    SurveyTaxonomyRow.tenant_id == tenant_id,
                    SurveyTaxonomyRow.latest_version == version.number - 1,
                )
                .values(
                    latest_version=version.number,
                    topic_count=len(version.taxonomy.topics),
                    changed_at=version.created_at,
                )
                .execution_options(synchronize_session=False)
            )
            if not advanced.rowcount:  # type: ignore[attr-defined]
                _own_taxonomy(session, tenant_id, version.taxonomy_id)
                raise ConflictError(
                    "Somebody else changed this taxonomy in the meantime.",
                    code="taxonomy-changed",
                    remedy="Look at the newest version, then make your change again.",
                )
            session.add(version_row(version))

    def rename_taxonomy(self, tenant_id: str, taxonomy_id: str, name: str) -> None:
        with _taken(name), self._database.transaction() as session:
            renamed = session.execute(
                update(SurveyTaxonomyRow)
                .where(SurveyTaxonomyRow.id == taxonomy_id, SurveyTaxonomyRow.tenant_id == tenant_id)
                .values(name=name, name_key=name_key(name))
            )
            if not renamed.rowcount:  # type: ignore[attr-defined]
                raise taxonomy_missing()

    def get_taxonomy(self, tenant_id: str, taxonomy_id: str) -> StoredTaxonomy:
        with self._database.transaction() as session:
            return stored_taxonomy_of(_own_taxonomy(session, tenant_id, taxonomy_id))

    def list_taxonomies(self, tenant_id: str) -> list[StoredTaxonomy]:
        with self._database.transaction() as session:
            rows = session.scalars(select(SurveyTaxonomyRow).where(SurveyTaxonomyRow.tenant_id == tenant_id))
            # Databases sort letters each in their own way.
            return sorted(map(stored_taxonomy_of, rows), key=lambda taxonomy: taxonomy.name.casefold())

    def get_version(self, tenant_id: str, taxonomy_id: str, number: int | None = None) -> TaxonomyVersion:
        with self._database.transaction() as session:
            latest = _own_taxonomy(session, tenant_id, taxonomy_id).latest_version
            row = session.get(SurveyTaxonomyVersionRow, (taxonomy_id, latest if number is None else number))
            if row is None:
                raise taxonomy_missing()
            return version_of(row)

    def list_versions(self, tenant_id: str, taxonomy_id: str) -> list[TaxonomyVersion]:
        query = (
            select(SurveyTaxonomyVersionRow)
            .where(SurveyTaxonomyVersionRow.taxonomy_id == taxonomy_id)
            .order_by(SurveyTaxonomyVersionRow.number.desc())
        )
        with self._database.transaction() as session:
            _own_taxonomy(session, tenant_id, taxonomy_id)
            return [version_of(row) for row in session.scalars(query)]

    def delete_taxonomy(self, tenant_id: str, taxonomy_id: str) -> None:
        own = SurveyTaxonomyRow.id == taxonomy_id, SurveyTaxonomyRow.tenant_id == tenant_id
        in_use = ConflictError(
            "A run was made with this taxonomy, and is read with it.",
            code="taxonomy-in-use",
            remedy="Delete its runs first, or keep it.",
        )
        try:
            with self._database.transaction() as session:
                used = session.scalar(
                    select(SurveyRunRow.id)
                    .where(SurveyRunRow.taxonomy_id == taxonomy_id, SurveyRunRow.tenant_id == tenant_id)
                    .limit(1)
                )
                if used is not None:
                    raise in_use
                session.execute(delete(SurveyTaxonomyRow).where(*own))
        except IntegrityError as exc:  # a run came in between
            raise in_use from exc


@contextmanager
def _taken(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as exc:
        raise ConflictError(
            f"There is a taxonomy named “{name}” already.",
            code="taxonomy-name-taken",
            remedy="Choose another name, or use the one that is there.",
        ) from exc


def _own_taxonomy(session: DatabaseSession, tenant_id: str, taxonomy_id: str) -> SurveyTaxonomyRow:
    row = session.get(SurveyTaxonomyRow, taxonomy_id)
    if row is None or row.tenant_id != tenant_id:
        raise taxonomy_missing()
    return row
