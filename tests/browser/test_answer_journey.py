"""One care agent's question in a real browser, from signing in to finding everything again after a reload."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

from services.bootstrap import build_services
from services.settings import load_settings
from tests.browser.chromium import find_chromium
from tests.browser.signed_in import wait_for_cookie
from tests.serving import ROOT, RunningServer, running_server

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
DOCUMENTS = ROOT / "app" / "sample_data" / "pharmacy" / "documents"
LOADED = ("claim-reject-codes.md", "adverse-event-reporting.pdf", "returns-and-refunds.md")
QUESTION = "Claim rejected with 75, what does it mean?"
LOOKS = 60
EDITED = "Code 75: the plan wants a prior authorization before it pays."

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model_home: Path) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("answers") / "home"
    shutil.copytree(model_home, home)
    services = build_services(load_settings(home=home, demo=True))
    report = services.knowledge.load("pharmacy", [DOCUMENTS / name for name in LOADED], publish=True)
    assert not report.failures
    services.database.close()
    with running_server(home, FRONTLINE_DEMO="1") as running:
        yield running


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        made = chromium.new_context(
            viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
        )
        made.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        yield made
        chromium.close()


def ask_box(page: Page) -> Locator:
    return page.get_by_test_id("stChatInputTextArea")


def wait_until_drawn(page: Page) -> None:
    """Wait for the end of the run that the last action started."""
    page.wait_for_timeout(300)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def enter_as(page: Page, server: RunningServer, name: str) -> None:
    """Sign in and wait until the browser has the cookie, which comes last."""
    page.goto(server.url)
    page.get_by_role("button", name=f"Enter as {name}").click()
    expect(page.get_by_role("heading", name="How to read an answer")).to_be_visible()
    wait_for_cookie(page)
    wait_until_drawn(page)


def thumb(page: Page, name: str) -> Locator:
    return page.get_by_label(f"Thumbs {name}")


def test_agent_asks_reads_edits_copies_rates_and_finds_it_all_after_a_reload(
    server: RunningServer, context: BrowserContext
) -> None:
    page = context.new_page()
    enter_as(page, server, "Ana")

    ask_box(page).fill(QUESTION)
    ask_box(page).press("Enter")
    expect(page.get_by_text("Found in your procedures")).to_be_visible()
    expect(page.get_by_text("Quoted from the knowledge base · Harborview Pharmacy, version 1")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/answer\?.*conversation=[0-9a-f]+"))
    wait_until_drawn(page)
    address = page.url

    page.get_by_role("link", name="1", exact=True).first.click()
    assert re.search(r"#source-\w+-1$", page.url)
    heading = page.get_by_role("heading", name="Claim reject codes").first
    expect(heading).to_be_in_viewport()
    page.get_by_role("button", name="Whole document").first.click()
    window = page.get_by_role("dialog")
    expect(window.get_by_text("Version 1 · loaded")).to_be_visible()
    with page.expect_download() as download:
        window.get_by_role("button", name="Original file").click()
    assert download.value.suggested_filename == "claim-reject-codes.md"
    assert Path(download.value.path()).read_bytes() == (DOCUMENTS / "claim-reject-codes.md").read_bytes()
    window.get_by_role("button", name="Close").click()
    expect(window).to_have_count(0)

    page.keyboard.press("Alt+w")
    field = page.get_by_role("textbox", name="Your version")
    expect(field).to_be_visible()
    field.fill(EDITED)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("What you changed")).to_be_visible()
    wait_until_drawn(page)

    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == EDITED
    page.evaluate("navigator.clipboard.writeText('')")
    page.keyboard.press("Alt+c")
    page.wait_for_function("async () => await navigator.clipboard.readText() !== ''")
    assert page.evaluate("navigator.clipboard.readText()") == EDITED
    wait_until_drawn(page)

    thumb(page, "down").click()
    page.get_by_role("button", name="Outdated").or_(page.get_by_role("radio", name="Outdated")).click()
    wait_until_drawn(page)

    page.goto(address)
    expect(page.get_by_text(EDITED).first).to_be_visible()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    expect(page.get_by_text("What was wrong?")).to_be_visible()
    stored = answers_in(server.home)
    assert len(stored) == 1
    assert stored[0] == (QUESTION, EDITED, EDITED, "down", "outdated")


def test_unsent_text_survives_a_reload_and_is_gone_once_sent(server: RunningServer, context: BrowserContext) -> None:
    page = context.new_page()
    enter_as(page, server, "Grace")
    ask_box(page).press_sequentially("what does code 75")
    page.reload()
    expect(ask_box(page)).to_have_value("what does code 75")
    wait_until_drawn(page)
    ask_box(page).press_sequentially(" mean?")
    ask_box(page).press("Enter")
    expect(page.get_by_text("what does code 75 mean?").first).to_be_visible()
    wait_until_drawn(page)
    page.reload()
    expect(page.get_by_text("what does code 75 mean?").first).to_be_visible()
    expect(ask_box(page)).to_have_value("")


def test_question_is_answered_once_whenever_it_is_typed(server: RunningServer, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(server.url)
    page.get_by_role("button", name="Enter as Grace").click()
    texts = ["What does code 75 mean?", "How do refunds work?", "What does code 79 mean?"]
    ask_box(page).click()  # at once, while the page is still being drawn
    for text in texts:
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    expect(page.get_by_test_id("stChatMessage").get_by_text(texts[-1])).to_be_visible()
    expect(page.get_by_test_id("stExpander").filter(has_text=texts[1])).to_be_visible()
    wait_until_drawn(page)
    expect(ask_box(page)).to_have_value("")

    def asked() -> list[str]:
        return [question for question, *_ in answers_in(server.home, "grace.lin") if question in texts]

    for _ in range(LOOKS):  # a busy server shows the last question a while before it has answered it
        if len(asked()) >= len(texts):
            break
        page.wait_for_timeout(500)
    wait_until_drawn(page)
    assert asked() == texts


def test_questions_sent_while_the_server_is_busy_are_all_answered(
    server: RunningServer, context: BrowserContext
) -> None:
    page = context.new_page()
    enter_as(page, server, "Grace")
    ask_box(page).click()
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        page.keyboard.type("Who takes a safety report?")
        page.keyboard.press("Enter")
        page.keyboard.type("Which refunds are there?")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Waiting to be sent: Which refunds are there?")).to_be_visible()
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    expect(page.get_by_test_id("stExpander").filter(has_text="Who takes a safety report?")).to_be_visible()
    expect(page.get_by_test_id("stChatMessage").get_by_text("Which refunds are there?")).to_be_visible()
    expect(ask_box(page)).to_have_value("")


def test_edit_that_is_being_typed_survives_a_reload(server: RunningServer, context: BrowserContext) -> None:
    page = context.new_page()
    enter_as(page, server, "Grace")
    ask_box(page).fill(QUESTION)
    ask_box(page).press("Enter")
    expect(page.get_by_text("Found in your procedures")).to_be_visible()
    wait_until_drawn(page)
    page.keyboard.press("Alt+w")
    field = page.get_by_role("textbox", name="Your version")
    field.press_sequentially("Half a ")
    page.reload()
    expect(field).to_have_value(re.compile("Half a "))
    expect(page.get_by_text("What you changed")).to_be_visible()


def answers_in(home: Path, username: str = "ana.reyes") -> list[tuple[str | None, ...]]:
    """Question, edit, copy, rating and reason of every answer that the server has kept."""
    services = build_services(load_settings(home=home, demo=True))
    account = services.accounts.get_account(username)
    try:
        return [
            (answer.question, answer.edited_text, answer.copied_text, answer.rating, answer.rating_reason)
            for conversation in services.answer_history.recent_conversations(account, "pharmacy")
            for answer in services.answer_history.answers(account, "pharmacy", conversation.id)
        ]
    finally:
        services.database.close()
