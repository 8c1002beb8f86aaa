"""People in real browsers: they sign in, ask, and wait until the answer is drawn."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil
from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

from bench.machine import cpu_seconds
from tests.browser.chromium import find_chromium

BROWSER_SETTINGS = {"FRONTLINE_DEMO": "1", "FRONTLINE_LOG_LEVEL": "WARNING"}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
LONGEST_WAIT_MS = 60_000
LOOK_MS = 50
COOKIE_NAME = "frontline_session"

# The newest turn is the last two messages: the question, then the answer with the words of its band. textContent,
# unlike innerText, makes the browser lay nothing out for the sake of the measurement.
ANSWER_IS_DRAWN = """([question, bands]) => {
  const flat = (element) => element.textContent.replace(/\\s+/g, ' ');
  const messages = document.querySelectorAll('[data-testid="stChatMessage"]');
  if (messages.length < 2) return false;
  const answered = flat(messages[messages.length - 1]);
  return bands.some((words) => answered.includes(words)) && flat(messages[messages.length - 2]).includes(question);
}"""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a person, and how long they think before they ask it."""

    question: str
    pause_seconds: float = 0.0


@dataclass
class BrowserTimes:
    """What a round of people came to.

    Attributes:
        seconds: From Enter to the drawn answer, one for each question that got one.
        errors: What went wrong.
        sign_in_cpu: Processor seconds of server and browsers until everybody was signed in.
        asking_cpu: The same from then until the last answer.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    sign_in_cpu: dict[str, float] = field(default_factory=dict)
    asking_cpu: dict[str, float] = field(default_factory=dict)


class _Processors:
    """Processor seconds since the last look, of the server and of the browsers with what drives them."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._last = self._now()

    def used(self) -> dict[str, float]:
        """Seconds since this was asked before."""
        before, self._last = self._last, self._now()
        return {name: round(self._last[name] - before[name], 2) for name in self._last}

    def _now(self) -> dict[str, float]:
        browsers = 0.0
        for process in psutil.Process().children(recursive=True):
            if process.pid != self._server:
                try:
                    browsers += cpu_seconds(process.pid)
                except psutil.NoSuchProcess:
                    continue
        return {"server": cpu_seconds(self._server), "browsers": browsers + time.process_time()}


async def people_ask(url: str, server: int, people: Sequence[Sequence[Turn]]) -> BrowserTimes:
    """One session for each list of turns; all are signed in before the first one asks.

    Args:
        server: The process that serves the url.
    """
    times = BrowserTimes()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        processors = _Processors(server)
        pages = await asyncio.gather(*(_sign_in(browser, url, times) for _ in people))
        times.sign_in_cpu = processors.used()
        await asyncio.gather(*(_ask_all(page, turns, times) for page, turns in zip(pages, people, strict=True)))
        times.asking_cpu = processors.used()
        await browser.close()
    return times


async def _sign_in(browser: Browser, url: str, times: BrowserTimes) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(LONGEST_WAIT_MS)
    page = await context.new_page()
    try:
        await page.goto(url)
        await page.get_by_role("button", name="Enter as Ana").click()
        await page.get_by_role("heading", name="How to read an answer").wait_for()
        # The frame that keeps the cookie is the last thing that signing in loads.
        while not any(cookie.get("name") == COOKIE_NAME for cookie in await context.cookies()):
            await page.wait_for_timeout(LOOK_MS)
        await page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    except PlaywrightError as error:
        times.errors.append(f"sign-in: {error.message.splitlines()[0]}")
    return page


async def _ask_all(page: Page, turns: Sequence[Turn], times: BrowserTimes) -> None:
    for turn in turns:
        await page.wait_for_timeout(1000 * turn.pause_seconds)
        try:
            times.seconds.append(await _ask(page, turn.question))
        except PlaywrightError as error:
            times.errors.append(error.message.splitlines()[0])


async def _ask(page: Page, question: str) -> float:
    bands = _band_labels()
    box = page.get_by_test_id("stChatInputTextArea")
    await box.fill(question)
    started = time.perf_counter()
    await box.press("Enter")
    await page.wait_for_function(ANSWER_IS_DRAWN, arg=[" ".join(question.split()), bands], polling=LOOK_MS)
    return time.perf_counter() - started


def _band_labels() -> list[str]:
    """The words that an answer begins with, whatever it is."""
    os.environ.setdefault("STREAMLIT_LOGGER_LEVEL", "error")  # it complains about being imported without a server
    from components.answer_card import BANDS

    return [words.label for words in BANDS.values()]
