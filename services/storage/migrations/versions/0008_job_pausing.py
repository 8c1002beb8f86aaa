"""Jobs that wait because somebody paused them, and items that wait for their next try."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("job") as batch:
        batch.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("job_item") as batch:
        batch.add_column(sa.Column("claimed_round", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("failed_tries", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_index("ix_job_item_finished", ["job_id", "finished_at"])
    # What runs at this moment was claimed in the round of its job.
    op.execute(
        "UPDATE job_item SET claimed_round = (SELECT round FROM job WHERE job.id = job_item.job_id) "
        "WHERE status = 'running'"
    )
    # The default served the rows that were there; new rows get theirs from the code.
    with op.batch_alter_table("job_item") as batch:
        batch.alter_column("failed_tries", existing_type=sa.Integer(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("job_item") as batch:
        batch.drop_index("ix_job_item_finished")
        batch.drop_column("next_try_at")
        batch.drop_column("failed_tries")
        batch.drop_column("claimed_round")
    with op.batch_alter_table("job") as batch:
        batch.drop_column("resumed_at")
        batch.drop_column("paused_at")
