"""Signing in with a company account in a real browser: to the provider, back to the page, and out again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from components.session_token import COOKIE_NAME
from services.access.models import Role
from services.bootstrap import build_services
from services.settings import load_settings
from tests.browser.chromium import find_chromium
from tests.browser.signed_in import wait_for_cookie
from tests.browser.test_sign_in import ARGUMENTS, expect_sign_in_page, expect_signed_in
from tests.oidc_home import company_server
from tests.oidc_provider import LocalProvider
from tests.serving import RunningServer

CHROMIUM = find_chromium()
PASSWORD = "correct horse battery"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, LocalProvider]]:
    home = tmp_path_factory.mktemp("home")
    built = build_services(load_settings(home=home))
    for tenant_id in ("pharmacy", "clinic"):
        built.accounts.add_tenant(tenant_id, f"Harborview {tenant_id.title()}")
    built.accounts.add_account("bo", display_name="Bo", role=Role.AGENT, tenant_ids=["pharmacy"], password=PASSWORD)
    built.database.close()
    with company_server(home, FRONTLINE_DEMO="0") as running:
        yield running


@pytest.fixture
def server(company: tuple[RunningServer, LocalProvider]) -> RunningServer:
    return company[0]


@pytest.fixture
def provider(company: tuple[RunningServer, LocalProvider]) -> Iterator[LocalProvider]:
    provider = company[1]
    provider.sessions.clear()
    yield provider
    provider.down = False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def leave_for_company(page: Page, provider: LocalProvider) -> None:
    page.get_by_role("button", name="Sign in with your company account").click()
    page.wait_for_url(f"{provider.url}/authorize*")


def sign_in_there(page: Page, login: str) -> None:
    page.get_by_label("Login").fill(login)
    page.get_by_role("button", name="Continue").click()


def refusal(page: Page) -> str:
    expect_sign_in_page(page)
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_be_visible()
    return alert.inner_text()


def cookies_of(context: BrowserContext) -> dict[str, Any]:
    return {str(cookie["name"]): cookie for cookie in context.cookies()}


def wait_until_cookie_is_gone(page: Page) -> None:
    for _ in range(100):
        if COOKIE_NAME not in cookies_of(page.context):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the browser still has the cookie")


def test_person_lands_on_the_page_they_came_for_with_the_role_of_their_groups(
    server: RunningServer, provider: LocalProvider, page: Page
) -> None:
    page.goto(f"{server.url}/answer")
    expect_sign_in_page(page)
    leave_for_company(page, provider)
    sign_in_there(page, "ana")
    expect_signed_in(page)
    assert page.url.split("?")[0] == f"{server.url}/answer"
    expect(page.get_by_text("Ana Stone")).to_be_visible()
    expect(page.get_by_text("Care agent")).to_be_visible()
    expect(page.get_by_role("link", name="See usage")).to_have_count(0)
    page.reload()
    expect_signed_in(page)


def test_link_keeps_its_tenant_on_the_way_to_the_provider_and_back(
    server: RunningServer, provider: LocalProvider, page: Page
) -> None:
    page.goto(f"{server.url}/usage?tenant=Harborview+Clinic")
    expect_sign_in_page(page)
    leave_for_company(page, provider)
    sign_in_there(page, "grace")
    expect_signed_in(page)
    assert page.url.split("?")[0] == f"{server.url}/usage"
    expect(page.get_by_role("combobox", name="Tenant")).to_have_value("Harborview Clinic")
    expect(page.get_by_text("Administrator")).to_be_visible()


def test_scripts_of_the_page_cannot_read_the_cookie(server: RunningServer, provider: LocalProvider, page: Page) -> None:
    page.goto(server.url)
    leave_for_company(page, provider)
    sign_in_there(page, "ana")
    expect_signed_in(page)
    assert cookies_of(page.context)[COOKIE_NAME]["httpOnly"]
    assert COOKIE_NAME not in page.evaluate("document.cookie")


def test_signing_out_ends_here_and_is_offered_there(server: RunningServer, provider: LocalProvider, page: Page) -> None:
    page.goto(f"{server.url}/answer")
    leave_for_company(page, provider)
    sign_in_there(page, "ana")
    expect_signed_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible(timeout=20_000)
    wait_until_cookie_is_gone(page)
    assert provider.sessions  # there, nothing has happened yet
    page.get_by_role("button", name="Sign out there too").click()
    expect_sign_in_page(page)
    assert provider.sessions == {}
    leave_for_company(page, provider)
    expect(page.get_by_label("Login")).to_be_visible()  # the provider asks again


def test_person_without_a_group_reads_why_and_what_to_do(
    server: RunningServer, provider: LocalProvider, page: Page
) -> None:
    page.goto(f"{server.url}/answer")
    leave_for_company(page, provider)
    sign_in_there(page, "sam")
    said = refusal(page)
    assert "none of your groups may use Frontline" in said
    assert "Ask your administrator" in said
    assert re.search(r"Reference \w+", said)
    page.wait_for_url(lambda url: "sign_in_refused" not in url)
    page.reload()
    expect_sign_in_page(page)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_person_who_cancels_there_can_start_again(server: RunningServer, provider: LocalProvider, page: Page) -> None:
    page.goto(f"{server.url}/answer")
    leave_for_company(page, provider)
    page.get_by_role("button", name="Cancel").click()
    assert "cancelled" in refusal(page)
    leave_for_company(page, provider)
    sign_in_there(page, "ana")
    expect_signed_in(page)


def test_tampered_state_signs_nobody_in(server: RunningServer, provider: LocalProvider, page: Page) -> None:
    page.goto(f"{server.url}/answer")
    leave_for_company(page, provider)
    page.goto(re.sub(r"state=\w+", "state=somebodyelses", page.url))
    sign_in_there(page, "ana")
    assert "began in another browser" in refusal(page)
    assert COOKIE_NAME not in cookies_of(page.context)


def test_local_form_works_while_the_provider_is_down(
    server: RunningServer, provider: LocalProvider, page: Page
) -> None:
    provider.down = True
    page.goto(f"{server.url}/answer")
    expect_sign_in_page(page)
    page.get_by_text("Sign in with a password instead").click()
    page.get_by_label("User name").fill("bo")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect_signed_in(page)
    wait_for_cookie(page)
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert page.url.split("?")[0] == f"{server.url}/answer"
