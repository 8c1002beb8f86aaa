"""How far labels and masks are, in one line, on the steps that need them."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.document_words import counted
from components.error_notice import errors_shown
from components.frame import Viewer
from components.job_progress import SECONDS_BETWEEN_LOOKS
from components.wiring import Services
from services.images.models import ImageBatch


def draw_preparing(app: Services, person: Viewer, batch: ImageBatch) -> None:
    """Draw the line while the job runs, anew every two seconds; the page runs again when it has ended."""
    if batch.prepare_job_id and app.jobs.get(person.tenant.id, batch.prepare_job_id).status.live:
        key = f"{session_keys.JOB}preparing.{batch.prepare_job_id}"
        st.fragment(_draw, run_every=SECONDS_BETWEEN_LOOKS, key=key)(app, person, batch.prepare_job_id)


def _draw(app: Services, person: Viewer, job_id: str) -> None:
    with errors_shown():
        job = app.jobs.get(person.tenant.id, job_id)
        if not job.status.live:
            st.rerun()
        share = job.ended_count / job.item_count if job.item_count else 0.0
        st.progress(
            share, text=f"Labels and masks are being made: {job.ended_count:,} of {counted(job.item_count, 'photo')}"
        )
