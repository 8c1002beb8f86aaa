"""The tables of sources and their files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.storage.tables import Base


class SourceRow(Base):
    """A place that is read again every so often."""

    __tablename__ = "knowledge_source"
    __table_args__ = (UniqueConstraint("tenant_id", "place", name="uq_knowledge_source_place"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    place: Mapped[str] = mapped_column(String(1000))
    every_minutes: Mapped[int] = mapped_column(Integer)
    publishes: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(128))
    next_run_at: Mapped[datetime | None] = mapped_column(index=True)
    # Raised by every claim, so that of several workers one starts the reading.
    claims: Mapped[int] = mapped_column(Integer, default=0)
    last: Mapped[dict[str, Any]] = mapped_column(default=dict)
    job_id: Mapped[str | None] = mapped_column(String(32))


class SourceFileRow(Base):
    """What is remembered of one file of a source."""

    __tablename__ = "knowledge_source_file"

    source_id: Mapped[str] = mapped_column(ForeignKey("knowledge_source.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(String(1000), primary_key=True)
    marker: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    document_ids: Mapped[list[Any]]
    failed: Mapped[bool] = mapped_column(Boolean)
