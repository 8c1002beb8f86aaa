"""The tenants of an admin: add, rename, archive."""

from __future__ import annotations

import re

import streamlit as st

from components import session_keys
from components.frame import Viewer
from components.knowledge_window import act, confirm
from components.markdown_text import in_one_line
from components.wiring import Services
from services.access.models import Tenant

_FIELD, _BUTTON = session_keys.TENANT_FIELD, session_keys.TENANT_BUTTON


def tenant_id_of(name: str) -> str:
    """The id that a new tenant gets from its name, such as ``north-clinic``; empty when the name has no letters."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]


def draw_tenants(app: Services, person: Viewer) -> None:
    """Draw the tenants that the admin belongs to, and how a new one is added."""
    st.caption("Each tenant has a knowledge base and accounts of its own.")
    for tenant in app.tenants.list_tenants(person.account):
        _draw_tenant(app, person, tenant)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("New tenant", key=f"{_FIELD}new", placeholder="Its name, such as North Clinic", width=380)
        st.button(
            "Add tenant",
            key=f"{_BUTTON}add",
            icon=":material/add:",
            on_click=act,
            args=(lambda: _create(app, person),),
        )
    st.caption("It starts with an empty knowledge base. You become a member; others join with their accounts.")


def _draw_tenant(app: Services, person: Viewer, tenant: Tenant) -> None:
    if tenant.archived:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(
                f"{in_one_line(tenant.name)} :gray-badge[:material/inventory_2: Archived]",
                width=380,
            )
            st.button(
                "Bring back",
                key=f"{_BUTTON}back.{tenant.id}",
                icon=":material/unarchive:",
                on_click=act,
                args=(lambda: _bring_back(app, person, tenant),),
            )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            f"Name of {tenant.name}",
            value=tenant.name,
            key=f"{_FIELD}{tenant.id}",
            label_visibility="collapsed",
            width=380,
        )
        st.button(
            "Rename",
            key=f"{_BUTTON}rename.{tenant.id}",
            icon=":material/edit:",
            on_click=act,
            args=(lambda: _rename(app, person, tenant),),
        )
        st.button(
            "Archive",
            key=f"{_BUTTON}archive.{tenant.id}",
            icon=":material/inventory_2:",
            on_click=_open_archiving,
            args=(app, person, tenant),
        )


def _open_archiving(app: Services, person: Viewer, tenant: Tenant) -> None:
    confirm(
        f"Archive {in_one_line(tenant.name)}?",
        "Agents get no answers from it any more, and it leaves every list. Nothing is lost; you can bring it back.",
        "Archive",
        lambda: _archive(app, person, tenant),
        icon=":material/inventory_2:",
    )


def _create(app: Services, person: Viewer) -> str:
    name = st.session_state.get(f"{_FIELD}new", "")
    tenant = app.tenants.create_tenant(person.account, tenant_id_of(name), name)
    st.session_state.pop(f"{_FIELD}new", None)
    return f"Added {in_one_line(tenant.name)}. Choose it in the menu to fill its knowledge base."


def _rename(app: Services, person: Viewer, tenant: Tenant) -> str:
    renamed = app.tenants.rename_tenant(person.account, tenant.id, st.session_state[f"{_FIELD}{tenant.id}"])
    if session_keys.TENANT in st.session_state:
        # The menu knows its choice by the name; said anew, it stays with the tenant.
        st.session_state[session_keys.TENANT] = person.tenant.id
    return f"{in_one_line(tenant.name)} is called {in_one_line(renamed.name)} now."


def _archive(app: Services, person: Viewer, tenant: Tenant) -> str:
    app.tenants.archive_tenant(person.account, tenant.id)
    left = app.accounts.tenants_of(person.account)
    if person.tenant.id == tenant.id and left:
        st.session_state[session_keys.TENANT] = left[0].id
    return f"{in_one_line(tenant.name)} is archived. You can bring it back here."


def _bring_back(app: Services, person: Viewer, tenant: Tenant) -> str:
    app.tenants.unarchive_tenant(person.account, tenant.id)
    return f"{in_one_line(tenant.name)} is back."
