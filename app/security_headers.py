"""Headers that tell the browser what the app may do, and a request id for the log."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from pathlib import Path

import streamlit
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HSTS_SECONDS = 31_536_000
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


class SecurityHeaders:
    """ASGI middleware that adds the headers to every response.

    Args:
        app: The application to wrap.
        trusted_proxy: Believe ``X-Forwarded-Proto``, to know whether the browser came over TLS.
    """

    def __init__(self, app: ASGIApp, *, trusted_proxy: bool = False) -> None:
        self._app = app
        self._trusted_proxy = trusted_proxy
        self._page_policy = page_policy()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex[:16]
        secure = self._is_secure(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers["Permissions-Policy"] = PERMISSIONS_POLICY
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["X-Frame-Options"] = "DENY"
                headers["Content-Security-Policy"] = self._page_policy
                if secure:
                    headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}; includeSubDomains"
                if headers.get("content-type", "").startswith("text/html"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_headers)

    def _is_secure(self, scope: Scope) -> bool:
        if scope["scheme"] in {"https", "wss"}:
            return True
        return self._trusted_proxy and Headers(scope=scope).get("x-forwarded-proto", "") == "https"


def page_policy() -> str:
    """The content security policy of every response, with the hashes of Streamlit's inline scripts.

    ``blob:`` scripts are how Streamlit starts components, and some of them compile WebAssembly; inline styles are how
    its style library writes CSS. No address but our own is reachable.
    """
    hashes = " ".join(_inline_script_hashes())
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: 'wasm-unsafe-eval' {hashes}".rstrip(),
            "frame-ancestors 'none'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' blob: data:",
            "worker-src 'self' blob:",
            "frame-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    )


def _inline_script_hashes() -> list[str]:
    page = Path(streamlit.__file__).with_name("static") / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts]
