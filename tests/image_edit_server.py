"""A small server that speaks OpenAI's image edits: it checks the form, and paints what the mask leaves open."""

from __future__ import annotations

import base64
import email.parser
import email.policy
import io
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

MODEL = "small-painter"
SIZES = {"1024x1024", "1536x1024", "1024x1536"}
EditReply = Callable[["EditRequest"], None]


@dataclass(frozen=True)
class ReceivedEdit:
    """A form as it arrived."""

    path: str
    authorization: str | None
    fields: dict[str, str]
    image: Image.Image
    mask: Image.Image


class EditRequest(BaseHTTPRequestHandler):
    """One request; the server's script decides what is sent back."""

    server: ImageEditServer

    def do_GET(self) -> None:
        self.send_text(200, json.dumps({"object": "list", "data": [{"id": MODEL}, {"id": "gpt-image-1"}]}))

    def do_POST(self) -> None:
        received = self._received(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(received)
        problem = _problem(received)
        if problem:
            self.send_text(400, json.dumps({"error": {"code": "invalid_request", "message": problem}}))
        else:
            self.server.reply(self)

    def send_text(self, status: int, body: str) -> None:
        """A whole response."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def cut(self) -> None:
        """End the connection as a crash does, with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def wait(self) -> None:
        """Say nothing until the test ends."""
        self.server.released.wait(30)
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _received(self, body: bytes) -> ReceivedEdit:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        fields: dict[str, str] = {}
        pictures: dict[str, Image.Image] = {}
        for part in form.iter_parts():
            name = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            assert isinstance(name, str)
            assert isinstance(payload, bytes)
            if part.get_filename():
                assert part.get_content_type() == "image/png"
                pictures[name] = Image.open(io.BytesIO(payload))
            else:
                fields[name] = payload.decode()
        return ReceivedEdit(self.path, self.headers.get("Authorization"), fields, pictures["image"], pictures["mask"])


class ImageEditServer(ThreadingHTTPServer):
    """Keeps what it was sent.

    Attributes:
        reply: Answers a form that is right; by default with as many painted pictures as were asked for.
        most_pictures: It sends no more than these.
        released: Set it to let a reply that waits for it go on.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), EditRequest)
        self.reply: EditReply = paint
        self.requests: list[ReceivedEdit] = []
        self.most_pictures = 10
        self.released = threading.Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


def _problem(received: ReceivedEdit) -> str:
    """What the API's description says against the form; empty when it is right."""
    if received.path != "/v1/images/edits":
        return "unknown path"
    if not {"model", "prompt", "n", "size"} <= set(received.fields):
        return "a field is missing"
    if received.fields["size"] not in SIZES or not 1 <= int(received.fields["n"]) <= 10:
        return "size or n is not allowed"
    if received.image.size != received.mask.size or received.mask.mode != "RGBA":
        return "the mask has no alpha or another size than the image"
    if received.fields["model"].startswith("gpt-image") and "response_format" in received.fields:
        return "unknown parameter: response_format"
    return ""


def paint(request: EditRequest) -> None:
    """Blue, a little different each time, wherever the mask is transparent."""
    received = request.server.requests[-1]
    entries = []
    for number in range(min(int(received.fields["n"]), request.server.most_pictures)):
        painted = Image.new("RGB", received.image.size, (10, 20, 250 - number))
        painted.paste(received.image.convert("RGB"), (0, 0), received.mask.getchannel("A"))
        written = io.BytesIO()
        painted.save(written, "PNG", compress_level=1)
        entries.append({"b64_json": base64.b64encode(written.getvalue()).decode()})
    request.send_text(200, json.dumps({"created": 1, "data": entries}))


@contextmanager
def running_image_edit_server() -> Iterator[ImageEditServer]:
    """Serve until the block ends."""
    server = ImageEditServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
