"""The command that runs the web app."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from services.errors import ConfigurationError

if TYPE_CHECKING:
    from services.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
# What a worker needs to end beyond the time that it gives to its items.
WORKER_END_SECONDS = 15


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(serve)


def serve() -> None:
    """Run the web app, and a worker for background jobs beside it, until it is stopped.

    Address, port and everything else come from settings, such as FRONTLINE_PORT=8080 or FRONTLINE_DEMO=1
    (sample accounts with one-click sign-in, on this machine only). The README lists them all.
    """
    from services.settings import load_settings

    settings = load_settings()
    _require_free_port(settings)
    # Streamlit looks for .streamlit/config.toml in the working directory; our own folders must not move with it.
    os.environ["FRONTLINE_HOME"] = str(settings.home.resolve())
    os.chdir(ROOT)
    if not settings.trusted_proxy:
        # uvicorn would believe X-Forwarded-For from anything on this machine.
        os.environ["FORWARDED_ALLOW_IPS"] = ""

    from app.asgi import build_app, display_address
    from app.worker_processes import WorkerProcesses
    from components.wiring import services

    services()  # a wrong setting or a missing database stops here, in plain words
    _log_like_the_rest()
    app = build_app(settings)
    print(f"Frontline is at {display_address(settings)}  (stop with Ctrl+C)", flush=True)
    if not settings.allowed_hosts and settings.host in {"0.0.0.0", "::"}:  # noqa: S104
        print(
            "Only browsers on this machine can use it until FRONTLINE_ALLOWED_HOSTS names the host names to allow.",
            file=sys.stderr,
        )
    # uvicorn stops gracefully and then raises the signal again: end with success, not as if killed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    workers = WorkerProcesses(settings.worker_processes, settings.worker_stop_seconds + WORKER_END_SECONDS)
    workers.start()
    try:
        app.run(config=streamlit_options(settings))
    except KeyboardInterrupt:
        sys.exit(0)
    finally:
        workers.stop()


def streamlit_options(settings: Settings) -> dict[str, Any]:
    """Our settings as Streamlit's options; everything else stands in .streamlit/config.toml."""
    hosts = settings.allowed_hosts or tuple(dict.fromkeys((settings.host, "localhost", "127.0.0.1", "::1")))
    return {
        "server.address": settings.host,
        "server.port": settings.port,
        "server.headless": True,
        "server.allowedHosts": list(hosts),
        "server.fileWatcherType": "none",
        "logger.hideWelcomeMessage": True,
        "logger.level": settings.log_level.lower(),
    }


def _require_free_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise ConfigurationError(
                f"Port {settings.port} is in use by another program.",
                code="port-in-use",
                remedy="Stop that program, or choose another port, such as FRONTLINE_PORT=8510.",
            ) from exc
        raise ConfigurationError(
            f"The app cannot listen on {settings.host} port {settings.port}: {os.strerror(exc.errno or 0)}.",
            code="address-not-available",
            remedy="Correct FRONTLINE_HOST and FRONTLINE_PORT.",
        ) from exc


def _log_like_the_rest() -> None:
    """Let uvicorn's warnings go through our log format instead of its own."""
    from uvicorn.config import LOGGING_CONFIG

    LOGGING_CONFIG["loggers"] = {"uvicorn": {"level": "WARNING", "handlers": [], "propagate": True}}
