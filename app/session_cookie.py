"""The cookie of a signed-in browser: set and dropped by the server, so that no script can read it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from components.browser_errands import SESSION_ADDRESS
from components.session_token import COOKIE_NAME, session_of_ticket, session_token, sign
from components.wiring import services
from services.access.models import SignedIn

MOST_TICKET_BYTES = 4096


def set_session_cookie(response: Response, signed_in: SignedIn, key: SecretStr, *, secure: bool) -> None:
    """Have the browser keep the session until it ends, for this site only.

    Args:
        secure: Whether the browser came over TLS; it then sends the cookie over nothing else.
    """
    response.set_cookie(
        COOKIE_NAME,
        sign(signed_in, key),
        expires=signed_in.expires_at.astimezone(UTC),
        max_age=max(0, round((signed_in.expires_at - datetime.now(UTC)).total_seconds())),
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


async def _keep(request: Request) -> Response:
    """The cookie for a ticket that one of our pages holds."""
    if not _is_from_our_page(request) or request.headers.get("content-type") != "application/json":
        return PlainTextResponse("Sign in on the page.", status_code=403)
    ticket = await _ticket_in(request)
    signed_in = await asyncio.to_thread(_signed_in_by, ticket) if ticket else None
    if signed_in is None:
        return PlainTextResponse("This sign-in is over.", status_code=401)
    response = _done()
    secure = request.headers.get("origin", "").startswith("https://")
    set_session_cookie(response, signed_in, services().cookie_key, secure=secure)
    return response


async def _drop(request: Request) -> Response:
    """The end of a cookie whose session is over; one that still lives came from another tab and stays."""
    if not _is_from_our_page(request):
        return PlainTextResponse("Sign out on the page.", status_code=403)
    response = _done()
    if not await asyncio.to_thread(_is_signed_in, request.cookies.get(COOKIE_NAME, "")):
        response.delete_cookie(COOKIE_NAME, path="/", httponly=True, samesite="strict")
    return response


def _is_from_our_page(request: Request) -> bool:
    # Other sites could sign a visitor in as somebody else. They cannot send JSON or DELETE without being asked first,
    # which nobody answers here; browsers that say where a request comes from are believed besides.
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


async def _ticket_in(request: Request) -> str | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_TICKET_BYTES:
            return None
    return _ticket_from(body)


def _ticket_from(body: bytes) -> str | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    ticket = content.get("ticket") if isinstance(content, dict) else None
    return ticket if isinstance(ticket, str) else None


def _signed_in_by(ticket: str) -> SignedIn | None:
    built = services()
    token = session_of_ticket(ticket, built.cookie_key)
    return built.sign_in.resume(token) if token else None


def _is_signed_in(cookie: str) -> bool:
    built = services()
    token = session_token(cookie, built.cookie_key)
    return token is not None and built.sign_in.resume(token) is not None


def _done() -> Response:
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


SESSION_COOKIE = (
    Route(SESSION_ADDRESS, _keep, methods=["POST"]),
    Route(SESSION_ADDRESS, _drop, methods=["DELETE"]),
)
