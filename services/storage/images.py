"""Image batches, backdrops and reviews in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DatabaseSession

from services.errors import ConflictError, NotFoundError
from services.images.background_models import Backdrop
from services.images.mask_models import MaskEdit, MaskState
from services.images.models import BatchImage, CompositeReview, ImageBatch, ImageFailure, Label
from services.storage.database import Database
from services.storage.image_rows import (
    backdrop_of,
    backdrop_row,
    batch_of,
    batch_values,
    edit_values,
    failure_values,
    image_of,
    image_values,
    insertion_into,
    labels_values,
    mask_values,
    review_of,
)
from services.storage.image_tables import BackdropRow, BatchImageRow, CompositeReviewRow, ImageBatchRow
from services.storage.job_tables import JobRow

_MOST_NAMED_POSITIONS = 500


class SqlImageRepository:
    """See :class:`services.ports.images.ImageRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_batch(self, batch: ImageBatch, images: Sequence[BatchImage]) -> None:
        row = ImageBatchRow(
            id=batch.id,
            tenant_id=batch.tenant_id,
            username=batch.username,
            created_at=batch.created_at,
            image_count=len(images),
            **batch_values(batch),
        )
        with self._database.transaction() as session:
            session.add(row)
            session.flush()
            _add(session, batch.id, 0, images)

    def add_images(self, tenant_id: str, batch_id: str, images: Sequence[BatchImage]) -> ImageBatch:
        with self._database.transaction() as session:
            # The count first: who adds at the same time waits here, and begins after these.
            row = held_batch(session, tenant_id, batch_id, image_count=ImageBatchRow.image_count + len(images))
            _add(session, batch_id, row.image_count - len(images), images)
            return batch_of(row)

    def get_batch(self, tenant_id: str, batch_id: str) -> ImageBatch:
        with self._database.transaction() as session:
            return batch_of(_own_batch(session, tenant_id, batch_id))

    def list_batches(self, tenant_id: str, *, limit: int) -> list[ImageBatch]:
        query = (
            select(ImageBatchRow)
            .where(ImageBatchRow.tenant_id == tenant_id)
            .order_by(ImageBatchRow.created_at.desc(), ImageBatchRow.id.desc())
            .limit(limit)
        )
        with self._database.transaction() as session:
            return [batch_of(row) for row in session.scalars(query)]

    def save_batch(self, batch: ImageBatch) -> None:
        with self._database.transaction() as session:
            held_batch(session, batch.tenant_id, batch.id, **batch_values(batch))

    def delete_batch(self, tenant_id: str, batch_id: str) -> None:
        runs = select(JobRow.id).where(
            JobRow.tenant_id == tenant_id, JobRow.arguments["batch_id"].as_string() == batch_id
        )
        with self._database.transaction() as session:
            session.execute(delete(CompositeReviewRow).where(CompositeReviewRow.job_id.in_(runs)))
            deleted = session.execute(
                delete(ImageBatchRow).where(ImageBatchRow.id == batch_id, ImageBatchRow.tenant_id == tenant_id)
            )
            if not deleted.rowcount:  # type: ignore[attr-defined]
                raise _batch_missing()

    def get_image(self, tenant_id: str, batch_id: str, position: int) -> BatchImage:
        with self._database.transaction() as session:
            _own_batch(session, tenant_id, batch_id)
            return _image(session, batch_id, position)

    def list_images(
        self, tenant_id: str, batch_id: str, *, positions: Collection[int] | None = None
    ) -> list[BatchImage]:
        query = select(BatchImageRow).where(BatchImageRow.batch_id == batch_id).order_by(BatchImageRow.position)
        if positions is not None and len(positions) <= _MOST_NAMED_POSITIONS:
            query = query.where(BatchImageRow.position.in_(positions))
        wanted = None if positions is None else set(positions)
        with self._database.transaction() as session:
            _own_batch(session, tenant_id, batch_id)
            return [image_of(row) for row in session.scalars(query) if wanted is None or row.position in wanted]

    def save_labels(self, tenant_id: str, batch_id: str, position: int, labels: Sequence[Label]) -> None:
        self._change(tenant_id, batch_id, position, labels=labels_values(labels))

    def save_mask(self, tenant_id: str, batch_id: str, position: int, mask: MaskState | None) -> None:
        self._change(tenant_id, batch_id, position, mask=mask_values(mask))

    def save_failure(self, tenant_id: str, batch_id: str, position: int, failure: ImageFailure | None) -> None:
        self._change(tenant_id, batch_id, position, failure=failure_values(failure))

    def save_word(
        self,
        tenant_id: str,
        batch_id: str,
        position: int,
        *,
        decisions: Mapping[str, bool] | None = None,
        names: Mapping[str, str] | None = None,
        added_labels: Sequence[Label] | None = None,
        edit: MaskEdit | None = None,
    ) -> BatchImage:
        values: dict[str, Any] = {}
        if decisions is not None:
            values["decisions"] = dict(decisions)
        if names is not None:
            values["names"] = dict(names)
        if added_labels is not None:
            values["added_labels"] = labels_values(added_labels)
        if edit is not None:
            values["edit"] = edit_values(edit)
        if not values:
            return self.get_image(tenant_id, batch_id, position)
        return self._change(tenant_id, batch_id, position, **values)

    def images_with_file(self, tenant_id: str, sha256: str) -> int:
        query = (
            select(func.count())
            .select_from(BatchImageRow)
            .join(ImageBatchRow, ImageBatchRow.id == BatchImageRow.batch_id)
            .where(ImageBatchRow.tenant_id == tenant_id, BatchImageRow.sha256 == sha256)
        )
        with self._database.transaction() as session:
            return session.execute(query).scalar_one()

    def insert_backdrop(self, backdrop: Backdrop) -> None:
        try:
            with self._database.transaction() as session:
                session.add(backdrop_row(backdrop))
        except IntegrityError as exc:
            raise ConflictError(
                "This picture is in the library already.",
                code="backdrop-taken",
                remedy="Use the one that is there, or change its caption.",
            ) from exc

    def list_backdrops(self, tenant_id: str) -> list[Backdrop]:
        query = (
            select(BackdropRow)
            .where(BackdropRow.tenant_id == tenant_id)
            .order_by(BackdropRow.created_at.desc(), BackdropRow.id.desc())
        )
        with self._database.transaction() as session:
            return [backdrop_of(row) for row in session.scalars(query)]

    def get_backdrop(self, tenant_id: str, backdrop_id: str) -> Backdrop:
        with self._database.transaction() as session:
            row = session.get(BackdropRow, backdrop_id)
            if row is None or row.tenant_id != tenant_id:
                raise _backdrop_missing()
            return backdrop_of(row)

    def rename_backdrop(self, tenant_id: str, backdrop_id: str, caption: str) -> None:
        with self._database.transaction() as session:
            changed = session.execute(
                update(BackdropRow)
                .where(BackdropRow.id == backdrop_id, BackdropRow.tenant_id == tenant_id)
                .values(caption=caption)
            )
            if not changed.rowcount:  # type: ignore[attr-defined]
                raise _backdrop_missing()

    def delete_backdrop(self, tenant_id: str, backdrop_id: str) -> None:
        with self._database.transaction() as session:
            deleted = session.execute(
                delete(BackdropRow).where(BackdropRow.id == backdrop_id, BackdropRow.tenant_id == tenant_id)
            )
            if not deleted.rowcount:  # type: ignore[attr-defined]
                raise _backdrop_missing()

    def save_review(self, tenant_id: str, review: CompositeReview) -> None:
        row = {
            "position": review.position,
            "variation": review.variation,
            "review": review.review.value,
            "username": review.username,
            "at": review.at,
        }
        columns = CompositeReviewRow.__table__.columns
        own_run = select(JobRow.id, *(literal(value, columns[name].type) for name, value in row.items())).where(
            JobRow.id == review.job_id, JobRow.tenant_id == tenant_id
        )
        with self._database.transaction() as session:
            insertion = insertion_into(session, CompositeReviewRow).from_select(["job_id", *row], own_run)
            replaced = {name: insertion.excluded[name] for name in ("review", "username", "at")}
            kept = session.execute(
                insertion.on_conflict_do_update(index_elements=["job_id", "position", "variation"], set_=replaced)
            )
            if kept.rowcount != 1:  # type: ignore[attr-defined]
                raise _run_missing()

    def delete_review(self, tenant_id: str, job_id: str, position: int, variation: int) -> None:
        own_run = select(JobRow.id).where(JobRow.id == job_id, JobRow.tenant_id == tenant_id)
        with self._database.transaction() as session:
            session.execute(
                delete(CompositeReviewRow).where(
                    CompositeReviewRow.job_id.in_(own_run),
                    CompositeReviewRow.position == position,
                    CompositeReviewRow.variation == variation,
                )
            )

    def list_reviews(self, tenant_id: str, job_id: str) -> list[CompositeReview]:
        query = (
            select(CompositeReviewRow)
            .where(CompositeReviewRow.job_id == job_id)
            .order_by(CompositeReviewRow.position, CompositeReviewRow.variation)
        )
        with self._database.transaction() as session:
            job = session.get(JobRow, job_id)
            if job is None or job.tenant_id != tenant_id:
                raise _run_missing()
            return [review_of(row) for row in session.scalars(query)]

    def _change(self, tenant_id: str, batch_id: str, position: int, **values: Any) -> BatchImage:
        own_batch = select(ImageBatchRow.id).where(ImageBatchRow.id == batch_id, ImageBatchRow.tenant_id == tenant_id)
        with self._database.transaction() as session:
            session.execute(
                update(BatchImageRow)
                .where(BatchImageRow.batch_id.in_(own_batch), BatchImageRow.position == position)
                .values(**values)
                .execution_options(synchronize_session=False)
            )
            _own_batch(session, tenant_id, batch_id)
            return _image(session, batch_id, position)


def held_batch(session: DatabaseSession, tenant_id: str, batch_id: str, **values: Any) -> ImageBatchRow:
    """Change the batch as the first statement of a transaction, which holds it until the end; the row as it is then.

    Raises:
        NotFoundError: it is not there or another tenant's (``batch-missing``).
    """
    held = session.execute(
        update(ImageBatchRow)
        .where(ImageBatchRow.id == batch_id, ImageBatchRow.tenant_id == tenant_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    row = session.get(ImageBatchRow, batch_id, populate_existing=True) if held.rowcount else None  # type: ignore[attr-defined]
    if row is None:
        raise _batch_missing()
    return row


def _add(session: DatabaseSession, batch_id: str, start: int, images: Sequence[BatchImage]) -> None:
    rows = [
        {"batch_id": batch_id, "position": position, **image_values(image)}
        for position, image in enumerate(images, start)
    ]
    if rows:
        session.execute(insert(BatchImageRow), rows)


def _own_batch(session: DatabaseSession, tenant_id: str, batch_id: str) -> ImageBatchRow:
    row = session.get(ImageBatchRow, batch_id)
    if row is None or row.tenant_id != tenant_id:
        raise _batch_missing()
    return row


def _image(session: DatabaseSession, batch_id: str, position: int) -> BatchImage:
    row = session.get(BatchImageRow, (batch_id, position))
    if row is None:
        raise NotFoundError("This photo is not in the batch.", code="image-missing")
    return image_of(row)


def _batch_missing() -> NotFoundError:
    return NotFoundError("This batch does not exist in this tenant.", code="batch-missing")


def _backdrop_missing() -> NotFoundError:
    return NotFoundError("This backdrop is not in the library.", code="backdrop-missing")


def _run_missing() -> NotFoundError:
    return NotFoundError("This run does not exist in this tenant.", code="run-missing")
