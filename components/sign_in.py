"""The sign-in page: the company's account, user name and password, or one click on a sample account in demo mode."""

from __future__ import annotations

import streamlit as st

from components import authenticator, session_keys
from components.error_notice import escape_markdown
from components.oidc_sign_in import draw_company_sign_in, note_refusal, note_sign_out
from components.wiring import Services
from services.access.models import Account, SignedIn
from services.access.permissions import ROLE_NAMES, ROLE_TASKS
from services.errors import AccessError, InputError

CARD_WIDTH_PIXELS = 460
LOCAL_ADDRESS = "local"  # what Streamlit tells about loopback: nothing


def signed_in(services: Services, *, came_for: str) -> SignedIn | None:
    """Who is signed in; draws the sign-in page and returns None when nobody is.

    Args:
        came_for: Path of the page that the person wants, without the slash.
    """
    note_refusal()
    had_session = session_keys.SESSION_TOKEN in st.session_state
    # Always there, so that what comes after it has the same place before, during and after signing in.
    page = st.empty()
    current = authenticator.resume(services)
    if current is not None:
        with page:
            authenticator.draw_pending_errand()
        return current
    if had_session:
        authenticator.forget()
        st.session_state[session_keys.SIGN_IN_NOTICE] = "Your session has ended. Sign in again to continue."
    with page.container(horizontal_alignment="center"):
        current = _sign_in_card(services, came_for)
        if current is None:
            authenticator.draw_pending_errand()
    if current is None:
        return None
    page.empty()
    for key in (session_keys.SIGN_IN_NOTICE, session_keys.COMPANY_REFUSAL, session_keys.COMPANY_LEFT):
        st.session_state.pop(key, None)
    authenticator.note_signed_in(services, current)
    # Before the page, which may take its time: without the cookie no file is taken.
    with page:
        authenticator.draw_pending_errand()
    return current


def sign_out(services: Services) -> None:
    """End the session here and everywhere the cookie was copied to; a callback for the sign-out button."""
    token = st.session_state.get(session_keys.SESSION_TOKEN)
    current = services.sign_in.resume(token) if token is not None else None
    if token is not None:
        services.sign_in.sign_out(token)
    authenticator.forget()
    st.session_state[session_keys.SIGN_IN_NOTICE] = "You are signed out."
    if current is not None and current.account.issuer is not None:
        note_sign_out()


def _sign_in_card(services: Services, came_for: str) -> SignedIn | None:
    with st.container(width=CARD_WIDTH_PIXELS):
        st.title("Sign in to Frontline", anchor=False)
        st.caption("Answers, product photos and survey insight for the people who face customers.")
        notice = st.session_state.get(session_keys.SIGN_IN_NOTICE)
        if notice:
            st.info(notice, icon=":material/info:")
        draw_company_sign_in(services, came_for)
        samples = services.sign_in.sample_accounts()
        chosen = _sample_choice(services, samples) if samples else None
        if not services.settings.local_accounts:
            return chosen
        if not samples and services.company_sign_in is None:
            return _password_form(services)
        # Whoever has typed a name must see what came of it.
        typed = bool(st.session_state.get(session_keys.USERNAME_FIELD))
        with st.expander("Sign in with a password instead", icon=":material/password:", expanded=typed):
            by_password = _password_form(services)
        return chosen or by_password


def _password_form(services: Services) -> SignedIn | None:
    alone = not services.settings.demo and services.company_sign_in is None
    with st.form("sign_in.form", border=alone):
        username = st.text_input("User name", key=session_keys.USERNAME_FIELD, autocomplete="username")
        password = st.text_input(
            "Password", type="password", key=session_keys.PASSWORD_FIELD, autocomplete="current-password"
        )
        submitted = st.form_submit_button(
            "Sign in",
            type="primary" if services.company_sign_in is None else "secondary",
            width="stretch",
            key=session_keys.SIGN_IN_BUTTON,
        )
        if not submitted:
            return None
        try:
            if not username.strip() or not password:
                raise InputError("Enter your user name and your password.", remedy="Then choose Sign in.")
            with st.spinner("Signing in …"):
                return services.sign_in.sign_in(
                    username, password, caller_address(services), check=authenticator.check_password
                )
        except (AccessError, InputError) as error:
            # An everyday mistake, said where it happened; the audit trail has it, so no reference is needed.
            st.error(
                f"**{escape_markdown(error.message_for_user)}**  \n{escape_markdown(error.remedy)}",
                icon=":material/error:",
            )
            return None


def _sample_choice(services: Services, samples: list[Account]) -> SignedIn | None:
    st.markdown("**Demo:** choose whose day you want to see. Nothing here needs a password.")
    chosen: SignedIn | None = None
    for account in sorted(samples, key=lambda account: list(ROLE_NAMES).index(account.role)):
        with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(
                f"**{escape_markdown(account.display_name)}** · {ROLE_NAMES[account.role]}  \n"
                f":small[{ROLE_TASKS[account.role]}]",
                width="stretch",
            )
            first_name = account.display_name.split()[0]
            key = session_keys.SAMPLE_BUTTON + account.username
            if st.button(f"Enter as {first_name}", key=key, width=128):
                chosen = services.sign_in.sign_in_sample(account.username)
    return chosen


def caller_address(services: Services) -> str:
    """Where the person comes from: the connection, or what the trusted proxy says about it."""
    if services.settings.trusted_proxy:
        forwarded = st.context.headers.get_all("X-Forwarded-For")
        hops = [hop.strip() for line in forwarded for hop in line.split(",") if hop.strip()]
        if hops:
            # Our proxy wrote the last one; the ones before it are whatever the caller claims.
            return hops[-1]
    return st.context.ip_address or LOCAL_ADDRESS
