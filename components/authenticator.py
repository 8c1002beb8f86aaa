"""streamlit-authenticator, held to our rules: its password check, its signed cookie, its session keys.

The library verifies the password (bcrypt) and keeps the cookie. Whether somebody *is* signed in is decided by
``services.access`` at every run: throttling, expiry and revocation live there, because the library has none that hold.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import extra_streamlit_components as stx
import streamlit as st
from extra_streamlit_components.CookieManager import _component_func as cookie_frame
from pydantic import SecretStr
from streamlit_authenticator.controllers import AuthenticationController
from streamlit_authenticator.models.cookie_model import CookieModel

from components import session_keys
from components.session_token import COOKIE_NAME, sign, verified_content
from components.wiring import Services
from services.access.models import Account, SignedIn
from services.access.passwords import MOST_BYTES, password_matches
from services.logs import new_reference


def check_password(username: str, password: str, password_hash: str) -> bool:
    """Whether the library accepts these credentials; on success it notes the person in the session state."""
    if len(password.encode()) > MOST_BYTES:
        # The library would answer with a line on stdout about plain-text passwords, and faster than usual.
        return password_matches(username, password, password_hash)
    return bool(_controller(username, {"password": password_hash}).login(username, password))


def note_signed_in(services: Services, signed_in: SignedIn) -> None:
    """Tell the library who is signed in, keep the token for the next runs and have the cookie written."""
    _note_account(signed_in.account)
    st.session_state["logout"] = None
    st.session_state[session_keys.SESSION_TOKEN] = signed_in.token
    st.session_state[session_keys.PENDING_COOKIE] = {
        "key": f"sign_in.cookie.{new_reference()}",
        "token": sign(signed_in, services.cookie_key),
        "expires_at": signed_in.expires_at,
    }


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
    st.session_state[session_keys.PENDING_COOKIE] = {"key": f"sign_in.cookie.{new_reference()}"}


def draw_pending_cookie(services: Services) -> None:
    """Draw the invisible frame that writes or deletes the cookie, until the browser says that it has.

    The next run may start before the browser has loaded the frame; drawing it once would lose the cookie then.
    """
    pending = st.session_state.get(session_keys.PENDING_COOKIE)
    if pending is None:
        return
    if st.session_state.get(pending["key"]):
        del st.session_state[session_keys.PENDING_COOKIE]
        return
    frames = SessionCookie(services).cookie_manager
    if "token" in pending:
        frames.set(COOKIE_NAME, pending["token"], key=pending["key"], expires_at=pending["expires_at"])
    else:
        frames.delete(COOKIE_NAME, key=pending["key"])


class SessionCookie(CookieModel):  # type: ignore[misc]  # the library is untyped
    """The library's signed cookie; it carries the session token, so that a revoked session makes it worthless."""

    def __init__(self, services: Services) -> None:
        # Not the parent's: it draws a frame that reads all cookies and so runs every page twice; st.context has them.
        self.cookie_name = COOKIE_NAME
        self.cookie_key = services.cookie_key.get_secret_value()
        self.cookie_expiry_days = services.settings.session_hours / 24
        self.cookie_manager = _CookieFrames()
        self.token: str | None = None
        self.exp_date: float | None = None

    def _token_decode(self) -> Any:
        # The parent prints to stdout and lets some kinds of forged tokens raise.
        return verified_content(self.token or "", SecretStr(self.cookie_key)) or False


class _CookieFrames(stx.CookieManager):  # type: ignore[misc]  # the library is untyped
    """The library's cookie frames without the frame that reads and without injected CSS."""

    def __init__(self) -> None:
        self.cookie_manager = cookie_frame
        self.cookies: dict[str, str] = {}

    def _remove_extra_spacing(self) -> None:
        """The parent would inject CSS through unsafe HTML."""

    def set(self, cookie: str, val: str, key: str = "set", expires_at: datetime | None = None, **_: Any) -> None:
        """Have the browser keep the cookie, for this site only, over TLS only where the page came over TLS."""
        # A time without a zone would be read in the browser's zone and end hours too early or too late.
        until = expires_at or datetime.now(UTC) + timedelta(hours=1)
        secure = (st.context.url or "").startswith("https://")
        super().set(cookie, val, key=key, expires_at=until.astimezone(UTC), secure=secure, same_site="strict")

    def delete(self, cookie: str, key: str = "delete") -> None:
        """Have the browser delete the cookie."""
        self.cookies[cookie] = ""  # the parent deletes this entry and raises when it is missing
        super().delete(cookie, key=key)


def _controller(username: str, user: dict[str, Any]) -> AuthenticationController:
    return AuthenticationController({"usernames": {username: user} if username else {}}, auto_hash=False)


def _note_account(account: Account) -> None:
    user = {"name": account.display_name, "roles": [account.role.value]}
    _controller(account.username, user).login(token={"username": account.username})
