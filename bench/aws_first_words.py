"""How soon the first word that a model on Amazon Bedrock streams stands in the page."""

from __future__ import annotations

import itertools
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.browsers import ANSWER_IS_DRAWN, ARGUMENTS, BROWSER_SETTINGS, LONGEST_WAIT_MS
from bench.frontline import services_of, web_home
from bench.page import Figures
from bench.places import Places
from services.answers.models import Band
from tests.aws_endpoint.endpoint import REGION, AwsRequest, running_aws_endpoint
from tests.browser.chromium import find_chromium
from tests.browser.signed_in import wait_for_cookie
from tests.serving import running_server

QUESTIONS = 20
CHAT = "us.amazon.nova-lite-v1:0"
TENANT = "pharmacy"
# A model thinks for a while, never equally long, and then says some twenty words a second.
THINKS_SECONDS = (0.3, 0.9)
SECONDS_A_WORD = 0.05
WORDS = 30
FIRST_WORD = "Firstword"
# Stamps the moment at which a word first stands in the document, on the clock that the endpoint uses too.
SEEN = f"""
window.seen = {{}};
new MutationObserver((changes) => {{
  for (const change of changes) {{
    const text = change.target.textContent;
    if (!text.includes('{FIRST_WORD}')) continue;
    for (const found of text.matchAll(/{FIRST_WORD}(\\d+)/g)) {{
      if (!(found[1] in window.seen)) window.seen[found[1]] = Date.now();
    }}
  }}
}}).observe(document, {{subtree: true, childList: true, characterData: true}});
"""


def first_words(places: Places) -> Figures:
    """Milliseconds from the endpoint's first word of an answer to that word in the page."""
    home = web_home(places)
    questions = _questions_with_drafts(home)
    settings: dict[str, Any] = {
        **BROWSER_SETTINGS,
        "FRONTLINE_ANSWER_BACKEND": "bedrock",
        "FRONTLINE_BEDROCK_ANSWER_MODEL": CHAT,
        "FRONTLINE_AWS_REGION": REGION,
    }
    sent: dict[str, float] = {}
    with running_aws_endpoint() as endpoint, sync_playwright() as playwright:
        endpoint.answer("bedrock-runtime", "ConverseStream", _slow_model(sent))
        with running_server(home, **settings) as server:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.set_default_timeout(LONGEST_WAIT_MS)
            page.add_init_script(SEEN)
            page.goto(server.url)
            page.get_by_role("button", name="Enter as Ana").click()
            page.get_by_role("heading", name="How to read an answer").wait_for()
            wait_for_cookie(page)
            for question in questions:
                _ask(page, question)
            seen: dict[str, float] = page.evaluate("window.seen")
            browser.close()
    waits = [seen[number] - moment for number, moment in sent.items() if number in seen]
    print([round(wait) for wait in waits], flush=True)
    return {
        "questions": len(questions),
        "asked": len(sent),
        "seen": len(waits),
        "median_ms": round(statistics.median(waits), 1),
        "slowest_ms": round(max(waits), 1),
    }


def _questions_with_drafts(home: Path) -> list[str]:
    from services.storage.knowledge import SqlKnowledgeRepository

    with services_of(home) as services:
        golden = SqlKnowledgeRepository(services.database).list_golden_questions(TENANT)
        drafted = (one.text for one in golden if services.answers.answer_once(TENANT, one.text).band is Band.DRAFT)
        return list(itertools.islice(drafted, QUESTIONS))


def _slow_model(sent: dict[str, float]) -> Callable[[AwsRequest], Iterator[Mapping[str, Any]]]:
    """A model that notes when it says its first word, in milliseconds of the machine's clock."""
    draws = random.Random(7)

    def answer(_: AwsRequest) -> Iterator[Mapping[str, Any]]:
        number = str(len(sent) + 1)
        yield {"messageStart": {"role": "assistant"}}
        time.sleep(draws.uniform(*THINKS_SECONDS))
        sent[number] = time.time() * 1000
        yield _delta(f"{FIRST_WORD}{number}")
        for word in range(WORDS):
            time.sleep(SECONDS_A_WORD)
            yield _delta(f" word{word}")
        yield {"contentBlockStop": {"contentBlockIndex": 0}}
        yield {"messageStop": {"stopReason": "end_turn"}}
        usage = {"inputTokens": 300, "outputTokens": WORDS, "totalTokens": 300 + WORDS}
        yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 5}}}

    return answer


def _delta(text: str) -> Mapping[str, Any]:
    return {"contentBlockDelta": {"delta": {"text": text}, "contentBlockIndex": 0}}


def _ask(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")
    bands = _band_labels()
    page.wait_for_function(ANSWER_IS_DRAWN, arg=[" ".join(question.split()), bands])
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


@cache
def _band_labels() -> list[str]:
    """The words that an answer begins with, whatever it is."""
    os.environ.setdefault("STREAMLIT_LOGGER_LEVEL", "error")  # it complains about being imported without a server
    from components.answer_card import BANDS

    return [words.label for words in BANDS.values()]
