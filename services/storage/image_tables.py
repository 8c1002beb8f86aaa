"""The tables of image batches: photos, what people said about them, backdrops, reviews, notices and paid calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.storage.tables import Base


class ImageBatchRow(Base):
    """Photos that are worked on together."""

    __tablename__ = "image_batch"
    __table_args__ = (Index("ix_image_batch_tenant_created", "tenant_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    username: Mapped[str] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    pruning: Mapped[dict[str, Any]] = mapped_column(default=dict)
    wish: Mapped[dict[str, Any]] = mapped_column(default=dict)
    prepare_job_id: Mapped[str] = mapped_column(String(32), default="")
    image_count: Mapped[int] = mapped_column(Integer, default=0)
    # Raised with every change of the log that undo reads, so that no number comes twice.
    change_number: Mapped[int] = mapped_column(Integer, default=0)


class BatchImageRow(Base):
    """One photo of a batch."""

    __tablename__ = "batch_image"
    __table_args__ = (Index("ix_batch_image_sha256", "sha256"),)

    batch_id: Mapped[str] = mapped_column(ForeignKey("image_batch.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    file_name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    width: Mapped[int] = mapped_column(Integer, default=0)
    height: Mapped[int] = mapped_column(Integer, default=0)
    format: Mapped[str] = mapped_column(String(16), default="")
    byte_count: Mapped[int] = mapped_column(Integer, default=0)
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    labels: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    decisions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    names: Mapped[dict[str, Any]] = mapped_column(default=dict)
    added_labels: Mapped[list[Any]] = mapped_column(default=list)
    edit: Mapped[dict[str, Any]] = mapped_column(default=dict)
    mask: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ImageChangeRow(Base):
    """What a change of labels or masks replaced, so that it can be undone."""

    __tablename__ = "image_change"

    batch_id: Mapped[str] = mapped_column(ForeignKey("image_batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    username: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime]
    words: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any]]


class BackdropRow(Base):
    """A picture of the brand library."""

    __tablename__ = "backdrop"
    __table_args__ = (UniqueConstraint("tenant_id", "sha256", name="uq_backdrop_picture"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    caption: Mapped[str] = mapped_column(Text)
    file: Mapped[str] = mapped_column(String(300))
    preview: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(128))


class CompositeReviewRow(Base):
    """A person's word on one composite of a run."""

    __tablename__ = "composite_review"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    variation: Mapped[int] = mapped_column(Integer, primary_key=True)
    review: Mapped[str] = mapped_column(String(16))
    username: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime]


class BatchNoticeRow(Base):
    """What a person is told in the app about the end of a batch's job."""

    __tablename__ = "batch_notice"
    __table_args__ = (
        UniqueConstraint("job_id", "round", name="uq_batch_notice_round"),
        Index("ix_batch_notice_username", "username", "created_at"),
        Index("ix_batch_notice_batch", "batch_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    username: Mapped[str] = mapped_column(String(128))
    job_id: Mapped[str] = mapped_column(String(32))
    round: Mapped[int] = mapped_column(Integer)
    batch_id: Mapped[str] = mapped_column(ForeignKey("image_batch.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    dismissed_at: Mapped[datetime | None]


class PaidCallRow(Base):
    """A call that costs money: who makes it, or what it answered."""

    __tablename__ = "paid_call"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    # None while nobody makes the call.
    owner: Mapped[str | None] = mapped_column(String(200))
    # Who made it, so that the answer can be forgotten with what it was for.
    settled_by: Mapped[str | None] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(Integer)
    claimed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
