"""The tables of background jobs: what is to be done, how far it is, and who works."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.storage.tables import Base


class JobRow(Base):
    """A piece of background work. Workers run what stands here: a row is the order."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_tenant_created", "tenant_id", "created_at"), Index("ix_job_status", "status"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    username: Mapped[str] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(String(300))
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16))
    round: Mapped[int] = mapped_column(Integer, default=1)
    # The round that the engine has; less than ``round`` while workers still have to pick it up.
    dispatched_round: Mapped[int] = mapped_column(Integer, default=0)
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False)
    paused_at: Mapped[datetime | None]  # set while nothing more may begin
    resumed_at: Mapped[datetime | None]  # the last time that somebody ended a pause
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    stage: Mapped[str] = mapped_column(String(64), default="")
    progress: Mapped[float | None] = mapped_column(Float)
    # The claim on the finish: its number, who has it, how many claims lost their worker.
    finish_attempts: Mapped[int] = mapped_column(Integer, default=0)
    finish_worker_id: Mapped[str | None] = mapped_column(String(64))
    finish_lost: Mapped[int] = mapped_column(Integer, default=0)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error_code: Mapped[str | None] = mapped_column(String(64))
    cause: Mapped[str] = mapped_column(Text, default="")
    remedy: Mapped[str] = mapped_column(Text, default="")
    retryable: Mapped[bool] = mapped_column(Boolean, default=False)


class JobItemRow(Base):
    """One item of a job."""

    __tablename__ = "job_item"
    __table_args__ = (
        Index("ix_job_item_status", "job_id", "status", "position"),
        Index("ix_job_item_worker", "worker_id"),
        Index("ix_job_item_finished", "job_id", "finished_at"),
    )

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(64), default="")
    progress: Mapped[float | None] = mapped_column(Float)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error_code: Mapped[str | None] = mapped_column(String(64))
    cause: Mapped[str] = mapped_column(Text, default="")
    remedy: Mapped[str] = mapped_column(Text, default="")
    retryable: Mapped[bool] = mapped_column(Boolean, default=False)
    # The claim: its number, who has it while it runs, the round it belongs to, how many claims lost their worker since
    # somebody started or retried the job.
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    worker_id: Mapped[str | None] = mapped_column(String(64))
    claimed_round: Mapped[int | None] = mapped_column(Integer)
    lost: Mapped[int] = mapped_column(Integer, default=0)
    # Tries that ended in an error that may pass, since then, and when the next one is due while it waits for that.
    failed_tries: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class WorkerRow(Base):
    """A worker process and its last sign of life."""

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    process_id: Mapped[int] = mapped_column(Integer)
    concurrency: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime]
    breathed_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
