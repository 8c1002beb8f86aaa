"""Corrections and gold labels in the database."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DatabaseSession

from services.storage.database import Database
from services.storage.image_rows import insertion_into
from services.storage.survey_rows import label_of, label_values, survey_missing
from services.storage.survey_tables import LabelRevisionRow, ResponseLabelRow, SurveyRow
from services.surveys.label_models import LabelPurpose, ResponseLabel, key_of_text

_MOST_KEYS_OF_A_STATEMENT = 500
_KEY = ("survey_id", "question_key", "purpose", "text_key")


class SqlSurveyLabels:
    """The labels of :class:`services.ports.surveys.SurveyRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_labels(self, tenant_id: str, labels: Collection[ResponseLabel]) -> None:
        # Of several for one text the last holds.
        rows = {tuple(values[name] for name in _KEY): values for values in map(label_values, labels)}
        if not rows:
            return
        try:
            with self._database.transaction() as session:
                for survey_id in {values["survey_id"] for values in rows.values()}:
                    if not _owns(session, tenant_id, survey_id):
                        raise survey_missing()
                for survey_id, question_key in sorted({key[:2] for key in rows}):
                    _hold(session, survey_id, question_key)
                insertion = insertion_into(session, ResponseLabelRow)
                replaced = {
                    name: insertion.excluded[name]
                    for name in ResponseLabelRow.__table__.columns.keys()  # noqa: SIM118
                    if name not in _KEY
                }
                session.connection().execute(
                    insertion.on_conflict_do_update(index_elements=_KEY, set_=replaced), list(rows.values())
                )
        except IntegrityError as exc:  # the survey was deleted in between
            raise survey_missing() from exc

    def list_labels(
        self, tenant_id: str, survey_id: str, question: str, purpose: LabelPurpose, *, taxonomy_id: str | None = None
    ) -> list[ResponseLabel]:
        query = (
            select(ResponseLabelRow)
            .join(SurveyRow, SurveyRow.id == ResponseLabelRow.survey_id)
            .where(
                SurveyRow.tenant_id == tenant_id,
                ResponseLabelRow.survey_id == survey_id,
                ResponseLabelRow.question_key == key_of_text(question),
                ResponseLabelRow.purpose == purpose.value,
            )
            .order_by(ResponseLabelRow.labeled_at, ResponseLabelRow.text_key)
        )
        if taxonomy_id is not None:
            query = query.where(ResponseLabelRow.taxonomy_id == taxonomy_id)
        with self._database.transaction() as session:
            return [label_of(row, question) for row in session.scalars(query)]

    def delete_labels(
        self, tenant_id: str, survey_id: str, question: str, purpose: LabelPurpose, text_keys: Collection[str]
    ) -> int:
        question_key = key_of_text(question)
        keys = sorted(set(text_keys))
        deleted = 0
        with self._database.transaction() as session:
            if not _owns(session, tenant_id, survey_id):
                return 0
            _hold(session, survey_id, question_key)
            for start in range(0, len(keys), _MOST_KEYS_OF_A_STATEMENT):
                gone = session.execute(
                    delete(ResponseLabelRow)
                    .where(
                        ResponseLabelRow.survey_id == survey_id,
                        ResponseLabelRow.question_key == question_key,
                        ResponseLabelRow.purpose == purpose.value,
                        ResponseLabelRow.text_key.in_(keys[start : start + _MOST_KEYS_OF_A_STATEMENT]),
                    )
                    .execution_options(synchronize_session=False)
                )
                deleted += gone.rowcount  # type: ignore[attr-defined]
        return deleted

    def labels_revision(self, tenant_id: str, survey_id: str, question: str) -> str:
        query = (
            select(LabelRevisionRow.number)
            .join(SurveyRow, SurveyRow.id == LabelRevisionRow.survey_id)
            .where(
                SurveyRow.tenant_id == tenant_id,
                LabelRevisionRow.survey_id == survey_id,
                LabelRevisionRow.question_key == key_of_text(question),
            )
        )
        with self._database.transaction() as session:
            return str(session.scalar(query) or 0)


def _owns(session: DatabaseSession, tenant_id: str, survey_id: str) -> bool:
    own = select(SurveyRow.id).where(SurveyRow.id == survey_id, SurveyRow.tenant_id == tenant_id)
    return session.scalar(own) is not None


def _hold(session: DatabaseSession, survey_id: str, question_key: str) -> None:
    """Say that labels of the question change; others who change them wait until the transaction ends."""
    insertion = insertion_into(session, LabelRevisionRow).values(
        survey_id=survey_id, question_key=question_key, number=1
    )
    session.execute(
        insertion.on_conflict_do_update(
            index_elements=["survey_id", "question_key"], set_={"number": LabelRevisionRow.number + 1}
        )
    )
