"""The log of changes of labels and masks that can be undone, in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from services.images.models import ImageChange
from services.storage.database import Database
from services.storage.image_rows import change_of
from services.storage.image_tables import ImageBatchRow, ImageChangeRow
from services.storage.images import held_batch

_KEPT = 50


class SqlImageChanges:
    """See :class:`services.ports.images.ImageChanges`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(
        self, tenant_id: str, batch_id: str, *, username: str, at: datetime, words: str, before: Mapping[str, Any]
    ) -> None:
        with self._database.transaction() as session:
            batch = held_batch(session, tenant_id, batch_id, change_number=ImageBatchRow.change_number + 1)
            row = ImageChangeRow(
                batch_id=batch_id,
                number=batch.change_number,
                username=username,
                at=at,
                words=words,
                before=dict(before),
            )
            session.add(row)
            session.flush()
            newest = (
                select(ImageChangeRow.number)
                .where(ImageChangeRow.batch_id == batch_id)
                .order_by(ImageChangeRow.number.desc())
                .limit(_KEPT)
            )
            session.execute(
                delete(ImageChangeRow).where(ImageChangeRow.batch_id == batch_id, ImageChangeRow.number.not_in(newest))
            )

    def pop_last(self, tenant_id: str, batch_id: str) -> ImageChange | None:
        query = (
            select(ImageChangeRow)
            .where(ImageChangeRow.batch_id == batch_id)
            .order_by(ImageChangeRow.number.desc())
            .limit(1)
        )
        with self._database.transaction() as session:
            # Changes nothing, but whoever takes from the same log waits until this one is through.
            held_batch(session, tenant_id, batch_id, change_number=ImageBatchRow.change_number)
            row = session.scalars(query).first()
            if row is None:
                return None
            session.delete(row)
            return change_of(row)
