"""The session token inside the cookie: the part of sign-in that the web server needs as well.

Kept apart from streamlit-authenticator, which registers its frames with the running server when it is imported and so
must not be imported before there is one.
"""

from __future__ import annotations

import jwt
from pydantic import SecretStr

from services.access.models import SignedIn

COOKIE_NAME = "frontline_session"
_ALGORITHM = "HS256"


def sign(signed_in: SignedIn, key: SecretStr) -> str:
    """The signed content of the cookie, in the layout of streamlit-authenticator plus the session token."""
    content = {
        "username": signed_in.account.username,
        "exp_date": signed_in.expires_at.timestamp(),
        "session": signed_in.token,
    }
    return jwt.encode(content, key.get_secret_value(), algorithm=_ALGORITHM)


def verified_content(cookie: str, key: SecretStr) -> dict[str, object] | None:
    """What the cookie says; None when we did not sign it."""
    try:
        content: dict[str, object] = jwt.decode(cookie, key.get_secret_value(), algorithms=[_ALGORITHM])
    except jwt.PyJWTError:
        return None
    return content


def session_token(cookie: str, key: SecretStr) -> str | None:
    """The session token in the cookie; None when there is none that we signed."""
    token = (verified_content(cookie, key) or {}).get("session")
    return token if isinstance(token, str) else None
