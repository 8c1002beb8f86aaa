"""The table of buckets for quotas."""

from __future__ import annotations

from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from services.storage.tables import Base


class RateBucketRow(Base):
    """One quota of an account with a service; it belongs to no tenant."""

    __tablename__ = "rate_bucket"

    name: Mapped[str] = mapped_column(String(400), primary_key=True)
    # Seconds since 1970 at which all that was booked has flowed back in.
    full_at: Mapped[float] = mapped_column(Float)
