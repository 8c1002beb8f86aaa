"""streamlit-authenticator, held to our rules: its password check, its way to read the cookie, its session keys.

The library verifies the password (bcrypt). Whether somebody *is* signed in is decided by ``services.access`` at every
run: throttling, expiry and revocation live there, because the library has none that hold. The cookie is set by the
server (``app.session_cookie``), because one that the library writes can be read by every script.
"""

from __future__ import annotations

import time
from typing import Any

import streamlit as st
from pydantic import SecretStr
from streamlit_authenticator.controllers import AuthenticationController
from streamlit_authenticator.models.cookie_model import CookieModel

from components import browser_errands, session_keys
from components.session_token import COOKIE_NAME, sign_ticket, verified_content
from components.wiring import Services
from services.access.models import Account, SignedIn
from services.access.passwords import MOST_BYTES, password_matches
from services.logs import new_reference

# As long as a browser may take until it has loaded the page that asks it for something.
ERRAND_SECONDS = 60.0


def check_password(username: str, password: str, password_hash: str) -> bool:
    """Whether the library accepts these credentials; on success it notes the person in the session state."""
    if len(password.encode()) > MOST_BYTES:
        # The library would answer with a line on stdout about plain-text passwords, and faster than usual.
        return password_matches(username, password, password_hash)
    return bool(_controller(username, {"password": password_hash}).login(username, password))


def note_signed_in(services: Services, signed_in: SignedIn) -> None:
    """Tell the library who is signed in, keep the token for the next runs and have the cookie set."""
    _note_account(signed_in.account)
    st.session_state["logout"] = None
    st.session_state[session_keys.SESSION_TOKEN] = signed_in.token
    _ask_browser(sign_ticket(signed_in, services.cookie_key))


def resume(services: Services) -> SignedIn | None:
    """Who is signed in by this tab or by the cookie of this browser, asked anew at every run."""
    _controller("", {})  # makes the session keys that the library reads
    token = st.session_state.get(session_keys.SESSION_TOKEN)
    if token is None:
        content = SessionCookie(services).get_cookie()
        token = content.get("session") if content else None
    signed_in = services.sign_in.resume(token) if isinstance(token, str) else None
    if signed_in is not None:
        _note_account(signed_in.account)
        st.session_state[session_keys.SESSION_TOKEN] = signed_in.token
    return signed_in


def forget() -> None:
    """Empty this tab of everything that the last person saw or typed, and have the cookie deleted."""
    for key in list(st.session_state.keys()):
        del st.session_state[key]
    _controller("", {}).logout()
    _ask_browser(None)


def draw_pending_errand() -> None:
    """Ask the browser to get or to lose the cookie, in every run of the next minute; it does so once.

    The next run may start before the browser has drawn this one; asking once would lose the cookie then.
    """
    pending = st.session_state.get(session_keys.PENDING_COOKIE)
    if pending is None:
        return
    if time.monotonic() > pending["until"]:
        del st.session_state[session_keys.PENDING_COOKIE]
    elif pending["ticket"] is None:
        browser_errands.drop_session(pending["errand"])
    else:
        browser_errands.keep_session(pending["errand"], pending["ticket"])


def _ask_browser(ticket: str | None) -> None:
    st.session_state[session_keys.PENDING_COOKIE] = {
        "errand": new_reference(),
        "ticket": ticket,
        "until": time.monotonic() + ERRAND_SECONDS,
    }


class SessionCookie(CookieModel):  # type: ignore[misc]  # the library is untyped
    """The library's rules for reading its cookie; ours carries the token of a session that can be revoked."""

    def __init__(self, services: Services) -> None:
        # Not the parent's: it draws a frame that reads all cookies and so runs every page twice; st.context has them.
        self.cookie_name = COOKIE_NAME
        self.cookie_key = services.cookie_key.get_secret_value()
        self.token: str | None = None
        self.exp_date: float | None = None

    def _token_decode(self) -> Any:
        # The parent prints to stdout and lets some kinds of forged tokens raise.
        return verified_content(self.token or "", SecretStr(self.cookie_key)) or False


def _controller(username: str, user: dict[str, Any]) -> AuthenticationController:
    return AuthenticationController({"usernames": {username: user} if username else {}}, auto_hash=False)


def _note_account(account: Account) -> None:
    user = {"name": account.display_name, "roles": [account.role.value]}
    _controller(account.username, user).login(token={"username": account.username})
