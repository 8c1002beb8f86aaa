"""One admin's day in a real browser, with a real worker: from two files to answers, and back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

from services.bootstrap import build_services
from services.knowledge.models import ExpectedPassage, GoldenQuestion
from services.settings import load_settings
from tests.browser.chromium import find_chromium
from tests.browser.signed_in import wait_for_cookie
from tests.serving import ROOT, RunningServer, running_server

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
DOCUMENTS = ROOT / "app" / "sample_data" / "pharmacy" / "documents"
LOADED = ("claim-reject-codes.md", "adverse-event-reporting.pdf", "returns-and-refunds.md")
PARKING = """# Parking vouchers

## How long a parking voucher is valid

A parking voucher for the Lindgren garage is valid for four hours. After that the driver pays two dollars per hour.
"""
LOCKERS = """# Visitor lockers

Visitors may store bags in the blue lockers beside the east entrance for one day.
"""
QUESTION = "How long is a parking voucher for the Lindgren garage valid?"
ANSWER = "is valid for four hours"
IMPORT_SECONDS = 120
UNANSWERED = "Which code opens the staff bicycle shed on Kestrel Lane?"
UNANSWERED_OTHERWISE = "What is the code of the staff bicycle shed on Kestrel Lane?"
CURATED = "The bicycle shed has no code. Ask the front desk for the key and sign the blue list."

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model_home: Path) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("knowledge") / "home"
    shutil.copytree(model_home, home)
    services = build_services(load_settings(home=home, demo=True))
    report = services.knowledge.load("pharmacy", [DOCUMENTS / name for name in LOADED], publish=True)
    assert not report.failures
    golden = {"What does reject 75 mean?": LOADED[0], "How long do refunds to a card take?": LOADED[2]}
    services.knowledge.save_golden_questions(
        "pharmacy",
        [GoldenQuestion(name, text, (ExpectedPassage(name),)) for text, name in golden.items()],
    )
    services.database.close()
    with running_server(home, FRONTLINE_DEMO="1", FRONTLINE_WORKER_PROCESSES="1") as running:
        yield running


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        made = chromium.new_context(viewport={"width": 1280, "height": 900})
        made.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        yield made
        chromium.close()


def wait_until_drawn(page: Page) -> None:
    """Wait for the end of the run that the last action started."""
    page.wait_for_timeout(300)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def click(page: Page, name: str, *, within: Locator | None = None) -> None:
    (within or page).get_by_role("button", name=name).first.click()
    wait_until_drawn(page)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    wait_until_drawn(page)


def ask(page: Page, question: str) -> None:
    wait_until_drawn(page)
    if page.get_by_role("button", name="New conversation").count():
        click(page, "New conversation")
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")


def enter(context: BrowserContext, server: RunningServer, name: str, path: str) -> Page:
    page = context.new_page()
    page.goto(f"{server.url}{path}")
    page.get_by_role("button", name=f"Enter as {name}").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    wait_for_cookie(page)
    wait_until_drawn(page)
    return page


def expect_no_answer(page: Page, *, version: int) -> None:
    """The question was worked on, and the new document is nowhere in what came of it."""
    expect(page.get_by_text(f"Harborview Pharmacy, version {version}")).to_be_visible()
    expect(page.get_by_text(ANSWER)).to_have_count(0)


def test_two_files_become_answers_until_disabled_and_rolled_back(
    server: RunningServer, context: BrowserContext, tmp_path: Path
) -> None:
    (tmp_path / "parking.md").write_text(PARKING, encoding="utf-8")
    (tmp_path / "lockers.md").write_text(LOCKERS, encoding="utf-8")
    admin = enter(context, server, "Grace", "/knowledge")
    expect(admin.get_by_text("Version 1 is live")).to_be_visible()

    click(admin, "Add documents")
    expect(admin.get_by_role("dialog", name="Add documents")).to_be_visible()
    wait_until_drawn(admin)
    admin.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [tmp_path / "parking.md", tmp_path / "lockers.md"]
    )
    expect(admin.get_by_role("dialog").get_by_text("lockers.md")).to_be_visible()
    click(admin, "Add 2 files")
    expect(admin.get_by_text("2 files received.")).to_be_visible()
    expect(admin).to_have_url(re.compile("view=Imports"))
    admin.close()  # the import does not need the page

    admin = context.new_page()
    admin.goto(f"{server.url}/knowledge?view=Imports")
    expect(admin.get_by_text("Version 2 was built")).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    expect(admin.get_by_text("Version 2 is a draft")).to_be_visible()
    expect(admin.get_by_text("All 2 golden questions as before")).to_be_visible()
    expect(admin.get_by_role("cell", name="1 document, 1 chunk").first).to_be_visible()

    admin.goto(f"{server.url}/knowledge?document=parking.md")
    expect(admin.get_by_role("heading", name="Parking vouchers")).to_be_visible()
    expect(admin.get_by_text("Not published")).to_be_visible()
    expect(admin.get_by_text(ANSWER)).to_be_visible()

    agent_context = context.browser.new_context() if context.browser else context
    agent = enter(agent_context, server, "Ana", "/answer")
    ask(agent, QUESTION)
    expect_no_answer(agent, version=1)

    wait_until_drawn(admin)
    click(admin, "Publish version 2")
    click(admin, "Publish version 2", within=admin.get_by_role("dialog"))
    expect(admin.get_by_text("Version 2 is live. It answers from the next question on.")).to_be_visible()
    ask(agent, QUESTION)
    expect(agent.get_by_text("Found in your procedures")).to_be_visible()
    expect(agent.get_by_text(ANSWER).first).to_be_visible()

    click(admin, "Disable")
    click(admin, "Disable", within=admin.get_by_role("dialog"))
    expect(admin.get_by_text("Disabled “Parking vouchers”.")).to_be_visible()
    ask(agent, QUESTION)
    expect_no_answer(agent, version=2)

    click(admin, "All documents")
    open_tab(admin, "Versions")
    click(admin, "Roll back to version 1")
    click(admin, "Roll back to version 1", within=admin.get_by_role("dialog"))
    expect(admin.get_by_text("Version 1 is live again.")).to_be_visible()
    ask(agent, QUESTION)
    expect_no_answer(agent, version=1)


def test_declined_question_is_answered_once_somebody_curated_it(server: RunningServer, context: BrowserContext) -> None:
    agent_context = context.browser.new_context() if context.browser else context
    agent = enter(agent_context, server, "Ana", "/answer")
    ask(agent, UNANSWERED)
    expect(agent.get_by_text("Not in the knowledge base").first).to_be_visible()

    admin = enter(context, server, "Grace", "/improve")
    click(admin, UNANSWERED)
    expect(admin.get_by_text("Not found").first).to_be_visible()
    admin.get_by_text("Write answer").first.click()
    wait_until_drawn(admin)
    admin.get_by_role("textbox", name="Answer", exact=True).fill(CURATED)
    admin.keyboard.press("Tab")
    wait_until_drawn(admin)
    click(admin, "Save for 1 question")
    expect(admin.get_by_text("Saved. It answers as soon as it is published.")).to_be_visible()

    admin.goto(f"{server.url}/knowledge")
    wait_until_drawn(admin)
    click(admin, "Build draft")
    expect(admin.get_by_role("button", name="Build draft")).to_have_count(0, timeout=IMPORT_SECONDS * 1000)
    publish = admin.get_by_role("button", name=re.compile("^publish Publish version|^Publish version"))
    expect(publish.first).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    wait_until_drawn(admin)
    publish.first.click()
    wait_until_drawn(admin)
    admin.get_by_role("dialog").get_by_role("button", name=re.compile("Publish version")).click()
    expect(admin.get_by_text("It answers from the next question on.")).to_be_visible()

    ask(agent, UNANSWERED_OTHERWISE)
    expect(agent.get_by_text("Found in your procedures")).to_be_visible()
    for sentence in CURATED.split(". "):
        expect(agent.get_by_text(sentence.rstrip(".")).first).to_be_visible()

    admin.goto(f"{server.url}/improve")
    expect(admin.get_by_role("button", name=QUESTION).first).to_be_visible()
    expect(admin.get_by_role("button", name=UNANSWERED)).to_have_count(0)


def test_page_works_on_a_phone_and_by_keyboard(server: RunningServer, context: BrowserContext) -> None:
    page = enter(context, server, "Grace", "/knowledge")
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until_drawn(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    page.get_by_role("button", name="Add documents").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Add documents")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
