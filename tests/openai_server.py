"""A small server that speaks OpenAI's chat completions, scripted by the test that runs it."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "small-model"
Reply = Callable[["ChatRequest"], None]


class ChatRequest(BaseHTTPRequestHandler):
    """One request; the server's script decides what is sent back."""

    server: OpenAiServer

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization"))
        self.server.models(self)

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization"))
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.reply(self)

    def send_text(self, status: int, body: str, content_type: str = "application/json") -> None:
        """A whole response."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def send_events(self, *events: str, done: bool = True) -> None:
        """Server-sent events, chunk by chunk; without ``done`` the stream ends early but in good order."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for event in (*events, *(["[DONE]"] if done else [])):
            self.wfile.write(f"data: {event}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def cut(self) -> None:
        """End the connection as a crash does, with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class OpenAiServer(ThreadingHTTPServer):
    """Keeps what it was sent.

    Attributes:
        reply: Answers a chat request; by default with a sentence of the first passage and its mark.
        models: Answers the list of models.
        released: Set it to let a reply that waits for it go on.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ChatRequest)
        self.reply: Reply = quote_first_passage
        self.models: Reply = lambda request: request.send_text(200, json.dumps({"data": [{"id": MODEL}]}))
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.bodies: list[dict[str, Any]] = []
        self.released = threading.Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


def delta(content: str | None, finish_reason: str | None = None) -> str:
    """One event with a piece of the reply."""
    fields = {} if content is None else {"content": content}
    return json.dumps({"choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]})


def pieces(*contents: str) -> Reply:
    """A reply in these pieces that ends as it should."""
    return lambda request: request.send_events(*map(delta, contents), delta(None, "stop"))


def quote_first_passage(request: ChatRequest) -> None:
    """Repeat the first sentence of the first passage, in pieces, as a good model would."""
    shown: str = request.server.bodies[-1]["messages"][-1]["content"]
    found = re.search(r"^\[1\] .*\n(?:[-*] )?(.*?)([.!?]) ", f"{shown} ", re.MULTILINE)
    if found is None:
        pieces("NOT_IN_", "PASSAGES")(request)
        return
    words: Sequence[str] = re.split(r"(?= )", found.group(1))
    pieces(*words, " [1]", found.group(2))(request)


@contextmanager
def running_openai_server() -> Iterator[OpenAiServer]:
    """Serve until the block ends."""
    server = OpenAiServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
