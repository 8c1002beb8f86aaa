"""Notices of ended batches in the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, literal, select, update
from sqlalchemy.exc import IntegrityError

from services.errors import NotFoundError
from services.images.models import BatchNotice
from services.storage.database import Database
from services.storage.image_rows import insertion_into, notice_of
from services.storage.image_tables import BatchNoticeRow, ImageBatchRow
from services.storage.tables import UtcDateTime


class SqlBatchNotices:
    """See :class:`services.ports.images.BatchNotices`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, notice: BatchNotice) -> bool:
        values = {
            "id": notice.id,
            "username": notice.username,
            "job_id": notice.job_id,
            "round": notice.round,
            "title": notice.title,
            "words": notice.words,
            "state": notice.state.value,
            "created_at": notice.created_at,
            "dismissed_at": notice.dismissed_at,
        }
        columns = BatchNoticeRow.__table__.columns
        of_its_batch = select(
            ImageBatchRow.tenant_id,
            ImageBatchRow.id,
            *(literal(value, columns[name].type) for name, value in values.items()),
        ).where(ImageBatchRow.id == notice.batch_id, ImageBatchRow.tenant_id == notice.tenant_id)
        try:
            with self._database.transaction() as session:
                insertion = insertion_into(session, BatchNoticeRow)
                kept = session.execute(
                    insertion.from_select(["tenant_id", "batch_id", *values], of_its_batch).on_conflict_do_nothing()
                )
        except IntegrityError:
            return False  # the batch was deleted at this very moment
        return bool(kept.rowcount == 1)  # type: ignore[attr-defined]

    def list_open(self, username: str, tenant_ids: Collection[str]) -> list[BatchNotice]:
        query = (
            select(BatchNoticeRow)
            .where(
                BatchNoticeRow.username == username,
                BatchNoticeRow.tenant_id.in_(tenant_ids),
                BatchNoticeRow.dismissed_at.is_(None),
            )
            .order_by(BatchNoticeRow.created_at.desc(), BatchNoticeRow.id.desc())
        )
        with self._database.transaction() as session:
            return [notice_of(row) for row in session.scalars(query)]

    def dismiss(self, username: str, notice_id: str, at: datetime) -> None:
        first_at = func.coalesce(BatchNoticeRow.dismissed_at, literal(at, UtcDateTime()))
        with self._database.transaction() as session:
            changed = session.execute(
                update(BatchNoticeRow)
                .where(BatchNoticeRow.id == notice_id, BatchNoticeRow.username == username)
                .values(dismissed_at=first_at)
                .execution_options(synchronize_session=False)
            )
            if not changed.rowcount:  # type: ignore[attr-defined]
                raise NotFoundError("This notice is no longer there.", code="notice-missing")
