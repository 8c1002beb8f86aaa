"""Sign-in at an identity provider over HTTP: what the server sends, believes and refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from components.session_token import COOKIE_NAME, sign_departure, sign_ticket
from services.access.models import Departure, Role
from services.bootstrap import Services, build_services
from services.settings import load_settings
from tests.integration.test_account_commands import run
from tests.oidc_home import company_server
from tests.oidc_provider import LocalProvider
from tests.serving import RunningServer, free_port, running_server

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, LocalProvider]]:
    with company_server(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def server(company: tuple[RunningServer, LocalProvider]) -> RunningServer:
    return company[0]


@pytest.fixture
def provider(company: tuple[RunningServer, LocalProvider]) -> Iterator[LocalProvider]:
    provider = company[1]
    people = json.loads(json.dumps(provider.people))
    yield provider
    provider.people, provider.down, provider.spoiled = people, False, dict
    provider.sessions.clear()


@pytest.fixture
def browser(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20) as client:
        yield client


@pytest.fixture
def services(server: RunningServer) -> Iterator[Services]:
    """The services on the server's own database, to look behind it."""
    built = build_services(load_settings(home=server.home, demo=True))
    yield built
    built.database.close()


def query_of(response: httpx.Response) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def leave(browser: httpx.Client, wanted: str = "/answer") -> httpx.Response:
    response = browser.get("/sign-in/company", params={"next": wanted})
    assert response.status_code == 303
    return response


def come_back(browser: httpx.Client, provider: LocalProvider, login: str, wanted: str = "/answer") -> httpx.Response:
    """The server's reply to a browser that left for ``wanted`` and signed in at the provider."""
    return browser.get(provider.grant(login, query_of(leave(browser, wanted))))


def refusal_in(response: httpx.Response) -> str:
    assert response.status_code == 303
    assert COOKIE_NAME not in response.cookies
    assert query_of(response)["sign_in_reference"]
    return query_of(response)["sign_in_refused"]


def test_browser_comes_back_signed_in_at_the_page_it_wanted(
    server: RunningServer, browser: httpx.Client, provider: LocalProvider, services: Services
) -> None:
    response = come_back(browser, provider, "ana", "/answer?tenant=Harborview+Pharmacy&conversation=7")
    assert response.headers["Location"] == f"{server.url}/answer?tenant=Harborview+Pharmacy&conversation=7"
    account = services.accounts.get_account("ana.stone@example.com")
    assert (account.role, account.tenant_ids, account.issuer) == (Role.AGENT, ("pharmacy",), provider.url)


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: httpx.Client, provider: LocalProvider) -> None:
    away = leave(browser).headers["Set-Cookie"]
    assert "HttpOnly" in away
    assert "SameSite=lax" in away
    assert "Path=/sign-in;" in away
    kept = next(
        line for line in come_back(browser, provider, "ana").headers.get_list("Set-Cookie") if COOKIE_NAME in line
    )
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept
    assert "Secure" not in kept  # the public address of this test is not https


def test_session_opens_what_the_cookie_guards_and_ends_when_an_administrator_says_so(
    server: RunningServer, browser: httpx.Client, provider: LocalProvider
) -> None:
    come_back(browser, provider, "ana")
    upload = "/_stcore/upload_file/any/any"
    assert browser.put(upload, content=b"x").status_code != 401
    assert "ana.stone@example.com" in run(server.home, "list-accounts").stdout
    assert run(server.home, "end-sessions", "ana.stone@example.com").returncode == 0
    assert browser.put(upload, content=b"x").status_code == 401


def test_list_of_accounts_says_where_people_sign_in_and_password_is_refused_with_words(
    server: RunningServer, browser: httpx.Client, provider: LocalProvider
) -> None:
    come_back(browser, provider, "grace")
    accounts = {
        account["username"]: account for account in json.loads(run(server.home, "list-accounts", "--json").stdout)
    }
    assert accounts["grace.wood@example.com"]["issuer"] == provider.url
    assert accounts["grace.lin"]["issuer"] is None
    ended = run(server.home, "set-password", "grace.wood@example.com", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert ended.returncode == 2
    assert "signs in at the identity provider" in ended.stderr


def test_person_without_a_group_is_refused_with_a_reason_and_no_cookie(
    browser: httpx.Client, provider: LocalProvider, services: Services
) -> None:
    assert refusal_in(come_back(browser, provider, "sam")) == "no-role"
    assert not [account for account in services.accounts.list_accounts() if "sam" in account.username]


def test_state_of_another_browser_is_refused(
    server: RunningServer, browser: httpx.Client, provider: LocalProvider
) -> None:
    back = provider.grant("ana", query_of(leave(browser)))
    with httpx.Client(base_url=server.url) as other:
        assert refusal_in(other.get(back)) == "expired"


def test_state_and_cookie_that_were_tampered_with_are_refused(browser: httpx.Client, provider: LocalProvider) -> None:
    left = query_of(leave(browser))
    back = provider.grant("ana", left)
    assert refusal_in(browser.get(back.replace(left["state"], left["state"][:20] + "x"))) == "expired"
    (name,) = [name for name in browser.cookies if name.startswith("frontline_away_")]
    ours = Departure("", left["state"], "nonce", "verifier")
    browser.cookies.set(name, sign_departure(ours, "/answer", SecretStr("k" * 32)), path="/sign-in")
    assert refusal_in(browser.get(back)) == "expired"


def test_same_way_back_works_once(browser: httpx.Client, provider: LocalProvider) -> None:
    back = provider.grant("ana", query_of(leave(browser)))
    assert "sign_in_refused" not in browser.get(back).headers["Location"]
    assert refusal_in(browser.get(back)) == "expired"


def test_two_windows_do_not_disturb_each_other(browser: httpx.Client, provider: LocalProvider) -> None:
    first, second = query_of(leave(browser, "/answer")), query_of(leave(browser, "/usage"))
    assert browser.get(provider.grant("grace", second)).headers["Location"].endswith("/usage")
    assert browser.get(provider.grant("grace", first)).headers["Location"].endswith("/answer")


def test_forgotten_windows_do_not_pile_up_cookies(browser: httpx.Client) -> None:
    for _ in range(20):
        leave(browser)
    assert len([name for name in browser.cookies if name.startswith("frontline_away_")]) <= 6


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/answer",
        "//evil.example/answer",
        "/\\evil.example",
        "\\\\evil.example",
        "/answer/../../evil",
        "javascript:alert(1)",
        "http://[",
        "/%2F%2Fevil.example",
        "/answer\r\nSet-Cookie: x=y",
        "/nowhere",
        "/answer?" + "x" * 3000,
    ],
)
def test_nobody_is_led_to_another_site(
    server: RunningServer, browser: httpx.Client, provider: LocalProvider, wanted: str
) -> None:
    response = come_back(browser, provider, "ana", wanted)
    assert response.headers["Location"] in {f"{server.url}/", f"{server.url}/answer"}
    assert "Set-Cookie: x" not in str(response.headers)


@pytest.mark.parametrize(("told", "code"), [("access_denied", "cancelled"), ("server_error", "failed")])
def test_what_the_provider_says_no_to_is_told_in_words(browser: httpx.Client, told: str, code: str) -> None:
    left = query_of(leave(browser, "/answer?conversation=7"))
    response = browser.get("/sign-in/callback", params={"state": left["state"], "error": told})
    assert refusal_in(response) == code
    assert "/answer?conversation=7&" in response.headers["Location"]


def test_provider_that_is_down_leads_back_with_a_reason(browser: httpx.Client, provider: LocalProvider) -> None:
    back = provider.grant("ana", query_of(leave(browser)))
    provider.down = True
    assert refusal_in(browser.get(back)) == "unreachable"


def test_id_token_that_was_not_made_for_us_is_refused(browser: httpx.Client, provider: LocalProvider) -> None:
    provider.spoiled = lambda claims: {**claims, "aud": "another-app"}
    assert refusal_in(come_back(browser, provider, "ana")) == "not-proven"


def test_role_follows_the_groups_at_the_next_sign_in(
    browser: httpx.Client, provider: LocalProvider, services: Services
) -> None:
    come_back(browser, provider, "ana")
    provider.people["ana"]["groups"] = ["frontline-admins"]
    come_back(browser, provider, "ana")
    account = services.accounts.get_account("ana.stone@example.com")
    assert (account.role, account.tenant_ids) == (Role.ADMIN, ("clinic", "pharmacy"))
    assert {"role-changed", "tenants-changed"} <= {event.action for event in services.audit.recent()}


def test_neither_codes_nor_secrets_are_in_the_log(
    server: RunningServer, browser: httpx.Client, provider: LocalProvider
) -> None:
    left = query_of(leave(browser))
    back = provider.grant("ana", left)
    browser.get(back)
    log = (server.home / "server.log").read_text(encoding="utf-8")
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert "sign-in-external" in log
    for secret in (code, left["state"], left["nonce"], "a secret of the client"):
        assert secret not in log


def test_without_a_provider_there_is_no_way_to_one(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        response = httpx.get(f"{server.url}/sign-in/company", follow_redirects=False, timeout=20)
        assert "Location" not in response.headers


def test_provider_that_cannot_be_reached_leads_back_and_local_accounts_still_work(tmp_path: Path) -> None:
    with company_server(
        tmp_path, FRONTLINE_OIDC_METADATA_URL=f"http://127.0.0.1:{free_port()}/metadata", FRONTLINE_DEMO="0"
    ) as (server, _):
        response = httpx.get(f"{server.url}/sign-in/company?next=/answer", timeout=20)
        assert refusal_in(response) == "unreachable"
        built = build_services(load_settings(home=server.home))
        built.accounts.add_tenant("clinic", "Clinic")
        built.accounts.add_account("bo", display_name="Bo", role=Role.AGENT, tenant_ids=["clinic"], password=PASSWORD)
        ticket = sign_ticket(built.sign_in.sign_in("bo", PASSWORD, "local"), built.cookie_key)
        assert httpx.post(f"{server.url}/sign-in/session", json={"ticket": ticket}, timeout=20).status_code == 204
