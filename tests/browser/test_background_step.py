"""The background step in a real browser: what is typed and chosen there stays, whichever way a person takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from services.images.background_models import LONGEST_PROMPT_CHARACTERS
from tests.browser.chromium import find_chromium
from tests.browser.signed_in import wait_for_cookie
from tests.serving import RunningServer, running_server

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
PROMPT = "London city background"
AVOIDED = "people, text"
SEED = "7"
COLOR = "#336699"
WORDS = "What should be behind the product?"
AVOID = "What should not be there?"
KINDS = ("Brand library", "Own picture", "Color", "Transparent")

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("background") / "home", FRONTLINE_DEMO="1") as running:
        yield running


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        made = chromium.new_context(viewport={"width": 1280, "height": 1400})
        made.set_default_timeout(40_000)
        expect.set_options(timeout=40_000)
        yield made
        chromium.close()


def wait_until_drawn(page: Page) -> None:
    """Wait for the end of the run that the last action started."""
    page.wait_for_timeout(400)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def open_step(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    wait_until_drawn(page)


def choose_kind(page: Page, name: str) -> None:
    page.get_by_role("radio", name=re.compile(f"{name}$")).click()
    wait_until_drawn(page)


def press(page: Page, label: str, key: str, times: int) -> None:
    """Move a slider by keys."""
    thumb = page.get_by_role("slider", name=label)
    thumb.focus()
    for _ in range(times):
        thumb.press(key)
    wait_until_drawn(page)


def enter_with_a_photo(context: BrowserContext, server: RunningServer, folder: Path) -> Page:
    """A new batch of one photo at its background step."""
    picture = Image.new("RGB", (240, 180), "#e2ded6")
    ImageDraw.Draw(picture).rounded_rectangle((80, 40, 160, 150), 12, fill="#b3202c")
    picture.save(folder / "bottle.png")
    page = context.new_page()
    page.goto(f"{server.url}/backgrounds")
    page.get_by_role("button", name="Enter as Mila").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    wait_for_cookie(page)
    wait_until_drawn(page)
    new_batch = page.get_by_text("New batch")
    expect(new_batch.or_(page.get_by_text("has no batches yet"))).to_be_visible()
    if new_batch.count():
        new_batch.click()
        wait_until_drawn(page)
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files([folder / "bottle.png"])
    page.get_by_role("button", name="Create a batch of 1 file").click()
    wait_until_drawn(page)
    open_step(page, "Background")
    return page


def fill(page: Page, label: str, words: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(words)
    field.blur()
    wait_until_drawn(page)


def describe(page: Page) -> None:
    """Fill every field of the described background, none with its first value."""
    choose_kind(page, "Describe it")
    fill(page, WORDS, PROMPT)
    fill(page, AVOID, AVOIDED)
    fill(page, "Seed", SEED)
    page.get_by_text("Blended", exact=True).click()
    wait_until_drawn(page)
    press(page, "Variations of each photo", "ArrowRight", 2)
    page.get_by_text("Leave the product where it is in the photo").click()
    wait_until_drawn(page)
    press(page, "Space around the product", "ArrowRight", 3)
    press(page, "Shadow under the product", "ArrowRight", 2)


def check_described(page: Page) -> None:
    """Every field shows what was filled in."""
    expect(page.get_by_label(WORDS)).to_have_value(PROMPT)
    expect(page.get_by_label(AVOID)).to_have_value(AVOIDED)
    expect(page.get_by_label("Seed", exact=True)).to_have_value(SEED)
    expect(page.get_by_role("radio", name="Blended")).to_be_checked()
    expect(page.get_by_role("slider", name="Variations of each photo")).to_have_value("3")
    check_placed(page)


def check_placed(page: Page, *, shadow: bool = True) -> None:
    expect(page.get_by_role("slider", name="Space around the product")).to_have_value("15")
    if shadow:
        expect(page.get_by_role("slider", name="Shadow under the product")).to_have_value("60")


def check_confirmed(page: Page) -> None:
    expect(page.get_by_text(f"“{PROMPT}”")).to_be_visible()
    details = f"15 % space around · shadow 60 % · without “{AVOIDED}” · blended · 3 variations · seed {SEED}"
    expect(page.get_by_text(details)).to_be_visible()


def test_no_way_through_the_steps_loses_what_was_asked_for(
    server: RunningServer, context: BrowserContext, tmp_path: Path
) -> None:
    page = enter_with_a_photo(context, server, tmp_path)
    describe(page)
    check_described(page)
    for kind in KINDS:
        choose_kind(page, kind)
        open_step(page, "Confirm")
        open_step(page, "Background")
        check_placed(page, shadow=kind != "Transparent")
        choose_kind(page, "Describe it")
        check_described(page)
        open_step(page, "Confirm")
        check_confirmed(page)
        open_step(page, "Background")
        check_described(page)
    page.reload()
    wait_until_drawn(page)
    check_described(page)
    choose_kind(page, "Transparent")
    page.reload()
    wait_until_drawn(page)
    choose_kind(page, "Describe it")
    check_described(page)


def test_using_a_picture_leaves_everything_else_as_it_was(
    server: RunningServer, context: BrowserContext, tmp_path: Path
) -> None:
    page = enter_with_a_photo(context, server, tmp_path)
    describe(page)
    choose_kind(page, "Own picture")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files([tmp_path / "bottle.png"])
    page.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_text("A picture is chosen")).to_be_visible()
    wait_until_drawn(page)
    check_placed(page)
    open_step(page, "Confirm")
    expect(page.get_by_text("15 % space around · shadow 60 %")).to_be_visible()
    open_step(page, "Background")
    choose_kind(page, "Describe it")
    check_described(page)


def test_color_shown_is_the_color_that_is_confirmed(
    server: RunningServer, context: BrowserContext, tmp_path: Path
) -> None:
    page = enter_with_a_photo(context, server, tmp_path)
    choose_kind(page, "Color")
    expect(page.get_by_text("Now: #ffffff")).to_be_visible()
    for color in ("#ffffff", COLOR):
        if color != "#ffffff":
            page.get_by_test_id("stColorPickerBlock").click()
            page.locator('[data-testid="stColorPickerPopover"] input').first.fill(color)
            page.keyboard.press("Escape")
            wait_until_drawn(page)
            expect(page.get_by_text(f"Now: {color}")).to_be_visible()
        open_step(page, "Confirm")
        expect(page.get_by_text(f"Color {color}")).to_be_visible()
        open_step(page, "Background")
        choose_kind(page, "Transparent")
        open_step(page, "Confirm")
        open_step(page, "Background")
        choose_kind(page, "Color")
        expect(page.get_by_text(f"Now: {color}")).to_be_visible()
        open_step(page, "Confirm")
        expect(page.get_by_text(f"Color {color}")).to_be_visible()
        open_step(page, "Background")
        expect(page.get_by_text(f"Now: {color}")).to_be_visible()


def test_what_was_typed_right_before_leaving_the_step_outlives_a_reload(
    server: RunningServer, context: BrowserContext, tmp_path: Path
) -> None:
    page = enter_with_a_photo(context, server, tmp_path)
    page.get_by_label(WORDS).fill(PROMPT)
    open_step(page, "Confirm")
    expect(page.get_by_text(f"“{PROMPT}”")).to_be_visible()
    page.reload()
    wait_until_drawn(page)
    expect(page.get_by_text(f"“{PROMPT}”")).to_be_visible()
    open_step(page, "Background")
    expect(page.get_by_label(WORDS)).to_have_value(PROMPT)


def test_words_that_are_too_long_are_kept_and_said_to_be_too_long(
    server: RunningServer, context: BrowserContext, tmp_path: Path
) -> None:
    page = enter_with_a_photo(context, server, tmp_path)
    long = "x" * (LONGEST_PROMPT_CHARACTERS + 88)
    fill(page, WORDS, long)
    told = page.get_by_text(f"The text has 600 characters; {LONGEST_PROMPT_CHARACTERS} are allowed.")
    expect(told).to_be_visible()
    open_step(page, "Confirm")
    expect(told).to_be_visible()
    page.get_by_role("button", name="Back to the background").click()
    wait_until_drawn(page)
    expect(page.get_by_label(WORDS)).to_have_value(long)
    fill(page, WORDS, PROMPT)
    expect(told).to_have_count(0)


def test_upload_fields_for_backgrounds_name_the_limit_that_holds(
    server: RunningServer, context: BrowserContext, tmp_path: Path
) -> None:
    page = enter_with_a_photo(context, server, tmp_path)
    for kind in ("Own picture", "Brand library"):
        choose_kind(page, kind)
        expect(page.get_by_text(re.compile("^40 ?MB per file"))).to_be_visible()
