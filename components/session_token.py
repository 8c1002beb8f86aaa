"""What sign-in signs and gives to the browser: the part of it that the web server needs as well.

Kept apart from streamlit-authenticator, which registers its frames with the running server when it is imported and so
must not be imported before there is one. All three kinds are signed with one key; ``aud`` keeps them apart.
"""

from __future__ import annotations

import time

import jwt
from pydantic import SecretStr

from services.access.models import Departure, SignedIn

COOKIE_NAME = "frontline_session"
TICKET_SECONDS = 300
DEPARTURE_SECONDS = 900
_ALGORITHM = "HS256"
_TICKET = "ticket"
_DEPARTURE = "departure"


def sign(signed_in: SignedIn, key: SecretStr) -> str:
    """The signed content of the cookie, in the layout of streamlit-authenticator plus the session token."""
    content = {
        "username": signed_in.account.username,
        "exp_date": signed_in.expires_at.timestamp(),
        "session": signed_in.token,
    }
    return jwt.encode(content, key.get_secret_value(), algorithm=_ALGORITHM)


def verified_content(cookie: str, key: SecretStr) -> dict[str, object] | None:
    """What the cookie says; None when we did not sign it, or signed it as something else."""
    try:
        content: dict[str, object] = jwt.decode(cookie, key.get_secret_value(), algorithms=[_ALGORITHM])
    except jwt.PyJWTError:
        return None
    return content


def session_token(cookie: str, key: SecretStr) -> str | None:
    """The session token in the cookie; None when there is none that we signed."""
    return _session_in(verified_content(cookie, key))


def sign_ticket(signed_in: SignedIn, key: SecretStr) -> str:
    """What a page gives to the server within minutes, to get the cookie for it."""
    return _sign_for(_TICKET, {"session": signed_in.token}, TICKET_SECONDS, key)


def session_of_ticket(ticket: str, key: SecretStr) -> str | None:
    """The session token in the ticket; None when we did not sign it, or too long ago."""
    return _session_in(_content_for(_TICKET, ticket, key))


def sign_departure(departure: Departure, destination: str, key: SecretStr) -> str:
    """What a browser keeps while it is at the identity provider: who left, and where they want to go."""
    content: dict[str, object] = {
        "state": departure.state,
        "nonce": departure.nonce,
        "verifier": departure.verifier,
        "destination": destination,
    }
    return _sign_for(_DEPARTURE, content, DEPARTURE_SECONDS, key)


def departure_in(cookie: str, key: SecretStr) -> tuple[Departure, str] | None:
    """The departure (without where it led) and the destination; None when we did not sign it, or too long ago."""
    content = _content_for(_DEPARTURE, cookie, key)
    if content is None:
        return None
    state, nonce, verifier, destination = (
        str(content.get(name) or "") for name in ("state", "nonce", "verifier", "destination")
    )
    return Departure("", state, nonce, verifier), destination


def _sign_for(audience: str, content: dict[str, object], seconds: int, key: SecretStr) -> str:
    signed = {**content, "aud": audience, "exp": int(time.time()) + seconds}
    return jwt.encode(signed, key.get_secret_value(), algorithm=_ALGORITHM)


def _content_for(audience: str, signed: str, key: SecretStr) -> dict[str, object] | None:
    try:
        content: dict[str, object] = jwt.decode(
            signed,
            key.get_secret_value(),
            algorithms=[_ALGORITHM],
            audience=audience,
            options={"require": ["exp", "aud"]},
        )
    except jwt.PyJWTError:
        return None
    return content


def _session_in(content: dict[str, object] | None) -> str | None:
    token = (content or {}).get("session")
    return token if isinstance(token, str) else None
