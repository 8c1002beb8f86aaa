"""The table of the knowledge team's cases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.storage.tables import Base


class FeedbackCaseRow(Base):
    """What the knowledge team did about an answer; there is none until somebody acts."""

    __tablename__ = "feedback_case"
    __table_args__ = (Index("ix_feedback_case_tenant", "tenant_id", "state"),)

    answer_id: Mapped[str] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(16))
    assigned_to: Mapped[str | None] = mapped_column(String(128))
    outcome: Mapped[str] = mapped_column(Text)
    document_id: Mapped[str | None] = mapped_column(String(400))
    document_version: Mapped[int | None] = mapped_column(Integer)
    snapshot: Mapped[int | None] = mapped_column(Integer)
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(128))
    changed_at: Mapped[datetime | None]
    changed_by: Mapped[str | None] = mapped_column(String(128))
    revision: Mapped[int] = mapped_column(Integer)
