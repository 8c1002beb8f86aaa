"""What an admin does with one document or many: enable, disable, delete; each asks first where something is lost."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import session_keys
from components.bulk_details import open_bulk_details
from components.document_filters import first_page
from components.document_words import counted
from components.frame import Viewer
from components.knowledge_window import act, confirm
from components.markdown_text import in_one_line
from components.open_document import close_document, open_document
from components.wiring import Services
from services.knowledge.models import DocumentEntry, DocumentState

_MOST_TITLES = 5


def draw_bulk_actions(app: Services, person: Viewer, chosen: Sequence[DocumentEntry]) -> None:
    """Draw what can be done with the selected documents."""
    kept = [entry for entry in chosen if entry.state is not DocumentState.DELETED]
    disabled = [entry for entry in kept if entry.state is DocumentState.DISABLED]
    enabled = [entry for entry in kept if entry.state is not DocumentState.DISABLED]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**{counted(len(chosen), 'document')} selected**", width="content")
        if len(chosen) == 1:
            _button("Open", "open", ":material/open_in_full:", open_document, chosen[0].document_id)
        if enabled:
            _button("Disable", "disable", ":material/block:", open_disable, app, person, enabled)
        if disabled:
            _button("Enable", "enable", ":material/check_circle:", act, lambda: enable(app, person, disabled))
        if kept:
            _button("Set details", "details", ":material/label:", open_bulk_details, app, person, kept)
            _button("Delete", "delete", ":material/delete:", open_delete, app, person, kept)
        _button("Clear selection", "clear", ":material/close:", first_page, kind="tertiary")


def open_disable(app: Services, person: Viewer, chosen: Sequence[DocumentEntry]) -> None:
    """Ask whether to disable; for callbacks."""
    confirm(
        f"Disable {_these(chosen)}?",
        f"{_titles(chosen)}\n\nFrom the next question on, agents get no answer from {_it(chosen)}, whatever version is "
        "live. Enabling brings the answers back at once.",
        "Disable",
        lambda: _disable(app, person, chosen),
        icon=":material/block:",
    )


def open_delete(app: Services, person: Viewer, chosen: Sequence[DocumentEntry]) -> None:
    """Ask whether to delete; for callbacks."""
    confirm(
        f"Delete {_these(chosen)}?",
        f"{_titles(chosen)}\n\n**From the next question on, agents get no answer from {_it(chosen)}.** Earlier answers "
        "keep their quotes, and each document can be restored from its versions.",
        "Delete",
        lambda: _delete(app, person, chosen),
        icon=":material/delete:",
    )


def enable(app: Services, person: Viewer, chosen: Sequence[DocumentEntry]) -> str:
    """Let disabled documents answer again; returns what the page says then."""
    app.documents.enable(person.account, person.tenant.id, [entry.document_id for entry in chosen])
    first_page()
    return f"Enabled {_what(chosen)}."


def _disable(app: Services, person: Viewer, chosen: Sequence[DocumentEntry]) -> str:
    app.documents.disable(person.account, person.tenant.id, [entry.document_id for entry in chosen])
    first_page()
    return f"Disabled {_what(chosen)}. From the next question on, no answer comes from {_it(chosen)}."


def _delete(app: Services, person: Viewer, chosen: Sequence[DocumentEntry]) -> str:
    app.documents.delete(person.account, person.tenant.id, [entry.document_id for entry in chosen])
    close_document()
    first_page()
    return f"Deleted {_what(chosen)}. From the next question on, no answer comes from {_it(chosen)}."


def _button(label: str, name: str, icon: str, do: object, *args: object, kind: str = "secondary") -> None:
    st.button(
        label,
        key=session_keys.LIST_ACTION + name,
        icon=icon,
        type="tertiary" if kind == "tertiary" else "secondary",
        on_click=do,  # type: ignore[arg-type]  # callbacks of different shapes, called with these arguments
        args=args,
    )


def _what(chosen: Sequence[DocumentEntry]) -> str:
    return f"“{in_one_line(chosen[0].title, 60)}”" if len(chosen) == 1 else counted(len(chosen), "document")


def _these(chosen: Sequence[DocumentEntry]) -> str:
    return "this document" if len(chosen) == 1 else counted(len(chosen), "document")


def _it(chosen: Sequence[DocumentEntry]) -> str:
    return "it" if len(chosen) == 1 else "them"


def _titles(chosen: Sequence[DocumentEntry]) -> str:
    titles = [f"- {in_one_line(entry.title, 100)}" for entry in chosen[:_MOST_TITLES]]
    if len(chosen) > _MOST_TITLES:
        titles.append(f"- and {len(chosen) - _MOST_TITLES:,} more")
    return "\n".join(titles)
