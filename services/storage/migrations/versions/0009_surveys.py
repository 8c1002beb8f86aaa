"""Surveys: what was loaded, taxonomies with their versions, runs, corrections and gold labels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.String(length=300), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("earlier_wave_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["earlier_wave_id"], ["survey.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_survey_tenant_created", "survey", ["tenant_id", "created_at"], unique=False)
    op.create_index("ix_survey_earlier_wave", "survey", ["earlier_wave_id"], unique=False)
    op.create_table(
        "survey_taxonomy",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.String(length=32), nullable=False),
        sa.Column("latest_version", sa.Integer(), nullable=False),
        sa.Column("topic_count", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "name_key", name="uq_survey_taxonomy_name"),
    )
    op.create_table(
        "survey_taxonomy_version",
        sa.Column("taxonomy_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["taxonomy_id"], ["survey_taxonomy.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("taxonomy_id", "number"),
    )
    op.create_table(
        "survey_run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("survey_id", sa.String(length=32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("taxonomy_id", sa.String(length=32), nullable=False),
        sa.Column("taxonomy_version", sa.Integer(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("backend_version", sa.Text(), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("response_count", sa.Integer(), nullable=False),
        sa.Column("distinct_count", sa.Integer(), nullable=False),
        sa.Column("example_count", sa.Integer(), nullable=False),
        sa.Column("correction_count", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["taxonomy_id", "taxonomy_version"],
            ["survey_taxonomy_version.taxonomy_id", "survey_taxonomy_version.number"],
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_survey_run_tenant_created", "survey_run", ["tenant_id", "created_at"], unique=False)
    op.create_index("ix_survey_run_survey_created", "survey_run", ["survey_id", "created_at"], unique=False)
    op.create_index("ix_survey_run_taxonomy", "survey_run", ["taxonomy_id", "taxonomy_version"], unique=False)
    op.create_table(
        "response_label",
        sa.Column("survey_id", sa.String(length=32), nullable=False),
        sa.Column("question_key", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("text_key", sa.String(length=32), nullable=False),
        sa.Column("taxonomy_id", sa.String(length=32), nullable=False),
        sa.Column("taxonomy_version", sa.Integer(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("sentiment", sa.String(length=16), nullable=True),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("labeled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("survey_id", "question_key", "purpose", "text_key"),
    )
    op.create_table(
        "response_label_revision",
        sa.Column("survey_id", sa.String(length=32), nullable=False),
        sa.Column("question_key", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("survey_id", "question_key"),
    )
    with op.batch_alter_table("paid_call") as batch:
        batch.add_column(sa.Column("settled_by", sa.String(length=200), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("paid_call") as batch:
        batch.drop_column("settled_by")
    op.drop_table("response_label_revision")
    op.drop_table("response_label")
    op.drop_table("survey_run")
    op.drop_table("survey_taxonomy_version")
    op.drop_table("survey_taxonomy")
    op.drop_table("survey")
