"""Runs the migrations on the connection that ``Database.migrate`` hands over, or on FRONTLINE_DATABASE_URL by hand."""

from __future__ import annotations

from alembic import context

from services.settings import load_settings

# Imported so that their tables join the metadata.
from services.storage import (  # noqa: F401
    feedback_tables,
    golden_run_tables,
    image_tables,
    job_tables,
    model_call_tables,
    rate_tables,
    source_tables,
    survey_tables,
)
from services.storage.tables import Base

connection = context.config.attributes.get("connection")
if connection is None:
    from services.storage.database import Database

    connection = Database(load_settings().resolved_database_url).engine.connect()

context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
