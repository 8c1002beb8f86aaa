"""People in real browsers: they sign in, ask, and wait until the answer is drawn."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

from tests.browser.chromium import find_chromium

BROWSER_SETTINGS = {"FRONTLINE_DEMO": "1", "FRONTLINE_LOG_LEVEL": "WARNING"}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
LONGEST_WAIT_MS = 60_000

# The newest turn is the last two messages: the question, then the answer with the words of its band.
ANSWER_IS_DRAWN = """([question, bands]) => {
  const flat = (element) => element.innerText.replace(/\\s+/g, ' ');
  const messages = [...document.querySelectorAll('[data-testid="stChatMessage"]')];
  const [asked, answered] = messages.slice(-2);
  return messages.length >= 2 && flat(asked).includes(question)
    && bands.some((words) => flat(answered).includes(words));
}"""


@dataclass
class BrowserTimes:
    """Seconds from Enter to the drawn answer, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def people_ask(url: str, shares: Sequence[Sequence[str]]) -> BrowserTimes:
    """One session for each share of questions; all are signed in before the first one asks."""
    times = BrowserTimes()
    ready = asyncio.Barrier(len(shares))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        await asyncio.gather(*(_person(browser, url, questions, ready, times) for questions in shares))
        await browser.close()
    return times


async def _person(
    browser: Browser, url: str, questions: Sequence[str], ready: asyncio.Barrier, times: BrowserTimes
) -> None:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(LONGEST_WAIT_MS)
    page = await context.new_page()
    try:
        await page.goto(url)
        await page.get_by_role("button", name="Enter as Ana").click()
        await page.get_by_role("heading", name="How to read an answer").wait_for()
        await _until_drawn(page)
    except PlaywrightError as error:
        times.errors.append(f"sign-in: {error.message.splitlines()[0]}")
    await ready.wait()
    for question in questions:
        try:
            times.seconds.append(await _ask(page, question))
            await _until_drawn(page)
        except PlaywrightError as error:
            times.errors.append(error.message.splitlines()[0])
    await context.close()


async def _ask(page: Page, question: str) -> float:
    bands = _band_labels()
    box = page.get_by_test_id("stChatInputTextArea")
    await box.fill(question)
    started = time.perf_counter()
    await box.press("Enter")
    await page.wait_for_function(ANSWER_IS_DRAWN, arg=[" ".join(question.split()), bands], polling=50)
    return time.perf_counter() - started


def _band_labels() -> list[str]:
    """The words that an answer begins with, whatever it is."""
    os.environ.setdefault("STREAMLIT_LOGGER_LEVEL", "error")  # it complains about being imported without a server
    from components.answer_card import BANDS

    return [words.label for words in BANDS.values()]


async def _until_drawn(page: Page) -> None:
    """Wait for the end of the run that the last action started."""
    await page.wait_for_timeout(300)
    await page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
