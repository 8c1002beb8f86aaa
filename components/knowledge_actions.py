"""What an admin does next with the knowledge base: the step that is due stands out, the others stay in reach."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import streamlit as st

from components import session_keys
from components.document_upload import open_upload
from components.frame import Viewer, tenant_address
from components.knowledge_publishing import open_publishing
from components.knowledge_versions import build_draft
from components.wiring import Services
from services.jobs.models import Job
from services.knowledge.publishing import KnowledgeOverview

CHECK_PAGE = "../pages/check_quality.py"


class Step(StrEnum):
    """What is due."""

    ADD = "add"
    WAIT = "wait"
    BUILD = "build"
    PUBLISH = "publish"


def next_step(overview: KnowledgeOverview, *, busy: bool) -> Step:
    """What is due, given where the knowledge base stands.

    Args:
        busy: Whether an import or a build runs; at its end there is a draft.
    """
    if busy or overview.building is not None:
        return Step.WAIT
    if overview.unbuilt.count:
        return Step.BUILD
    if overview.draft is not None:
        return Step.PUBLISH
    return Step.ADD


def draw_actions(app: Services, person: Viewer, overview: KnowledgeOverview, running: Sequence[Job]) -> None:
    """Draw the buttons; one is the primary one.

    Args:
        running: Jobs of the tenant that have not ended.
    """
    step = next_step(overview, busy=bool(running))
    checking = any(job.finishing for job in running)
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"):
        if step is Step.BUILD:
            st.button(
                "Build draft",
                key=session_keys.KNOWLEDGE_BUILD_BUTTON,
                type="primary",
                icon=":material/construction:",
                on_click=build_draft,
                args=(app, person),
            )
        if overview.draft is not None:
            st.page_link(CHECK_PAGE, label="Check", icon=":material/fact_check:", query_params=tenant_address(person))
            st.button(
                f"Publish version {overview.draft.number}",
                key=session_keys.KNOWLEDGE_PUBLISH_BUTTON,
                type="primary" if step is Step.PUBLISH else "secondary",
                icon=":material/publish:",
                disabled=checking,
                help="It is still being checked." if checking else None,
                on_click=open_publishing,
                args=(app, person, overview.draft.number, overview.live.number if overview.live else None),
            )
        st.button(
            "Add documents",
            key=session_keys.KNOWLEDGE_ADD_BUTTON,
            type="primary" if step is Step.ADD else "secondary",
            icon=":material/upload_file:",
            on_click=open_upload,
            args=(app, person),
        )
