"""One marketer's campaign in a real browser, with a real worker: from twelve files to a zip of new backgrounds."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

from tests.browser.chromium import find_chromium
from tests.browser.signed_in import wait_for_cookie
from tests.serving import RunningServer, running_server

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
COLORS = ("#b3202c", "#2244aa", "#1d7a46", "#8a5a33", "#5c2a86", "#c77700", "#0f6b64", "#444444", "#a03070", "#203a20")
SIZE = (480, 360)
WORK_SECONDS = 180
PROMPT = "warm beige studio"
STEPS = ("Photos", "Labels", "Masks", "Background", "Confirm", "Results")

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model_home: Path) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("images") / "home"
    shutil.copytree(model_home, home)
    with running_server(home, FRONTLINE_DEMO="1", FRONTLINE_WORKER_PROCESSES="1") as running:
        yield running


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        made = chromium.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
        made.set_default_timeout(40_000)
        expect.set_options(timeout=40_000)
        yield made
        chromium.close()


def write_photos(folder: Path) -> list[Path]:
    """Ten photos of bottles before soft walls, one that ends in the middle and one that is a text."""
    for number, color in enumerate(COLORS, start=1):
        picture = Image.new("RGB", SIZE, "#e2ded6")
        drawing = ImageDraw.Draw(picture)
        drawing.rectangle((0, 270, *SIZE), fill="#d3cdc1")
        drawing.rounded_rectangle((180, 90, 300, 310), 24, fill=color)
        drawing.rectangle((215, 50, 265, 95), fill=color)
        picture = picture.filter(ImageFilter.GaussianBlur(0.8))
        picture.save(folder / f"bottle {number:02}.jpg", quality=92)
    whole = (folder / "bottle 01.jpg").read_bytes()
    (folder / "cut off.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "notes.jpg").write_text("not a picture", encoding="utf-8")
    return sorted(folder.iterdir())


def wait_until_drawn(page: Page) -> None:
    """Wait for the end of the run that the last action started."""
    page.wait_for_timeout(300)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def click(page: Page, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
    (within or page).get_by_role("button", name=name).first.click()
    wait_until_drawn(page)


def open_step(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    wait_until_drawn(page)


def enter(context: BrowserContext, server: RunningServer, path: str = "/backgrounds") -> Page:
    page = context.new_page()
    page.goto(f"{server.url}{path}")
    page.get_by_role("button", name="Enter as Mila").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    wait_for_cookie(page)
    wait_until_drawn(page)
    return page


def drag_box(page: Page) -> None:
    """Drag a box around the bottle on the canvas."""
    canvas = page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    place = canvas.bounding_box()
    assert place
    page.mouse.move(place["x"] + 0.33 * place["width"], place["y"] + 0.1 * place["height"])
    page.mouse.down()
    page.mouse.move(place["x"] + 0.67 * place["width"], place["y"] + 0.9 * place["height"], steps=8)
    page.mouse.up()


def upload(page: Page, files: list[Path]) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(files)
    click(page, f"Create a batch of {len(files)} file")
    expect(page.get_by_role("tab", name="Photos")).to_be_visible()


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as started:
        page.get_by_role("button", name=name).click()
    return Path(started.value.path()).read_bytes()


def fetch(page: Page, name: str) -> bytes:
    """What the link of that name leads to, fetched as the browser would, with its cookies."""
    address = page.get_by_role("link", name=name).get_attribute("href")
    assert address
    answer = page.request.get(urljoin(page.url, address))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    return answer.body()


def prune(page: Page) -> None:
    """Drop a label in all photos, and in the first photo everything that was found."""
    open_step(page, "Labels")
    click(page, re.compile("Bottle · 10 photos"))
    expect(page.get_by_role("button", name=re.compile("Bottle · dropped in 10 photos"))).to_be_visible()
    kept = page.locator('[class*="st-key-backgrounds-label-picture"]').first.get_by_role(
        "button", name=re.compile(", kept$")
    )
    while kept.count():
        kept.first.click()
        wait_until_drawn(page)
    expect(page.get_by_role("button", name=re.compile("^Subject.*, dropped$")).first).to_be_visible()


def confirm_run(page: Page) -> None:
    open_step(page, "Background")
    page.get_by_label("What should be behind the product?").fill(PROMPT)
    open_step(page, "Confirm")
    expect(page.get_by_text(PROMPT)).to_be_visible()
    expect(page.get_by_text("Free", exact=True)).to_be_visible()
    expect(page.get_by_text("3 photos without a result")).to_be_visible()
    click(page, "Replace 10 backgrounds")


def mend_and_retry(page: Page) -> None:
    click(page, "Correct the mask")
    drag_box(page)
    expect(page.get_by_role("button", name="Start over")).to_be_visible()
    wait_until_drawn(page)
    open_step(page, "Results")
    click(page, "Retry 1 failed")
    expect(page.get_by_text("10 of 10 photos done")).to_be_visible(timeout=WORK_SECONDS * 1000)
    wait_until_drawn(page)


def check_downloads(page: Page, photos: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(fetch(page, "All results (zip)"))) as archive:
        names = sorted(archive.namelist())
        assert [Path(name).stem for name in names] == [f"bottle {number:02}" for number in range(1, 11)]
        result = Image.open(io.BytesIO(archive.read(names[1]))).convert("RGB")
    assert result.size == SIZE
    original = np.asarray(Image.open(photos / "bottle 02.jpg").convert("RGB"), dtype=int)
    difference = np.abs(np.asarray(result, dtype=int) - original).max(axis=2)
    assert difference[150:250, 210:270].max() <= 8  # the product, up to what storing as JPEG may do to it
    assert np.median(difference[20:200, 10:80]) > 8  # the wall behind it
    rows = list(csv.DictReader(io.StringIO(download(page, "Report (CSV)").decode("utf-8-sig"))))
    assert len(rows) == 12
    assert sum("cut off.jpg" in row.values() for row in rows) == 1
    assert PROMPT in json.dumps(json.loads(download(page, "Report (JSON)")))


def test_twelve_files_become_a_zip_of_new_backgrounds_though_two_are_broken_and_one_mask_fails(
    server: RunningServer, context: BrowserContext, tmp_path: Path
) -> None:
    page = enter(context, server)
    upload(page, write_photos(tmp_path))
    expect(page.get_by_text("2 of 12 photos cannot be used")).to_be_visible()
    expect(page.get_by_text("cut off.jpg").first).to_be_visible()
    expect(page.get_by_text("Looks right").or_(page.get_by_text("Needs a look"))).to_have_count(
        10, timeout=WORK_SECONDS * 1000
    )
    prune(page)
    open_step(page, "Masks")
    click(page, "Next")
    drag_box(page)
    expect(page.get_by_role("button", name="Start over")).to_be_visible()
    confirm_run(page)
    page.close()  # the run does not need the page

    page = context.new_page()
    page.goto(f"{server.url}/backgrounds")
    told = page.get_by_test_id("stSidebar")
    expect(told.get_by_text("Finished in part")).to_be_visible(timeout=WORK_SECONDS * 1000)
    told.get_by_role("link", name="Open").click()
    expect(page.get_by_text("9 of 10 photos done")).to_be_visible()
    expect(page).to_have_url(re.compile("batch=.*run="))
    wait_until_drawn(page)
    slider = page.get_by_role("slider", name=re.compile("Before and after of bottle")).first
    expect(slider).to_have_value("25")
    wait_until_drawn(page)
    slider.press("ArrowRight")
    expect(slider).to_have_value("26")

    mend_and_retry(page)
    page.get_by_role("radio", name=re.compile("Approve$")).first.click()
    expect(page.get_by_text("Approved 1")).to_be_visible()
    check_downloads(page, tmp_path)

    click(page, "All batches")
    expect(page.get_by_text("New batch")).to_be_visible()
    expect(page).not_to_have_url(re.compile("step="))
    click(page, re.compile("12 photos$"))
    expect(page.get_by_role("tab", name="Results")).to_have_attribute("aria-selected", "true")


def test_every_step_fits_a_phone_and_works_by_keyboard(
    server: RunningServer, context: BrowserContext, tmp_path: Path
) -> None:
    page = enter(context, server)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/backgrounds")
    new_batch = page.get_by_text("New batch")
    expect(new_batch.or_(page.get_by_text("has no batches yet"))).to_be_visible()
    if new_batch.count():
        new_batch.click()
        wait_until_drawn(page)
    upload(page, write_photos(tmp_path)[:2])
    expect(page.get_by_text("Looks right").or_(page.get_by_text("Needs a look"))).to_have_count(
        2, timeout=WORK_SECONDS * 1000
    )
    for step in STEPS:
        open_step(page, step)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, step
    open_step(page, "Masks")
    page.locator("summary", has_text="Set the box by numbers").focus()
    page.keyboard.press("Enter")
    use = page.get_by_role("button", name="Use this box")
    expect(use).to_be_visible()
    use.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Start over")).to_be_visible()
