"""Manage knowledge: an admin adds documents, checks what comes of them, and decides what answers."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.document_list import draw_documents
from components.document_page import draw_document
from components.document_upload import IMPORTS
from components.frame import viewer
from components.knowledge_actions import draw_actions
from components.knowledge_imports import draw_imports
from components.knowledge_sources import draw_sources
from components.knowledge_start import draw_start
from components.knowledge_state import draw_state, waiting_documents
from components.knowledge_tenants import draw_tenants
from components.knowledge_versions import draw_versions
from components.knowledge_window import draw_notice, draw_open_window
from components.open_document import forget_other_tenant, opened_document
from components.wiring import services

DOCUMENTS, VERSIONS, SOURCES, TENANTS = "Documents", "Versions", "Sources", "Tenants"

app, person = services(), viewer()
forget_other_tenant(person.tenant.id)
overview = app.publishing.overview(person.account, person.tenant.id)
jobs = app.ingestion.list_jobs(person.account, person.tenant.id)
running = [job for job in jobs if job.status.live]
waiting = waiting_documents(overview)

heading, beside = st.columns([2, 3], vertical_alignment="bottom")
with heading.container(gap=None):
    st.title("Manage knowledge", anchor=False)
    st.caption("Add, check and publish what answers rest on.")
with beside:
    draw_actions(app, person, overview, running)
draw_notice()

opened = opened_document()
if opened is not None:
    draw_document(app, person, *opened, waiting.get(opened[0]))
else:
    draw_state(app, person, overview, running)
    empty = overview.live is None and not waiting
    labels = [DOCUMENTS, IMPORTS, VERSIONS, SOURCES, TENANTS]
    tabs = st.tabs(labels, key=session_keys.KNOWLEDGE_TAB, bind="query-params")
    for label, tab in zip(labels, tabs, strict=True):
        if tab.open:
            with tab:
                if label == IMPORTS:
                    draw_imports(app, person, jobs)
                elif label == VERSIONS:
                    draw_versions(app, person, overview)
                elif label == SOURCES:
                    draw_sources(app, person)
                elif label == TENANTS:
                    draw_tenants(app, person)
                elif empty and not running:
                    draw_start(app, person)
                else:
                    draw_documents(app, person, waiting)

draw_open_window()
