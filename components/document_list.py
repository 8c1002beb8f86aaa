"""The documents of a knowledge base: searched, filtered, paged, and acted on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import streamlit as st

from components import session_keys
from components.document_actions import draw_bulk_actions
from components.document_filters import clear_filters, draw_filters, first_page, is_filtered
from components.document_table import PAGE_LENGTH, draw_table
from components.document_words import Waiting, counted
from components.frame import Viewer
from components.wiring import Services


def draw_documents(app: Services, person: Viewer, unpublished: Mapping[str, Waiting]) -> None:
    """Draw the list with its filters and what can be done with the selection.

    Args:
        unpublished: Documents whose newest version does not answer yet, by id.
    """
    account, tenant_id = person.account, person.tenant.id
    products, owners = app.documents.list_labels(account, tenant_id)
    chosen = draw_filters(products, owners, today=datetime.now().astimezone().date())
    page = st.session_state.get(_page_key(), 1)
    entries, total = app.documents.list_documents(
        account, tenant_id, chosen, offset=(page - 1) * PAGE_LENGTH, limit=PAGE_LENGTH
    )
    if total and not entries:  # the last page has just lost its documents
        first_page()
        entries, total = app.documents.list_documents(account, tenant_id, chosen, limit=PAGE_LENGTH)
    if not entries:
        _draw_none(filtered=is_filtered(chosen))
        return
    above = st.container()
    selected = draw_table(entries, unpublished)
    with above:
        if selected:
            draw_bulk_actions(app, person, selected)
        else:
            st.caption(f"{counted(total, 'document')}. Open one by its title; select rows to change many at once.")
    if total > PAGE_LENGTH:
        st.pagination(-(-total // PAGE_LENGTH), key=_page_key(), persist_state="session")


def _page_key() -> str:
    return f"{session_keys.LIST_PAGE}.{st.session_state.get(session_keys.LIST_ROUND, 0)}"


def _draw_none(*, filtered: bool) -> None:
    if filtered:
        st.info("**No document fits.**  \nSearch for other words, or clear the filters.", icon=":material/search_off:")
        st.button(
            "Clear search and filters",
            key=f"{session_keys.LIST_FIELD}clear_all",
            icon=":material/filter_alt_off:",
            on_click=clear_filters,
        )
    else:
        st.info(
            "**There are no documents.**  \nAdd files, or show the deleted ones with the filter.",
            icon=":material/inventory_2:",
        )
