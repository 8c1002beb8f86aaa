"""Between the rows of image batches and what the use cases speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as DatabaseSession

from services.images.background_models import Backdrop, BackgroundWish
from services.images.mask_models import Box, MaskDoubt, MaskEdit, MaskState, Stroke
from services.images.models import (
    BatchImage,
    BatchNotice,
    CompositeReview,
    ImageBatch,
    ImageChange,
    ImageFailure,
    Label,
    LabelSource,
    NoticeState,
    Pruning,
    Review,
)
from services.storage.image_tables import (
    BackdropRow,
    BatchImageRow,
    BatchNoticeRow,
    CompositeReviewRow,
    ImageBatchRow,
    ImageChangeRow,
)
from services.storage.tables import Base


def insertion_into(session: DatabaseSession, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An insertion that can say what happens on a conflict, and afterwards how many rows it kept."""
    dialect = session.get_bind().dialect.name
    insertion = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return insertion.execution_options(preserve_rowcount=True)


def batch_values(batch: ImageBatch) -> dict[str, Any]:
    """What a person or a job can change of a batch, as columns."""
    return {
        "title": batch.title,
        "pruning": {
            "dropped_names": sorted(batch.pruning.dropped_names),
            "least_confidence": batch.pruning.least_confidence,
        },
        "wish": batch.wish.values(),
        "prepare_job_id": batch.prepare_job_id,
    }


def batch_of(row: ImageBatchRow) -> ImageBatch:
    """The batch of this row."""
    return ImageBatch(
        id=row.id,
        tenant_id=row.tenant_id,
        username=row.username,
        title=row.title,
        created_at=row.created_at,
        pruning=Pruning(
            frozenset(row.pruning.get("dropped_names", ())), float(row.pruning.get("least_confidence", 0.0))
        ),
        wish=BackgroundWish.from_values(row.wish),
        prepare_job_id=row.prepare_job_id,
        image_count=row.image_count,
    )


def image_values(image: BatchImage) -> dict[str, Any]:
    """Every column of an image but its place."""
    return {
        "file_name": image.file_name,
        "sha256": image.sha256,
        "width": image.size[0],
        "height": image.size[1],
        "format": image.format,
        "byte_count": image.byte_count,
        "failure": failure_values(image.failure),
        "labels": None if image.labels is None else labels_values(image.labels),
        "decisions": dict(image.decisions),
        "names": dict(image.names),
        "added_labels": labels_values(image.added_labels),
        "edit": edit_values(image.edit),
        "mask": mask_values(image.mask),
    }


def image_of(row: BatchImageRow) -> BatchImage:
    """The image of this row."""
    return BatchImage(
        batch_id=row.batch_id,
        position=row.position,
        file_name=row.file_name,
        sha256=row.sha256,
        size=(row.width, row.height),
        format=row.format,
        byte_count=row.byte_count,
        failure=ImageFailure(**row.failure) if row.failure else None,
        labels=None if row.labels is None else tuple(_label(values) for values in row.labels),
        decisions=row.decisions,
        names=row.names,
        added_labels=tuple(_label(values) for values in row.added_labels),
        edit=_edit(row.edit),
        mask=_mask(row.mask) if row.mask else None,
    )


def labels_values(labels: Iterable[Label]) -> list[dict[str, Any]]:
    """Labels as JSON-able values."""
    return [{**asdict(label), "source": label.source.value, "box": _box_values(label.box)} for label in labels]


def failure_values(failure: ImageFailure | None) -> dict[str, Any] | None:
    """Why an image cannot be used, as JSON-able values."""
    return None if failure is None else asdict(failure)


def edit_values(edit: MaskEdit) -> dict[str, Any]:
    """What a person did to a mask, as JSON-able values."""
    strokes = [
        {"keeps": stroke.keeps, "radius": stroke.radius, "points": [list(point) for point in stroke.points]}
        for stroke in edit.strokes
    ]
    return {"box": _box_values(edit.box), "strokes": strokes, "uploaded": edit.uploaded}


def mask_values(mask: MaskState | None) -> dict[str, Any] | None:
    """A mask as JSON-able values."""
    return None if mask is None else {**asdict(mask), "doubts": [doubt.value for doubt in mask.doubts]}


def backdrop_row(backdrop: Backdrop) -> BackdropRow:
    """The row of a new backdrop."""
    return BackdropRow(
        id=backdrop.id,
        tenant_id=backdrop.tenant_id,
        caption=backdrop.caption,
        file=backdrop.file,
        preview=backdrop.preview,
        sha256=backdrop.sha256,
        width=backdrop.size[0],
        height=backdrop.size[1],
        created_at=backdrop.created_at,
        created_by=backdrop.created_by,
    )


def backdrop_of(row: BackdropRow) -> Backdrop:
    """The backdrop of this row."""
    return Backdrop(
        id=row.id,
        tenant_id=row.tenant_id,
        caption=row.caption,
        file=row.file,
        preview=row.preview,
        sha256=row.sha256,
        size=(row.width, row.height),
        created_at=row.created_at,
        created_by=row.created_by,
    )


def review_of(row: CompositeReviewRow) -> CompositeReview:
    """The review of this row."""
    return CompositeReview(row.job_id, row.position, row.variation, Review(row.review), row.username, row.at)


def change_of(row: ImageChangeRow) -> ImageChange:
    """The change of this row."""
    return ImageChange(row.number, row.username, row.at, row.words, row.before)


def notice_of(row: BatchNoticeRow) -> BatchNotice:
    """The notice of this row."""
    return BatchNotice(
        id=row.id,
        tenant_id=row.tenant_id,
        username=row.username,
        job_id=row.job_id,
        batch_id=row.batch_id,
        title=row.title,
        words=row.words,
        state=NoticeState(row.state),
        created_at=row.created_at,
        round=row.round,
        dismissed_at=row.dismissed_at,
    )


def _label(values: Mapping[str, Any]) -> Label:
    return Label(**{**values, "source": LabelSource(values["source"]), "box": _box(values["box"])})


def _edit(values: Mapping[str, Any]) -> MaskEdit:
    strokes = tuple(
        Stroke(stroke["keeps"], tuple((point[0], point[1]) for point in stroke["points"]), stroke["radius"])
        for stroke in values.get("strokes", ())
    )
    return MaskEdit(_box(values.get("box")), strokes, values.get("uploaded"))


def _mask(values: Mapping[str, Any]) -> MaskState:
    return MaskState(**{**values, "doubts": tuple(MaskDoubt(doubt) for doubt in values["doubts"])})


def _box_values(box: Box | None) -> list[float] | None:
    return None if box is None else [box.left, box.top, box.width, box.height]


def _box(values: Sequence[float] | None) -> Box | None:
    return None if values is None else Box(*values)
