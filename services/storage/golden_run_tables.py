"""The table of golden runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from services.storage.tables import Base


class GoldenRunRow(Base):
    """All golden questions asked of one snapshot; what became of them is read and written as one."""

    __tablename__ = "golden_run"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "snapshot"], ["snapshot.tenant_id", "snapshot.number"], ondelete="CASCADE"),
        Index("ix_golden_run_snapshot", "tenant_id", "snapshot", "at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(64))
    snapshot: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]
    fingerprint: Mapped[str] = mapped_column(String(64))
    outcomes: Mapped[list[Any]]
