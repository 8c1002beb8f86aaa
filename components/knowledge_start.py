"""A knowledge base with nothing in it: what it needs first."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from components import session_keys
from components.document_upload import open_upload, submit_uploads
from components.frame import Viewer
from components.knowledge_window import act
from components.markdown_text import in_one_line
from components.wiring import Services
from services.knowledge.ingestion import Upload

SAMPLE_DATA = Path(__file__).resolve().parent.parent / "app" / "sample_data"


def draw_start(app: Services, person: Viewer) -> None:
    """Draw the three steps from files to answers, and the sample documents where samples belong."""
    with st.container(border=True):
        st.subheader(f"{in_one_line(person.tenant.name)} has no documents yet", anchor=False)
        st.markdown(
            "1. **Add** the procedures, guides and answers that agents work with: files, or a zip of many.\n"
            "2. **Check** the draft that comes of them.\n"
            "3. **Publish** it: agents get answers quoted from it, and you can roll back at any time."
        )
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Add documents",
                key=f"{session_keys.KNOWLEDGE_ADD_BUTTON}.first",
                type="primary",
                icon=":material/upload_file:",
                on_click=open_upload,
                args=(app, person),
            )
            folder = sample_folder(app, person)
            if folder is not None:
                st.button(
                    "Take the sample documents",
                    key=session_keys.KNOWLEDGE_SAMPLE_BUTTON,
                    icon=":material/science:",
                    on_click=act,
                    args=(lambda: _take_samples(app, person, folder),),
                )


def sample_folder(app: Services, person: Viewer) -> Path | None:
    """Where sample documents for this tenant lie; None where samples have no place."""
    own = SAMPLE_DATA / person.tenant.id / "documents"
    if own.is_dir():
        return own
    return SAMPLE_DATA / "pharmacy" / "documents" if app.settings.demo else None


def _take_samples(app: Services, person: Viewer, folder: Path) -> str:
    uploads = [
        Upload(path.relative_to(folder).as_posix(), path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return submit_uploads(app, person, uploads)
