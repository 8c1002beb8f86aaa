"""The HTTP server: replies in one piece, event streams as they come, and connections that break."""

from __future__ import annotations

import select
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from tests.aws_endpoint.exchange import Delivered
from tests.aws_endpoint.routing import RawRequest

# A stream that is cut or stalls sends these events whole, and of the next one half.
_EVENTS_BEFORE_THE_END: Final = 2


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: AwsServer

    def do_POST(self) -> None:
        path, _, query = self.path.partition("?")
        raw = RawRequest(
            self.command,
            path,
            MultiDict(parse_qsl(query, keep_blank_values=True)),
            self.headers,
            self.rfile.read(int(self.headers.get("Content-Length", 0))),
        )
        try:
            self._deliver(self.server.exchange(raw))
        except ConnectionError:
            self.close_connection = True  # the caller gave up

    do_GET = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_POST  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _deliver(self, delivered: Delivered) -> None:
        body = delivered.reply.body
        if delivered.how == "hold":
            self._hold()
        elif isinstance(body, bytes):
            self._send_whole(delivered, body)
        else:
            self._send_stream(delivered, body)

    def _send_whole(self, delivered: Delivered, body: bytes) -> None:
        if delivered.how == "whole" or body:
            self._send_head(delivered, {"Content-Length": str(len(body))})
        if delivered.how == "whole":
            self.wfile.write(body)
            return
        self.wfile.write(body[: len(body) // 2])
        self._end(delivered)

    def _send_stream(self, delivered: Delivered, events: Iterator[bytes]) -> None:
        self._send_head(delivered, {"Transfer-Encoding": "chunked"})
        try:
            for number, event in enumerate(events):
                if delivered.how != "whole" and number == _EVENTS_BEFORE_THE_END:
                    self._send_chunk(event[: len(event) // 2])
                    break
                self._send_chunk(event)
        finally:
            if close := getattr(events, "close", None):
                close()
        if delivered.how == "whole":
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._end(delivered)

    def _send_head(self, delivered: Delivered, headers: dict[str, str]) -> None:
        self.send_response(delivered.reply.status)
        for name, value in {**delivered.reply.headers, **headers}.items():
            if value:
                self.send_header(name, value)
        self.send_header("x-amzn-RequestId", delivered.reply.request_id)
        self.end_headers()

    def _send_chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _end(self, delivered: Delivered) -> None:
        if delivered.how == "stall":
            self._hold()
        self.close_connection = True
        with suppress(OSError):  # the caller was quicker
            self.connection.shutdown(socket.SHUT_RDWR)

    def _hold(self) -> None:
        """Keep the connection open until the caller gives up or the server stops."""
        self.close_connection = True
        while not self.server.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return
            if readable:
                self.server.stopping.wait(0.05)  # the caller sends more: nothing to wait for in select


class AwsServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1, one thread per connection.

    Args:
        exchange: Answers a request.
        mistake: Hears of what must not happen.
        port: 0 takes a free one.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, exchange: Callable[[RawRequest], Delivered], mistake: Callable[[str], None], port: int = 0
    ) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.exchange = exchange
        self.mistake = mistake
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break belong to the play; everything else is a mistake of the endpoint."""
        if not isinstance(sys.exception(), ConnectionError):
            self.mistake(traceback.format_exc())
