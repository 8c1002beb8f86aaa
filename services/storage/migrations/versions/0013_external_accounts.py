"""Accounts of people for whom an identity provider vouches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "external_identity",
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("issuer", sa.String(length=400), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["account.username"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("username"),
        sa.UniqueConstraint("issuer", "subject", name="uq_external_identity_subject"),
    )


def downgrade() -> None:
    op.drop_table("external_identity")
