"""The script that Streamlit runs for every click: navigation, sign-in, frame, page."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    # `streamlit run app/main.py` puts only app/ on the path.
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402
import structlog  # noqa: E402

from app.routes import ROUTES, Route, routes_of  # noqa: E402
from components.error_notice import errors_shown  # noqa: E402
from components.frame import MenuEntry, draw_frame, show_logo  # noqa: E402
from components.sign_in import signed_in  # noqa: E402
from components.wiring import services  # noqa: E402
from services.access.models import Account  # noqa: E402
from services.access.permissions import ROLE_NAMES, ROLE_TASKS  # noqa: E402

HOME_TITLE = "Frontline"


def run() -> None:
    """One run: everything that a person sees after one click."""
    structlog.contextvars.clear_contextvars()
    st.set_page_config(page_title=HOME_TITLE, page_icon=str(ROOT / "app" / "static" / "favicon.svg"), layout="wide")
    home = st.Page(_nothing, title=HOME_TITLE, url_path="home", default=True)
    pages = {
        route: st.Page(route.file, title=route.title, icon=route.icon, url_path=route.url_path) for route in ROUTES
    }
    # Before sign-in, or the address that somebody came with would be forgotten on the way.
    page = st.navigation([home, *pages.values()], position="hidden")
    show_logo()
    with errors_shown():
        app = services()
        current = signed_in(app, came_for=page.url_path)
        if current is not None:
            structlog.contextvars.bind_contextvars(account=current.account.username, page=page.url_path or "home")
            _signed_in_run(current.account, page, home, pages)


def _signed_in_run(account: Account, page: st.Page, home: st.Page, pages: dict[Route, st.Page]) -> None:
    menu = routes_of(account)
    draw_frame(services(), account, [MenuEntry(pages[route], route.title, route.icon) for route in menu])
    allowed = [pages[route] for route in menu]
    if page is home or page not in pages.values():
        if allowed:
            st.switch_page(allowed[0])
        _no_page_yet(account)
    elif page not in allowed:
        _wrong_role(account, page, allowed)
    else:
        with errors_shown():
            page.run()


def _no_page_yet(account: Account) -> None:
    st.title(f"Welcome, {account.display_name}", anchor=False)
    st.info(
        f"**There is no page for your role yet.**  \nYou are signed in as {ROLE_NAMES[account.role].lower()}: "
        f"{ROLE_TASKS[account.role]} That part of Frontline is not installed here. If you need another part, ask an "
        "administrator to change your role.",
        icon=":material/info:",
    )


def _wrong_role(account: Account, page: st.Page, allowed: list[st.Page]) -> None:
    st.title(page.title, anchor=False)
    st.warning(
        f"**This page is not for your role.**  \nYou are signed in as {ROLE_NAMES[account.role].lower()}. Ask an "
        "administrator to change your role if you need it.",
        icon=":material/lock:",
    )
    if allowed:
        st.page_link(allowed[0], label=f"Go to {allowed[0].title}", icon=":material/arrow_forward:")


def _nothing() -> None:
    """The root address has no page of its own: it leads to the first page of the role."""


run()
