"""Documents with details and dates, snapshots with their making, the history of publications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("document") as batch:
        batch.add_column(sa.Column("hidden_through_version", sa.Integer(), nullable=False, server_default="0"))
        for name in ("owner", "product", "audience"):
            batch.add_column(sa.Column(name, sa.String(length=200), nullable=True))
        for name in ("valid_from", "valid_until"):
            batch.add_column(sa.Column(name, sa.Date(), nullable=True))
        batch.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("changed_by", sa.String(length=128), nullable=True))
    _take_over_from_versions()
    with op.batch_alter_table("document") as batch:
        batch.alter_column("changed_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    with op.batch_alter_table("document_version") as batch:
        batch.add_column(sa.Column("loaded_by", sa.String(length=128), nullable=True))
        batch.add_column(sa.Column("chunk_count", sa.Integer(), nullable=False, server_default="0"))
        batch.create_index("ix_document_version_source", ["tenant_id", "source_sha256"])
    with op.batch_alter_table("snapshot") as batch:
        batch.add_column(sa.Column("ranking", sa.JSON(), nullable=False, server_default="{}"))
        batch.add_column(sa.Column("chunk_words", sa.Integer(), nullable=False, server_default="120"))
        batch.add_column(sa.Column("chunk_overlap", sa.Integer(), nullable=False, server_default="30"))
        batch.add_column(sa.Column("reused_count", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("created_by", sa.String(length=128), nullable=True))
        batch.add_column(sa.Column("build_id", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("failure", sa.Text(), nullable=False, server_default=""))
    # The defaults served the rows that were there; new rows get theirs from the code.
    for table, column, kind in (
        ("document", "hidden_through_version", sa.Integer()),
        ("document_version", "chunk_count", sa.Integer()),
        ("snapshot", "ranking", sa.JSON()),
        ("snapshot", "chunk_words", sa.Integer()),
        ("snapshot", "chunk_overlap", sa.Integer()),
        ("snapshot", "reused_count", sa.Integer()),
        ("snapshot", "failure", sa.Text()),
    ):
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, existing_type=kind, existing_nullable=False, server_default=None)
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("replaced", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_publication_tenant_at", "publication", ["tenant_id", "at"], unique=False)
    op.create_index("ix_answer_tenant_at", "answer", ["tenant_id", "asked_at"], unique=False)


def _take_over_from_versions() -> None:
    """Owner, last valid day and time of the newest version become the document's own."""
    newest = (
        "document_version.tenant_id = document.tenant_id AND document_version.document_id = document.id "
        "AND document_version.version = document.current_version"
    )
    for column, source in (("owner", "owner"), ("valid_until", "valid_until"), ("changed_at", "loaded_at")):
        op.execute(
            f"UPDATE document SET {column} = (SELECT {source} FROM document_version WHERE {newest})"  # noqa: S608
        )


def downgrade() -> None:
    op.drop_index("ix_answer_tenant_at", "answer")
    op.drop_table("publication")
    with op.batch_alter_table("snapshot") as batch:
        for name in ("failure", "build_id", "created_by", "reused_count", "chunk_overlap", "chunk_words", "ranking"):
            batch.drop_column(name)
    with op.batch_alter_table("document_version") as batch:
        batch.drop_index("ix_document_version_source")
        batch.drop_column("chunk_count")
        batch.drop_column("loaded_by")
    with op.batch_alter_table("document") as batch:
        for name in (
            "changed_by",
            "changed_at",
            "valid_until",
            "valid_from",
            "audience",
            "product",
            "owner",
            "hidden_through_version",
        ):
            batch.drop_column(name)
