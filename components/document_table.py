"""One page of the list of documents, with a selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from components import session_keys
from components.document_words import STATES, WAITING_ICON, WAITING_WORDS, Waiting, format_name
from components.open_document import open_document
from components.times import ago, day
from services.knowledge.models import DocumentEntry, DocumentState

PAGE_LENGTH = 50
_ROW_PIXELS = 35


def draw_table(entries: Sequence[DocumentEntry], unpublished: Mapping[str, Waiting]) -> list[DocumentEntry]:
    """Draw the documents; a click on a title opens one. Returns those whose rows are selected.

    Args:
        unpublished: Documents whose newest version does not answer yet, by id.
    """
    turn = st.session_state.get(session_keys.LIST_ROUND, 0)
    clicked = f"{session_keys.LIST_TITLE_CLICK}{turn}"
    ids = [entry.document_id for entry in entries]

    def open_clicked() -> None:
        open_document(ids[st.session_state[clicked]["row"]])

    chosen = st.dataframe(
        [_row(entry, unpublished.get(entry.document_id)) for entry in entries],
        key=f"{session_keys.LIST_TABLE}{turn}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=min(len(entries) + 1, 15) * _ROW_PIXELS + 3,
        row_height=_ROW_PIXELS,
        placeholder="",
        alt="Documents with state, format, number of chunks, last change and validity",
        column_config={
            "Title": st.column_config.ButtonColumn(
                "Title", type="tertiary", width=294, alignment="left", key=clicked, on_click=open_clicked
            ),
            "State": st.column_config.TextColumn("State", width=145),
            "Format": st.column_config.TextColumn("Format", width=95),
            "Chunks": st.column_config.NumberColumn("Chunks", width=65, format="localized"),
            "Changed": st.column_config.TextColumn("Changed", width=115),
            "Valid until": st.column_config.TextColumn("Valid until", width=102),
            "By": st.column_config.TextColumn("By", width=110),
            "Owner": st.column_config.TextColumn("Owner", width=120),
            "Product": st.column_config.TextColumn("Product", width=120),
        },
    )
    return [entries[row] for row in chosen.selection.rows if row < len(entries)]


def _row(entry: DocumentEntry, waiting: Waiting | None) -> dict[str, Any]:
    icon, label = STATES[entry.state].icon, STATES[entry.state].label
    if waiting is not None and entry.state is DocumentState.IN_USE:
        icon, label = WAITING_ICON, WAITING_WORDS[waiting][0]
    details = entry.details
    return {
        "Title": f"{icon} {entry.title}",
        "State": label,
        "Format": format_name(entry.media_type),
        "Chunks": entry.chunk_count,
        "Changed": ago(entry.changed_at),
        "Valid until": day(details.valid_until) if details.valid_until else "",
        "By": entry.changed_by or "command line",
        "Owner": details.owner or "",
        "Product": details.product or "",
    }
