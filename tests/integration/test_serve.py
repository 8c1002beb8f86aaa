"""The real server: health, readiness, headers, clean start and end."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from tests.serving import ROOT, STOP_SECONDS, RunningServer, environment, free_port, running_server

OIDC = {
    "FRONTLINE_OIDC_METADATA_URL": "https://id.example.com/.well-known/openid-configuration",
    "FRONTLINE_OIDC_CLIENT_ID": "frontline",
    "FRONTLINE_OIDC_TENANTS": "*=*",
    "FRONTLINE_PUBLIC_URL": "https://frontline.example.com",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("home")) as running:
        yield running


def fetch(url: str, **headers: str) -> tuple[int, Message, str]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.headers, response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode("utf-8", "replace")


def serve_once(tmp_path: Path, port: int, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        cwd=ROOT,
        env=environment(tmp_path, port, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_healthz_answers_while_the_process_lives(server: RunningServer) -> None:
    status, _, body = fetch(f"{server.url}/healthz")
    assert (status, body) == (200, "ok")


def test_readyz_tells_each_capability_without_describing_the_installation(server: RunningServer) -> None:
    status, _, body = fetch(f"{server.url}/readyz")
    content = json.loads(body)
    by_name = {entry["capability"]: entry for entry in content["capabilities"]}
    assert by_name["database"]["code"] == "ready"
    assert status == (200 if content["ready"] else 503)
    assert str(server.home) not in body


@pytest.mark.parametrize("path", ["/", "/answer", "/healthz", "/_stcore/health"])
def test_security_headers_are_on_every_response(server: RunningServer, path: str) -> None:
    _, headers, _ = fetch(server.url + path)
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Permissions-Policy"]
    assert headers["X-Request-ID"]
    assert headers["Strict-Transport-Security"] is None  # not over TLS


def test_pages_are_not_kept_by_browsers_or_proxies(server: RunningServer) -> None:
    _, headers, _ = fetch(f"{server.url}/answer")
    assert headers["Cache-Control"] == "no-store"


def test_font_and_theme_are_served(server: RunningServer) -> None:
    status, headers, _ = fetch(f"{server.url}/app/static/fonts/inter-latin-wght-normal.woff2")
    assert status == 200
    assert headers["Content-Type"] == "font/woff2"


def test_browser_that_came_under_a_foreign_host_name_gets_no_connection(server: RunningServer) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(
            b"GET /_stcore/stream HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert b" 403 " in connection.recv(200).split(b"\r\n")[0]


def test_web_server_starts_without_the_library_that_needs_a_running_server() -> None:
    probe = "import sys, app.asgi; assert 'streamlit_authenticator' not in sys.modules"
    subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=True, timeout=60)


def test_nobody_sends_files_without_signing_in(server: RunningServer) -> None:
    request = urllib.request.Request(
        f"{server.url}/_stcore/upload_file/any/any",
        data=b"x",
        method="PUT",
        headers={"Cookie": "frontline_session=a.b.c"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=20)
    assert caught.value.code == 401


def test_strict_transport_security_behind_a_trusted_proxy_with_tls(tmp_path: Path) -> None:
    with running_server(tmp_path, FRONTLINE_TRUSTED_PROXY="1") as running:
        _, headers, _ = fetch(f"{running.url}/healthz", **{"X-Forwarded-Proto": "https"})
        assert "max-age=" in headers["Strict-Transport-Security"]


def test_sigterm_ends_the_server_cleanly(tmp_path: Path) -> None:
    with running_server(tmp_path) as running:
        running.process.terminate()
        assert running.process.wait(STOP_SECONDS) == 0
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert running.url in log
    assert "Traceback" not in log


def test_port_in_use_is_said_in_plain_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = serve_once(tmp_path, taken.getsockname()[1])
    assert ended.returncode == 2
    assert "is in use" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"FRONTLINE_DEMO": "1", "FRONTLINE_HOST": "0.0.0.0"}, "FRONTLINE_DEMO"),
        ({"FRONTLINE_ANSWER_BACKEND": "oracle"}, "FRONTLINE_ANSWER_BACKEND"),
        ({"FRONTLINE_COOKIE_SECRET": "short"}, "FRONTLINE_COOKIE_SECRET"),
        ({**OIDC, "FRONTLINE_OIDC_ROLES": "admins=boss"}, "FRONTLINE_OIDC_ROLES"),
        ({"FRONTLINE_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none"}, "database"),
    ],
)
def test_wrong_setting_stops_the_start_with_its_name(tmp_path: Path, settings: dict[str, str], expected: str) -> None:
    ended = serve_once(tmp_path, free_port(), **settings)
    assert ended.returncode == 2
    assert expected in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 2
