"""A home whose image batches real worker processes work on, with a generator that counts what it is paid for."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageDraw

from services.access.models import Account, Role
from services.images.intake import ImageUpload
from services.images.models import ImageBatch
from tests.image_edit_server import MODEL, EditRequest, ImageEditServer, running_image_edit_server
from tests.integration.services_home import PATIENCE_SECONDS, ServicesHome, has_hung_up

TENANT = "pharmacy"
MIA = Account("mia", "Mia Wong", Role.MARKETER, (TENANT,))


def shot(number: int, size: tuple[int, int] = (160, 120)) -> bytes:
    """A JPEG of a round product on a white ground; every number gives another color."""
    picture = Image.new("RGB", size, "white")
    width, height = size
    color = (40 + number * 37 % 160, 30 + number * 71 % 150, 60 + number * 13 % 140)
    ImageDraw.Draw(picture).ellipse((width * 0.25, height * 0.2, width * 0.75, height * 0.9), fill=color)
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=95)
    return output.getvalue()


class OwnEdit(EditRequest):
    """A request that knows its own form: several are answered at once.

    Attributes:
        content: The digest of the picture that is to be edited.
    """

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        self.received = self._received(self.rfile.read(int(self.headers["Content-Length"])))
        self.received.image.load()
        self.content = hashlib.sha256(self.received.image.tobytes()).hexdigest()
        self.server.reply(self)

    def painted(self) -> str:
        """The answer: blue wherever the mask is transparent."""
        painted = Image.new("RGB", self.received.image.size, (10, 20, 250))
        painted.paste(self.received.image.convert("RGB"), (0, 0), self.received.mask.getchannel("A"))
        written = io.BytesIO()
        painted.save(written, "PNG", compress_level=1)
        entry = {"b64_json": base64.b64encode(written.getvalue()).decode()}
        return json.dumps({"created": 1, "data": [entry] * int(self.received.fields["n"])})

    def paint(self) -> None:
        """Send the answer."""
        self.send_text(200, self.painted())


class Till:
    """Answers a generator's calls and counts the pictures that it is paid for; who hung up meanwhile pays nothing.

    Attributes:
        paid: What each paid call was about, in order.
        hung_up: How many callers were gone when their turn came.
        free: How many calls are answered before the others wait for :meth:`open`; None for all.
        waiting: How many wait.
        throttled: Calls that were sent away.

    Args:
        seconds: How long a picture takes.
        throttle: Of a call's number, whether it is sent away.
    """

    def __init__(
        self,
        server: ImageEditServer,
        free: int | None = None,
        *,
        seconds: float = 0.0,
        throttle: Callable[[int], bool] | None = None,
    ) -> None:
        self._seconds = seconds
        self._throttle = throttle
        self._calls = 0
        self._let_through = 0
        self.throttled = 0
        self.paid: list[str] = []
        self.hung_up = 0
        self.free = free
        self.waiting = 0
        self._lock = threading.Lock()
        self._opened = threading.Event()
        server.reply = self._reply

    def open(self) -> None:
        """Let every call go on."""
        self._opened.set()

    def _reply(self, request: EditRequest) -> None:
        assert isinstance(request, OwnEdit)
        if self._sends_away(request):
            return
        with self._lock:
            must_wait = self.free is not None and self._let_through >= self.free and not self._opened.is_set()
            self.waiting += must_wait
            self._let_through += not must_wait
        if must_wait:
            self._opened.wait(PATIENCE_SECONDS)
        time.sleep(self._seconds)
        answer = request.painted()
        with self._lock:
            self.waiting -= must_wait
            if has_hung_up(request.connection):
                self.hung_up += 1
                request.close_connection = True
                return
            self.paid.append(request.content)
        request.send_text(200, answer)

    def _sends_away(self, request: OwnEdit) -> bool:
        with self._lock:
            self._calls += 1
            away = self._throttle is not None and self._throttle(self._calls)
            self.throttled += away
        if away:
            request.send_text(429, json.dumps({"error": {"code": "rate_limit_exceeded", "message": "slow down"}}))
        return away


class ImageHome(ServicesHome):
    """Services whose backgrounds a small server paints, and workers, over one database and one folder of files."""

    def __init__(self, folder: Path, database_url: str, painter: ImageEditServer, **settings: str) -> None:
        chosen = {
            "FRONTLINE_BACKGROUND_BACKEND": "openai",
            "FRONTLINE_OPENAI_BASE_URL": painter.base_url,
            "FRONTLINE_OPENAI_IMAGE_MODEL": MODEL,
            "FRONTLINE_OPENAI_IMAGE_PRICE": "0.04",
        }
        super().__init__(folder, database_url, TENANT, **{**chosen, **settings})

    def batch(self, count: int) -> ImageBatch:
        """A batch of photos from one zip archive, whose labels and masks are to be made."""
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w") as archive:
            for number in range(count):
                archive.writestr(f"shoes/{number:03d}.jpg", shot(number))
        return self.services.image_batches.create(MIA, TENANT, [ImageUpload("shoes.zip", output.getvalue())])


@contextmanager
def image_home(folder: Path, database_url: str, **settings: str) -> Iterator[tuple[ImageHome, ImageEditServer]]:
    """A home and its generator until the block ends."""
    with running_image_edit_server() as painter:
        painter.RequestHandlerClass = OwnEdit
        painter.reply = lambda request: request.paint() if isinstance(request, OwnEdit) else None
        home = ImageHome(folder, database_url, painter, **settings)
        try:
            yield home, painter
        finally:
            home.close()
