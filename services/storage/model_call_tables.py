"""The table of calls that cost money."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from services.storage.tables import Base


class ModelCallRow(Base):
    """One call of a model or of a paid service; none of its words.

    It refers to no other table: a call may belong to nobody, and what was spent stays true when an account goes.
    """

    __tablename__ = "model_call"
    __table_args__ = (Index("ix_model_call_at", "at", "tenant_id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    tenant_id: Mapped[str] = mapped_column(String(64))
    username: Mapped[str] = mapped_column(String(128))
    purpose: Mapped[str] = mapped_column(String(32))
    backend: Mapped[str] = mapped_column(String(32))
    operation: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(300))
    region: Mapped[str] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(Integer)
    input_tokens: Mapped[int] = mapped_column(Integer)
    output_tokens: Mapped[int] = mapped_column(Integer)
    images: Mapped[int] = mapped_column(Integer)
    units: Mapped[int] = mapped_column(Integer)
    milliseconds: Mapped[float] = mapped_column(Float)
    cost_usd: Mapped[float | None] = mapped_column(Float)  # null: not known
