"""Lets only people who are signed in send files to the server.

Streamlit takes uploads from every open page, the sign-in page included: without this, anybody who can reach the server
could fill its memory.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from components.session_token import COOKIE_NAME, session_token
from components.wiring import services

UPLOAD_PATH = "/_stcore/upload_file"


class UploadGuard:
    """ASGI middleware that refuses uploads without the cookie of a living session."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["path"].startswith(UPLOAD_PATH) and scope["method"] != "OPTIONS":
            cookie = Request(scope).cookies.get(COOKIE_NAME, "")
            if not await asyncio.to_thread(_is_signed_in, cookie):
                await PlainTextResponse("Sign in first.", status_code=401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_signed_in(cookie: str) -> bool:
    built = services()
    token = session_token(cookie, built.cookie_key)
    return token is not None and built.sign_in.resume(token) is not None
