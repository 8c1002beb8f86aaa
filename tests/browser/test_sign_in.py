"""Signing in and out in a real browser: what the cookie, the address and the back button do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.serving import RunningServer, running_server

CHROMIUM = os.environ.get("FRONTLINE_TEST_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
COOKIE = "frontline_session"

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("home"), FRONTLINE_DEMO="1") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 800})
    made.set_default_timeout(20_000)
    yield made
    made.close()


def enter_as(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Enter as {name}").click()


def expect_signed_in(page: Page) -> None:
    expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=20_000)
    # A click while the page is still being drawn may meet a button that is just being replaced.
    page.wait_for_timeout(500)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def expect_sign_in_page(page: Page) -> None:
    expect(page.get_by_role("heading", name="Sign in to Frontline")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


def session_cookie(context: BrowserContext) -> Any:
    return next((cookie for cookie in context.cookies() if cookie["name"] == COOKIE), None)


def wait_for_cookie(page: Page, context: BrowserContext, *, present: bool) -> Any:
    for _ in range(100):
        cookie = session_cookie(context)
        if (cookie is not None) == present:
            return cookie
        page.wait_for_timeout(100)
    raise AssertionError(f"the cookie is {'missing' if present else 'still there'}")


def test_signed_in_person_stays_signed_in_after_reload(server: RunningServer, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(server.url)
    enter_as(page, "Ana")
    expect_signed_in(page)
    cookie = wait_for_cookie(page, context, present=True)
    assert (cookie["sameSite"], cookie["httpOnly"]) == ("Strict", True)
    assert COOKIE not in page.evaluate("document.cookie")
    page.reload()
    expect_signed_in(page)
    other_tab = context.new_page()
    other_tab.goto(f"{server.url}/answer")
    expect_signed_in(other_tab)


def test_deep_link_survives_sign_in(server: RunningServer, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/answer")
    enter_as(page, "Ana")
    expect_signed_in(page)
    assert page.url.split("?")[0] == f"{server.url}/answer"


def test_after_sign_out_neither_back_nor_reload_shows_the_page(server: RunningServer, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(server.url)
    enter_as(page, "Ana")
    expect_signed_in(page)
    wait_for_cookie(page, context, present=True)
    page.get_by_role("button", name="Sign out").click()
    expect_sign_in_page(page)
    wait_for_cookie(page, context, present=False)
    page.go_back()
    expect_sign_in_page(page)
    page.goto(f"{server.url}/answer")
    expect_sign_in_page(page)


def test_copied_cookie_is_worthless_after_sign_out(
    server: RunningServer, browser: Browser, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(server.url)
    enter_as(page, "Ana")
    expect_signed_in(page)
    stolen = wait_for_cookie(page, context, present=True)
    thief = browser.new_context()
    try:
        thief.add_cookies([stolen])
        their_page = thief.new_page()
        their_page.goto(server.url)
        expect_signed_in(their_page)  # a copy works as long as the session lives
        page.get_by_role("button", name="Sign out").click()
        expect_sign_in_page(page)
        their_page.reload()
        expect_sign_in_page(their_page)
    finally:
        thief.close()


def test_second_person_in_the_same_tab_replaces_the_first(server: RunningServer, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(server.url)
    enter_as(page, "Ana")
    expect_signed_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect_sign_in_page(page)
    wait_for_cookie(page, context, present=False)
    enter_as(page, "Grace")
    expect_signed_in(page)
    wait_for_cookie(page, context, present=True)
    page.reload()
    expect_signed_in(page)
    expect(page.get_by_text("Grace Lin")).to_be_visible()


def test_page_of_another_role_says_so_and_keeps_the_frame(server: RunningServer, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/answer")
    enter_as(page, "Mila")
    expect(page.get_by_text("This page is not for your role.")).to_be_visible(timeout=20_000)
    expect_signed_in(page)


def test_chosen_tenant_survives_reload(server: RunningServer, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(server.url)
    enter_as(page, "Ana")
    expect_signed_in(page)
    wait_for_cookie(page, context, present=True)
    tenant = page.get_by_role("combobox", name="Tenant")
    expect(tenant).to_have_value("Harborview Pharmacy", timeout=20_000)
    tenant.click()
    page.get_by_role("option", name="Harborview Clinic").click()
    page.wait_for_url(re.compile("tenant="))
    page.reload()
    expect(tenant).to_have_value("Harborview Clinic", timeout=20_000)
