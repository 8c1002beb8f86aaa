"""Cases of the knowledge team, and ways to find the answers that need it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback_case",
        sa.Column("answer_id", sa.String(length=32), nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("assigned_to", sa.String(length=128), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("document_id", sa.String(length=400), nullable=True),
        sa.Column("document_version", sa.Integer(), nullable=True),
        sa.Column("snapshot", sa.Integer(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(length=128), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.String(length=128), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("answer_id"),
    )
    op.create_index("ix_feedback_case_tenant", "feedback_case", ["tenant_id", "state"], unique=False)
    op.create_index("ix_answer_rating", "answer", ["tenant_id", "rating", "rated_at"], unique=False)
    op.create_index("ix_answer_escalated", "answer", ["tenant_id", "escalated_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_answer_escalated", table_name="answer")
    op.drop_index("ix_answer_rating", table_name="answer")
    op.drop_index("ix_feedback_case_tenant", table_name="feedback_case")
    op.drop_table("feedback_case")
