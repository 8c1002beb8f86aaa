"""Every table of the database, on SQLite and PostgreSQL alike.

Rows are written by the repositories beside this file and nowhere else. Times are UTC and carry their zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Parent of all tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {dict[str, Any]: JSON, list[Any]: JSON, datetime: UtcDateTime}


class TenantRow(Base):
    """One customer-facing unit with a knowledge base of its own."""

    __tablename__ = "tenant"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    published_snapshot: Mapped[int | None] = mapped_column(Integer)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)


class AccountRow(Base):
    """A person who signs in. ``session_epoch`` is raised to end every session of the account."""

    __tablename__ = "account"

    username: Mapped[str] = mapped_column(String(128), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(128))
    session_epoch: Mapped[int] = mapped_column(Integer, default=0)
    sample: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class ExternalIdentityRow(Base):
    """Whom an identity provider vouches for with this account; such an account has no password."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="uq_external_identity_subject"),)

    username: Mapped[str] = mapped_column(ForeignKey("account.username", ondelete="CASCADE"), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(400))
    subject: Mapped[str] = mapped_column(String(255))


class AccountTenantRow(Base):
    """Which tenants an account belongs to."""

    __tablename__ = "account_tenant"

    username: Mapped[str] = mapped_column(ForeignKey("account.username", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)


class SessionRow(Base):
    """A signed-in browser; ended by sign-out, by time, or by the account's epoch."""

    __tablename__ = "session"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("account.username", ondelete="CASCADE"), index=True)
    session_epoch: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInFailureRow(Base):
    """A failed sign-in, kept for throttling; names and addresses are stored as keyed hashes."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_account", "account_hash", "at"),
        Index("ix_sign_in_failure_address", "address_hash", "at"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    account_hash: Mapped[str] = mapped_column(String(64))
    address_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class AuditEventRow(Base):
    """Who did what to what, without the content."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_tenant_at", "tenant_id", "at"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    username: Mapped[str | None] = mapped_column(String(128))
    tenant_id: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(300), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class DocumentRow(Base):
    """A document of a tenant; its words are in its versions."""

    __tablename__ = "document"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(400), primary_key=True)
    current_version: Mapped[int] = mapped_column(Integer)
    disabled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    # Versions up to this one were deleted once and must not answer, though a snapshot may still hold them.
    hidden_through_version: Mapped[int] = mapped_column(Integer, default=0)
    owner: Mapped[str | None] = mapped_column(String(200))
    product: Mapped[str | None] = mapped_column(String(200))
    audience: Mapped[str | None] = mapped_column(String(200))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str | None] = mapped_column(String(128))


class DocumentVersionRow(Base):
    """One immutable version of a document, text and structure included."""

    __tablename__ = "document_version"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "document_id"], ["document.tenant_id", "document.id"], ondelete="CASCADE"),
        Index("ix_document_version_source", "tenant_id", "source_sha256"),
    )

    tenant_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(400), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    sections: Mapped[list[Any]]
    media_type: Mapped[str] = mapped_column(String(100))
    url: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(String(200))
    reviewed_on: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    source_name: Mapped[str] = mapped_column(Text)
    source_sha256: Mapped[str] = mapped_column(String(64))
    content_sha256: Mapped[str] = mapped_column(String(64))
    loaded_at: Mapped[datetime]
    loaded_by: Mapped[str | None] = mapped_column(String(128))
    chunk_count: Mapped[int] = mapped_column(Integer, default=0)


class SnapshotRow(Base):
    """An index on disk; the files are named by tenant and number."""

    __tablename__ = "snapshot"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    document_count: Mapped[int] = mapped_column(Integer)
    chunk_count: Mapped[int] = mapped_column(Integer)
    embedding_model: Mapped[str] = mapped_column(String(200))
    cuts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ranking: Mapped[dict[str, Any]] = mapped_column(default=dict)
    chunk_words: Mapped[int] = mapped_column(Integer, default=120)
    chunk_overlap: Mapped[int] = mapped_column(Integer, default=30)
    reused_count: Mapped[int] = mapped_column(Integer, default=0)
    created_by: Mapped[str | None] = mapped_column(String(128))
    # Names the attempt that builds it, so that a restarted attempt goes on with the number it had.
    build_id: Mapped[str | None] = mapped_column(String(64))
    failure: Mapped[str] = mapped_column(Text, default="")


class PublicationRow(Base):
    """One change of the snapshot that answers; rows are only ever added."""

    __tablename__ = "publication"
    __table_args__ = (Index("ix_publication_tenant_at", "tenant_id", "at"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    replaced: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime]
    username: Mapped[str | None] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(Text, default="")


class GoldenQuestionRow(Base):
    """A question whose right passage is known; calibrates the bands and guards every new snapshot."""

    __tablename__ = "golden_question"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    expected: Mapped[list[Any]]
    kind: Mapped[str] = mapped_column(String(32))
    split: Mapped[str] = mapped_column(String(8))


class ConversationRow(Base):
    """A run of questions by one account within one tenant."""

    __tablename__ = "conversation"
    __table_args__ = (Index("ix_conversation_owner", "tenant_id", "username", "updated_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    username: Mapped[str] = mapped_column(ForeignKey("account.username", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AnswerRow(Base):
    """A question with everything that came of it: passages, draft, edit, rating, times."""

    __tablename__ = "answer"
    __table_args__ = (
        Index("ix_answer_conversation", "conversation_id", "asked_at"),
        Index("ix_answer_owner", "tenant_id", "username", "asked_at"),
        Index("ix_answer_tenant_at", "tenant_id", "asked_at"),
        Index("ix_answer_rating", "tenant_id", "rating", "rated_at"),
        Index("ix_answer_escalated", "tenant_id", "escalated_at"),
        UniqueConstraint("conversation_id", "id", name="uq_answer_conversation_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    username: Mapped[str] = mapped_column(String(128))
    asked_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16))
    question: Mapped[str] = mapped_column(Text)
    searched_question: Mapped[str] = mapped_column(Text, default="")
    search_type: Mapped[str] = mapped_column(String(16), default="hybrid")
    notices: Mapped[list[Any]] = mapped_column(default=list)
    band: Mapped[str | None] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text, default="")
    statements: Mapped[list[Any]] = mapped_column(default=list)
    citations: Mapped[list[Any]] = mapped_column(default=list)
    passages: Mapped[list[Any]] = mapped_column(default=list)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    snapshot: Mapped[int | None] = mapped_column(Integer)
    backend: Mapped[str] = mapped_column(String(64), default="")
    origin: Mapped[str] = mapped_column(String(16), default="")
    retrieval_ms: Mapped[float | None] = mapped_column(Float)
    total_ms: Mapped[float | None] = mapped_column(Float)
    error_code: Mapped[str | None] = mapped_column(String(64))
    edited_text: Mapped[str | None] = mapped_column(Text)
    edited_at: Mapped[datetime | None]
    copied_at: Mapped[datetime | None]
    copied_text: Mapped[str | None] = mapped_column(Text)
    rating: Mapped[str | None] = mapped_column(String(8))
    rating_reason: Mapped[str | None] = mapped_column(String(64))
    rating_comment: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[datetime | None]
    starred: Mapped[bool] = mapped_column(Boolean, default=False)
    escalated_at: Mapped[datetime | None]
    escalation_note: Mapped[str | None] = mapped_column(Text)
