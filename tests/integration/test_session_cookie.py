"""The cookie of a signed-in browser: for which ticket the server sets it, and when it drops it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from components.session_token import COOKIE_NAME, sign_ticket
from services.access.models import Account, Role, SignedIn
from services.bootstrap import Services, build_services
from services.settings import load_settings
from tests.serving import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("home"), FRONTLINE_DEMO="1") as running:
        yield running


@pytest.fixture
def browser(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20) as client:
        yield client


@pytest.fixture
def services(server: RunningServer) -> Iterator[Services]:
    """The services on the server's own database: what a page of it would use."""
    built = build_services(load_settings(home=server.home, demo=True))
    yield built
    built.database.close()


def ticket_for(services: Services, username: str = "ana.reyes") -> tuple[str, SignedIn]:
    signed_in = services.sign_in.sign_in_sample(username)
    return sign_ticket(signed_in, services.cookie_key), signed_in


def test_ticket_of_a_page_is_exchanged_for_the_cookie(browser: httpx.Client, services: Services) -> None:
    ticket, _ = ticket_for(services)
    response = browser.post("/sign-in/session", json={"ticket": ticket})
    assert response.status_code == 204
    assert "HttpOnly" in response.headers["Set-Cookie"]
    assert browser.put("/_stcore/upload_file/any/any", content=b"x").status_code != 401


def test_cookie_is_for_tls_only_where_the_page_came_over_tls(browser: httpx.Client, services: Services) -> None:
    ticket, _ = ticket_for(services)
    response = browser.post(
        "/sign-in/session", json={"ticket": ticket}, headers={"Origin": "https://frontline.example"}
    )
    assert "Secure" in response.headers["Set-Cookie"]


def test_ticket_is_worth_nothing_once_the_session_is_over(browser: httpx.Client, services: Services) -> None:
    ticket, signed_in = ticket_for(services)
    services.sign_in.sign_out(signed_in.token)
    assert browser.post("/sign-in/session", json={"ticket": ticket}).status_code == 401


def test_only_tickets_of_ours_are_taken(browser: httpx.Client, services: Services) -> None:
    _, signed_in = ticket_for(services)
    stranger = SignedIn(Account("x", "X", Role.ADMIN, ()), signed_in.token, signed_in.expires_at)
    for ticket in (sign_ticket(stranger, SecretStr("k" * 32)), "a.b.c", "", 7, None, "x" * 10_000):
        assert browser.post("/sign-in/session", json={"ticket": ticket}).status_code == 401
    assert (
        browser.post("/sign-in/session", content=b"{", headers={"Content-Type": "application/json"}).status_code == 401
    )


def test_other_sites_cannot_sign_anybody_in_or_out(browser: httpx.Client, services: Services) -> None:
    ticket, _ = ticket_for(services)
    body = json.dumps({"ticket": ticket})
    foreign = {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"}
    assert browser.post("/sign-in/session", content=body, headers=foreign).status_code == 403
    assert browser.post("/sign-in/session", content=body, headers={"Content-Type": "text/plain"}).status_code == 403
    assert browser.delete("/sign-in/session", headers={"Sec-Fetch-Site": "same-site"}).status_code == 403
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}
    assert "Access-Control-Allow-Origin" not in browser.options("/sign-in/session", headers=asked).headers


def test_cookie_is_dropped_when_its_session_is_over_and_not_before(browser: httpx.Client, services: Services) -> None:
    ticket, signed_in = ticket_for(services)
    browser.post("/sign-in/session", json={"ticket": ticket})
    assert browser.delete("/sign-in/session").status_code == 204
    assert COOKIE_NAME in browser.cookies
    services.sign_in.sign_out(signed_in.token)
    browser.delete("/sign-in/session")
    assert COOKIE_NAME not in browser.cookies
