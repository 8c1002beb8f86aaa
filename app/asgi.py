"""The web server's view of the app: Streamlit, plus health routes, security headers and a neutral error page."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    # A server that is started elsewhere with this file still finds the packages.
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse, PlainTextResponse, Response  # noqa: E402
from starlette.routing import Route  # noqa: E402

from app.downloads import DOWNLOADS  # noqa: E402
from app.oidc import COMPANY_SIGN_IN  # noqa: E402
from app.security_headers import SecurityHeaders  # noqa: E402
from app.session_cookie import SESSION_COOKIE  # noqa: E402
from app.upload_guard import UploadGuard  # noqa: E402
from components import session_keys  # noqa: E402
from components.error_notice import show_error  # noqa: E402
from components.wiring import services  # noqa: E402
from services.errors import AppError  # noqa: E402
from services.logs import get_logger  # noqa: E402
from services.readiness import Readiness, ReadinessWatch  # noqa: E402
from services.settings import Settings, load_settings  # noqa: E402

_log = get_logger(__name__)


def build_app(settings: Settings) -> st.App:
    """The application that a server runs."""
    readiness = ReadinessWatch(services)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})

    async def readyz(_request: Request) -> Response:
        try:
            checks = await asyncio.to_thread(readiness.current)
        except AppError as error:
            return _readiness_response([Readiness("services", False, error.code, "", "", 0)])
        return _readiness_response(checks)

    return st.App(
        ROOT / "app" / "main.py",
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            *DOWNLOADS,
            *SESSION_COOKIE,
            *(COMPANY_SIGN_IN if settings.oidc_metadata_url else ()),
        ],
        middleware=[Middleware(SecurityHeaders, trusted_proxy=settings.trusted_proxy), Middleware(UploadGuard)],
        lifespan=_lifespan,
        on_script_error=_show_neutral_error,
    )


@asynccontextmanager
async def _lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    built = await asyncio.to_thread(services)
    _log.info("serving", address=display_address(built.settings), demo=built.settings.demo)
    warm_up = getattr(built, "warm_up", None)
    if callable(warm_up):
        # In the background: the first page is there before the models are.
        threading.Thread(target=_warm_up, args=(warm_up,), name="warm-up", daemon=True).start()
    try:
        yield {}
    finally:
        built.model_calls.close()
        built.database.close()
        _log.info("stopped")


def _warm_up(warm_up: Any) -> None:
    started = time.monotonic()
    try:
        warm_up()
    except Exception as error:  # a cold start is slower, not broken; readiness tells what is wrong
        _log.warning("warm-up-failed", error=type(error).__name__)
    else:
        _log.info("warm", seconds=round(time.monotonic() - started, 1))


def _show_neutral_error(error: Exception) -> bool:
    """Show what slipped past the pages, such as an error in a callback, in words and with a reference."""
    show_error(error)
    # Streamlit stops before the frame is drawn, so the way back has to stand here; any click runs the page again.
    st.button("Show the page again", icon=":material/refresh:", key=session_keys.SHOW_PAGE_BUTTON)
    return True


def display_address(settings: Settings) -> str:
    """The address to type into a browser on this machine."""
    host = "localhost" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _readiness_response(checks: list[Readiness]) -> Response:
    ready = all(check.ready for check in checks if check.essential)
    # Anybody may ask: names, codes and times, but no message that describes the installation.
    content = {
        "ready": ready,
        "capabilities": [
            {name: value for name, value in asdict(check).items() if name not in {"message", "remedy"}}
            for check in checks
        ],
    }
    return JSONResponse(content, status_code=200 if ready else 503, headers={"Cache-Control": "no-store"})


def __getattr__(name: str) -> Any:
    # `uvicorn app.asgi:app` works, and importing this module reads no environment.
    if name == "app":
        globals()["app"] = build_app(load_settings())
        return globals()["app"]
    raise AttributeError(name)
