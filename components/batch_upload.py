"""Takes photos: many files or zips for a new batch or for one that there is, and the sample photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from components import session_keys
from components.batch_actions import action_button, attempt
from components.batch_link import open_batch
from components.document_words import counted
from components.frame import Viewer
from components.wiring import Services
from services.images.intake import ImageUpload

SAMPLE_PHOTOS = Path(__file__).resolve().parent.parent / "app" / "sample_data" / "products"
FEW_FILES = 4
LISTED_PIXELS = 140  # the field's own height with more files than these, which it lists in a part that scrolls
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic"}


def draw_upload(app: Services, person: Viewer, batch_id: str | None = None) -> None:
    """Draw the field for files and the button that takes them.

    Args:
        batch_id: The batch that they are added to; None for a new one.
    """
    place = batch_id or "new"
    key = f"{session_keys.BATCH_UPLOAD}{place}.{st.session_state.get(session_keys.BATCH_UPLOAD_ROUND, 0)}"
    few = len(st.session_state.get(key) or []) <= FEW_FILES
    with st.container(height="content" if few else LISTED_PIXELS, border=False):
        chosen = st.file_uploader("Photos", accept_multiple_files=True, label_visibility="collapsed", key=key)
    settings = app.settings
    st.caption(
        f"PNG, JPEG, WEBP, TIFF or HEIC up to {whole_mebibytes(settings.max_image_bytes):,} MB each, or a zip of them "
        f"up to {st.get_option('server.maxUploadSize'):,} MB; up to {settings.max_batch_images:,} photos a batch. The "
        "originals are kept as they are."
    )
    label = f"Create a batch of {counted(len(chosen), 'file')}" if chosen else "Create a batch"
    if batch_id is None:
        st.text_input(
            "Name of the batch",
            key=f"{session_keys.BATCH_FIELD}title",
            max_chars=120,
            placeholder="Such as “Spring campaign” (optional)",
            persist_state="session",
        )
    else:
        label = f"Add {counted(len(chosen), 'file')}" if chosen else "Add photos"
    st.button(
        label,
        type="primary",
        icon=":material/upload:",
        disabled=not chosen,
        key=f"{session_keys.BATCH_UPLOAD}do.{place}",
        on_click=_upload,
        args=(app, person, batch_id, key),
    )


def whole_mebibytes(byte_count: int) -> int:
    """Bytes in the unit that an upload field calls MB, rounded up; at least 1. The services check exactly."""
    return max(1, -(-byte_count // 2**20))


def draw_samples_button(app: Services, person: Viewer) -> None:
    """Draw the button that makes a batch of the sample photos."""
    if sample_photos():
        action_button(
            "Try it with sample photos",
            lambda: _create(app, person, _sample_uploads(), "Sample photos"),
            key=session_keys.BATCH_SAMPLE_BUTTON,
            icon=":material/science:",
            redraws_page=True,
        )


def sample_photos() -> list[Path]:
    """The sample photos that come with the app."""
    if not SAMPLE_PHOTOS.is_dir():
        return []
    return sorted(path for path in SAMPLE_PHOTOS.iterdir() if path.suffix.lower() in _PICTURES)


def _sample_uploads() -> list[ImageUpload]:
    return [ImageUpload(path.name, path.read_bytes) for path in sample_photos()]


def _upload(app: Services, person: Viewer, batch_id: str | None, key: str) -> None:
    files = st.session_state.get(key) or []
    uploads = [ImageUpload(file.name, file.getvalue) for file in files]
    if batch_id is None:
        title = st.session_state.get(f"{session_keys.BATCH_FIELD}title", "")
        done = attempt(lambda: _create(app, person, uploads, title))
    else:
        done = attempt(lambda: _add(app, person, batch_id, uploads))
    if done:
        # A new key empties the field, or the same files would wait in it the next time.
        st.session_state[session_keys.BATCH_UPLOAD_ROUND] = st.session_state.get(session_keys.BATCH_UPLOAD_ROUND, 0) + 1
        st.session_state.pop(f"{session_keys.BATCH_FIELD}title", None)


def _create(app: Services, person: Viewer, uploads: Sequence[ImageUpload], title: str) -> str:
    batch = app.image_batches.create(person.account, person.tenant.id, uploads, title.strip())
    open_batch(batch.id)
    return f"{_received(app, person, batch.id)} Labels and masks are made in the background."


def _add(app: Services, person: Viewer, batch_id: str, uploads: Sequence[ImageUpload]) -> str:
    before = app.image_batches.get(person.tenant.id, batch_id).image_count
    app.image_batches.add(person.account, person.tenant.id, batch_id, uploads)
    return _received(app, person, batch_id, first=before)


def _received(app: Services, person: Viewer, batch_id: str, first: int = 0) -> str:
    images = app.image_batches.images(person.tenant.id, batch_id)[first:]
    refused = sum(1 for image in images if not image.sha256)
    words = f"{counted(len(images) - refused, 'photo')} received"
    return f"{words}; {refused:,} more cannot be used." if refused else f"{words}."
