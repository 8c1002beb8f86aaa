"""Real image batches behind the marketer's page: real storage, masks and composites; jobs run at once."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from components import session_keys, wiring
from components.batch_link import STEPS
from services.access.models import Account
from services.bootstrap import Services, build_services
from services.images.intake import ImageUpload
from services.images.models import BatchImage, ImageBatch
from services.settings import load_settings
from tests.jobs_inline import InlineJobQueue, with_inline_jobs
from tests.pages.frame_driver import enter_as, open_app

TENANT = "pharmacy"
MILA = "mila.novak"
GRACE = "grace.lin"
PAGE = "../pages/replace_backgrounds.py"
BROKEN = ("broken.jpg", b"this is no picture at all", "image/jpeg")


@dataclass
class Desk:
    """The services behind the page, and the queue of their jobs."""

    services: Services
    queue: InlineJobQueue

    @property
    def mila(self) -> Account:
        return self.services.accounts.get_account(MILA)

    def batch(self, *photos: tuple[str, bytes, str], title: str = "Spring") -> ImageBatch:
        """A batch of these photos, made by Mila."""
        uploads = [ImageUpload(name, data) for name, data, _ in photos]
        return self.services.image_batches.create(self.mila, TENANT, uploads, title)

    def image(self, batch: ImageBatch, position: int = 0) -> BatchImage:
        """An image as it is now."""
        return self.services.image_batches.image(TENANT, batch.id, position)


def photo(name: str = "red-bottle.png", *, color: str = "#b3202c", noise: int = 0) -> tuple[str, bytes, str]:
    """A product before a plain wall, as an upload.

    Args:
        noise: How restless wall and product are; from about 90 on, a mask of it is doubtful.
    """
    picture = Image.new("RGB", (240, 180), "#e6e3dd")
    ImageDraw.Draw(picture).rounded_rectangle((80, 40, 160, 150), 12, fill=color)
    pixels = np.asarray(picture, dtype=np.int16)
    if noise:
        pixels = pixels + np.random.default_rng(7).integers(-noise, noise, pixels.shape)
    return name, png(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))), "image/png"


def blank(name: str = "wall.png") -> tuple[str, bytes, str]:
    """A photo without any product."""
    return name, png(Image.new("RGB", (240, 180), "#e6e3dd")), "image/png"


def png(picture: Image.Image) -> bytes:
    """A picture as a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def open_desk(monkeypatch: pytest.MonkeyPatch, home: Path) -> Desk:
    """The services of a new home, as the app's own runs will find them."""
    inline, queue = with_inline_jobs(build_services(load_settings(home=home, demo=True)))
    return serve(monkeypatch, Desk(inline, queue))


def serve(monkeypatch: pytest.MonkeyPatch, desk: Desk, **changed: object) -> Desk:
    """Let the app's runs find these services, with some exchanged."""
    services = replace(desk.services, **changed)  # type: ignore[arg-type]  # whatever a test exchanges
    st.cache_resource.clear()
    monkeypatch.setattr(wiring, "build_services", lambda: services)
    return Desk(services, desk.queue)


def open_page(username: str = MILA, *, batch: ImageBatch | None = None, step: str = STEPS[0]) -> AppTest:
    """The page as that person finds it, at a step of a batch when given."""
    app = enter_as(open_app(), username)
    if batch is not None:
        app.query_params[session_keys.OPEN_BATCH] = batch.id
        app.query_params[session_keys.BATCH_STEP] = step
    return app.switch_page(PAGE).run()


def open_step(app: AppTest, step: str) -> AppTest:
    """Another step of the open batch."""
    app.session_state[session_keys.BATCH_STEP] = step
    # The address has the last word, as in a browser, which writes it at the click.
    app.query_params[session_keys.BATCH_STEP] = step
    return app.run()


def shown(app: AppTest) -> str:
    """All running text on the page, without the backslashes that keep Markdown away from it."""
    kinds = (app.markdown, app.caption, app.subheader, app.info, app.warning, app.error, app.success, app.toast)
    return "\n".join(element.value for elements in kinds for element in elements).replace("\\", "")


def click(app: AppTest, key: str) -> AppTest:
    """Click the button with this key."""
    return app.button(key=key).click().run()


def keys(app: AppTest) -> set[str | None]:
    """The keys of the buttons on the page."""
    return {button.key for button in app.button}
