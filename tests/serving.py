"""Starts the real server for integration and browser tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class RunningServer:
    """A server that answers at ``url`` and keeps its things in ``home``."""

    url: str
    home: Path
    process: subprocess.Popen[str]


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, port: int, **settings: str) -> dict[str, str]:
    """The environment of the server: ours without any Frontline setting, plus these; no worker unless asked for."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FRONTLINE_")}
    own = {"FRONTLINE_HOME": str(home), "FRONTLINE_PORT": str(port), "FRONTLINE_WORKER_PROCESSES": "0"}
    return {**inherited, **own, **settings}


@contextmanager
def running_server(home: Path, *, at_port: int | None = None, **settings: str) -> Iterator[RunningServer]:
    """Run ``python -m app serve`` until the block ends; its log stands in ``home/server.log``.

    Args:
        at_port: Where to listen, for tests whose settings name the address; any free port by default.
    """
    port = at_port or free_port()
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=ROOT,
            env=environment(home, port, **settings),
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_it_answers(f"{url}/healthz", process, home / "server.log")
            yield RunningServer(url, home, process)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(url: str, process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")
