"""The way to the company's identity provider and back, as far as the sign-in page shows it."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from components import browser_errands, session_keys
from components.error_notice import escape_markdown
from components.wiring import Services
from services.access.refusals import REFUSALS
from services.errors import AppError
from services.logs import get_logger, new_reference

DEPARTURE_ADDRESS = "/sign-in/company"
DESTINATION = "next"
REFUSED = "sign_in_refused"
REFERENCE = "sign_in_reference"

_log = get_logger(__name__)


def public_address(services: Services, path: str) -> str:
    """An address of the app as the identity provider knows it."""
    return f"{str(services.settings.public_url or '').rstrip('/')}{path}"


def note_refusal() -> None:
    """Remember why the browser was sent back, and take it out of the address: a reload need not say it again."""
    code = st.query_params.get(REFUSED)
    if code is None:
        return
    reference = st.query_params.get(REFERENCE, "")
    for name in (REFUSED, REFERENCE):
        st.query_params.pop(name, None)
    if code in REFUSALS:
        st.session_state[session_keys.COMPANY_REFUSAL] = (code, reference if reference.isalnum() else "")


def note_sign_out() -> None:
    """Remember that somebody signed out whom the provider may still know in this browser."""
    st.session_state[session_keys.COMPANY_LEFT] = True


def draw_company_sign_in(services: Services, came_for: str) -> None:
    """The button that leads to the provider, with what went wrong the last time; nothing where there is no provider.

    Args:
        came_for: Path of the page that the person wants, without the slash.
    """
    if services.company_sign_in is None:
        return
    place = st.empty()
    if st.button(
        "Sign in with your company account",
        key=session_keys.COMPANY_BUTTON,
        type="primary",
        icon=":material/badge:",
        width="stretch",
    ):
        for key in (session_keys.COMPANY_REFUSAL, session_keys.COMPANY_LEFT, session_keys.SIGN_IN_NOTICE):
            st.session_state.pop(key, None)
        wanted = f"/{came_for}"
        query = urlencode(st.query_params.to_dict())
        leaving = urlencode({DESTINATION: f"{wanted}?{query}" if query else wanted})
        _leave(public_address(services, f"{DEPARTURE_ADDRESS}?{leaving}"))
    refusal = st.session_state.get(session_keys.COMPANY_REFUSAL)
    with place.container():
        if refusal:
            _draw_refusal(services, *refusal)
        elif session_keys.COMPANY_LEFT in st.session_state:
            _offer_sign_out(services)


def _draw_refusal(services: Services, code: str, reference: str) -> None:
    message, remedy = REFUSALS[code]
    if code in {"unreachable", "misconfigured"} and services.settings.local_accounts:
        remedy += " A user name with a password still works."
    lines = [f"**{escape_markdown(message)}**", escape_markdown(remedy)]
    if reference:
        lines.append(f":small[Reference {reference}]")
    st.error("  \n".join(lines), icon=":material/error:")


def _offer_sign_out(services: Services) -> None:
    company = services.company_sign_in
    try:
        url = company.sign_out_url(public_address(services, "/")) if company else None
    except AppError as error:
        _log.warning("company-sign-out-not-offered", code=error.code)
        return
    if url is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("In this browser you may still be signed in at your company.", width="stretch")
        clicked = st.button(
            "Sign out there too",
            key=session_keys.COMPANY_SIGN_OUT_BUTTON,
            icon=":material/logout:",
            type="tertiary",
        )
    if clicked:
        _leave(url)


def _leave(url: str) -> None:
    browser_errands.go_to(new_reference(), url)
    st.caption("One moment …")
