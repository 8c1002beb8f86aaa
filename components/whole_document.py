"""A window with the document behind a source, in the version that was quoted."""

from __future__ import annotations

from pathlib import PurePosixPath

import streamlit as st

from components import session_keys
from components.error_notice import errors_shown, show_error
from components.markdown_text import highlighted, in_one_line
from components.sources import Source
from components.times import ago
from components.wiring import Services
from services.errors import AppError
from services.knowledge.models import DocumentVersion

_PDF = "application/pdf"
_LONGEST_SHOWN_CHARACTERS = 60_000


def show_document(app: Services, tenant_id: str, source: Source) -> None:
    """Open the window."""
    st.dialog(in_one_line(source.title), width="medium")(_draw_document)(app, tenant_id, source)


def _draw_document(app: Services, tenant_id: str, source: Source) -> None:
    stored = source.stored
    if stored is None:
        return
    with errors_shown():
        st.caption(f"Version {stored.version} · loaded {ago(stored.loaded_at)}")
        with st.container(horizontal=True):
            _draw_download(app, tenant_id, stored)
            if source.link:
                st.link_button("Open original", source.link, icon=":material/open_in_new:")
        if stored.document.media_type == _PDF and source.page is not None:
            text, picture = st.tabs(["Text", f"Page {source.page} as printed"])
            with text:
                _draw_text(stored, source)
            with picture:
                _draw_page(app, tenant_id, stored, source)
        else:
            _draw_text(stored, source)


def _draw_text(stored: DocumentVersion, source: Source) -> None:
    document, section = stored.document, source.section_at
    if section is not None:
        with st.container(border=True):
            if section.path:
                st.markdown(f"**{in_one_line(' › '.join(section.path))}**")
            spans = [(start - section.start, end - section.start) for start, end in source.spans]
            st.markdown(highlighted(document.text[section.start : section.end], spans))
    with st.expander("Whole document", expanded=section is None, icon=":material/article:"):
        start, end = _shown_part(len(document.text), source)
        if end - start < len(document.text):
            st.caption("The document is very long: only the part around the quoted words is shown here.")
        spans = [(left - start, right - start) for left, right in source.spans]
        st.markdown(highlighted(document.text[start:end], spans))


def _shown_part(length: int, source: Source) -> tuple[int, int]:
    middle = source.spans[0][0] if source.spans else 0
    start = max(0, min(middle - _LONGEST_SHOWN_CHARACTERS // 2, length - _LONGEST_SHOWN_CHARACTERS))
    return start, min(length, start + _LONGEST_SHOWN_CHARACTERS)


def _draw_download(app: Services, tenant_id: str, stored: DocumentVersion) -> None:
    document = stored.document
    st.download_button(
        "Original file",
        data=lambda: app.knowledge.original_file(tenant_id, stored),
        file_name=PurePosixPath(document.source_name or document.id).name,
        mime=document.media_type,
        key=session_keys.ORIGINAL_BUTTON + document.id,
        icon=":material/download:",
        on_click="ignore",
    )


def _draw_page(app: Services, tenant_id: str, stored: DocumentVersion, source: Source) -> None:
    quotes = tuple(stored.document.text[start:end] for start, end in source.spans)
    try:
        picture = _page_picture(app, tenant_id, stored, source.page or 1, quotes)
    except AppError as error:
        show_error(error)
        return
    st.image(picture, alt=f"Page {source.page} of {stored.document.title}", width="stretch")


@st.cache_data(max_entries=32, show_spinner="Drawing the page …")
def _page_picture(_app: Services, tenant_id: str, stored: DocumentVersion, page: int, quotes: tuple[str, ...]) -> bytes:
    return _app.page_pictures.draw(_app.knowledge.original_file(tenant_id, stored), page, marked=quotes)
