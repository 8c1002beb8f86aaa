"""The frame around every page: product, tenant, menu, and who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import session_keys
from components.batch_notices import draw_batch_notices
from components.error_notice import escape_markdown
from components.sign_in import sign_out
from components.wiring import Services
from services.access.models import Account, Tenant
from services.access.permissions import ROLE_NAMES, require_tenant
from services.errors import AccessError

LOGOS = Path(__file__).resolve().parent.parent / "app" / "static"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of the menu, its title and its icon."""

    page: st.Page
    title: str
    icon: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the page, for which tenant, and where in the sidebar the page may put its own things."""

    account: Account
    tenant: Tenant
    sidebar: DeltaGenerator


def tenant_address(person: Viewer) -> dict[str, str]:
    """The query parameter with which a link to another page keeps the tenant: its name, as the menu writes it."""
    return {session_keys.TENANT: person.tenant.name}


def viewer() -> Viewer:
    """The viewer of this run; a page calls this first.

    Raises:
        AccessError: nobody is signed in.
    """
    current = st.session_state.get(session_keys.VIEWER)
    if current is None:
        raise AccessError("You are not signed in.", code="not-signed-in", remedy="Sign in, then try again.")
    return cast("Viewer", current)


def show_logo() -> None:
    """The product's name in the top left corner, drawn for the theme in use."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    st.logo(LOGOS / f"logo-{theme}.svg", size="large", icon_image=LOGOS / "favicon.svg")


def draw_frame(services: Services, account: Account, menu: Sequence[MenuEntry]) -> Viewer:
    """Draw the sidebar and remember the viewer for the page.

    Raises:
        AccessError: the account belongs to no tenant.
    """
    with st.sidebar:
        tenant = _choose_tenant(services.accounts.tenants_of(account))
        require_tenant(account, tenant.id)
        with st.container(gap="xxsmall"):
            for entry in menu:
                st.page_link(entry.page, label=entry.title, icon=entry.icon, width="stretch")
        draw_batch_notices(services, account)
        page_sidebar = st.container()
        st.space("small")
        _who_is_signed_in(services, account)
    current = Viewer(account, tenant, page_sidebar)
    st.session_state[session_keys.VIEWER] = current
    return current


def _choose_tenant(tenants: Sequence[Tenant]) -> Tenant:
    if not tenants:
        raise AccessError(
            "Your account belongs to no tenant yet.",
            code="no-tenant",
            remedy="Ask an administrator to add you to one.",
        )
    by_id = {tenant.id: tenant for tenant in tenants}
    if len(tenants) == 1:
        st.markdown(f":small[:gray[Tenant]]  \n**{escape_markdown(tenants[0].name)}**")
        return tenants[0]
    chosen = st.selectbox(
        "Tenant",
        list(by_id),
        format_func=lambda tenant_id: by_id[tenant_id].name,
        key=session_keys.TENANT,
        bind="query-params",  # a reload and a shared link keep the tenant
    )
    return by_id[chosen]


def _who_is_signed_in(services: Services, account: Account) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True, wrap=False):
        st.markdown(
            f"**{escape_markdown(account.display_name)}**  \n:small[{ROLE_NAMES[account.role]}]", width="stretch"
        )
        st.button(
            "Sign out",
            key=session_keys.SIGN_OUT_BUTTON,
            icon=":material/logout:",
            type="tertiary",
            on_click=sign_out,
            args=(services,),
        )
