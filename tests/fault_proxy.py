"""A server between boto3 and moto that lets requests through, or spoils them as they were planned."""

from __future__ import annotations

import http.client
import threading
import urllib.parse
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_HOP_HEADERS = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True, slots=True)
class HttpFault:
    """A reply of the service instead of the real one.

    Attributes:
        code: As AWS writes it.
        forwards: Whether the request is carried out all the same, and only its reply is lost.
        cut: The connection ends: before the reply, or in the middle of it where it is not forwarded.
        raw: The whole body, where it is no error document.
        hangs: No reply comes at all, as long as the client waits.
    """

    code: str = ""
    status: int = 503
    message: str = "Spoiled by the test."
    forwards: bool = False
    cut: bool = False
    raw: bytes | None = None
    hangs: bool = False

    def body(self, query: bool) -> bytes:
        """The error as S3 writes it, or as services of the query protocol do."""
        if self.raw is not None:
            return self.raw
        inner = f"<Code>{self.code}</Code><Message>{self.message}</Message>"
        if query:
            text = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>1</RequestId></ErrorResponse>"
        else:
            text = f"<Error>{inner}<RequestId>1</RequestId></Error>"
        return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()


SLOW_DOWN = HttpFault("SlowDown", 503, "Please reduce your request rate.")
INTERNAL = HttpFault("InternalError", 500)
UNAVAILABLE = HttpFault("ServiceUnavailable", 503)
EXPIRED = HttpFault("ExpiredToken", 400, "The provided token has expired.")
DENIED = HttpFault(
    "AccessDenied", 403, "User arn:aws:iam::123456789012:user/x is not authorized to perform: s3:PutObject"
)
KMS_DENIED = HttpFault(
    "AccessDenied", 403, "User arn:aws:iam::123456789012:user/x is not authorized to perform: kms:GenerateDataKey"
)
KMS_DISABLED = HttpFault("KMS.DisabledException", 400, "arn:aws:kms:us-east-1:123456789012:key/k is disabled.")
WRONG_REGION = HttpFault("AuthorizationHeaderMalformed", 400, "the region 'us-east-1' is wrong; expecting 'eu-west-1'")
LOST_REPLY = HttpFault(forwards=True, cut=True)
CUT = HttpFault(status=200, raw=b"x" * 100, cut=True)
MALFORMED = HttpFault(status=200, raw=b"<NoEnd><oops")
HANGS = HttpFault(hangs=True)


class FaultProxy:
    """Plans faults, and keeps what was asked.

    Attributes:
        address: Where clients ask.
        requests: Method and path with query of each request, in order.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = urllib.parse.urlsplit(upstream)
        self._lock = threading.Lock()
        self._planned: list[tuple[str, str, deque[HttpFault]]] = []
        self._always: list[tuple[str, str, HttpFault]] = []
        self.requests: list[tuple[str, str]] = []
        self.ending = threading.Event()
        self.address = ""

    def next(self, fault: HttpFault, times: int | None = 1, *, method: str = "", path: str = "") -> None:
        """Spoil the next requests; all from now on when ``times`` is None.

        Args:
            method, path: Only those of this method, and whose path or query holds these letters.
        """
        with self._lock:
            if times is None:
                self._always.append((method, path, fault))
            else:
                self._planned.append((method, path, deque([fault] * times)))

    def count(self, method: str = "") -> int:
        """How many requests came."""
        return sum(1 for one, _ in self.requests if not method or one == method)

    def reset(self) -> None:
        """Forget all plans and requests."""
        with self._lock:
            self._planned.clear()
            self._always.clear()
            self.requests.clear()

    def fault_for(self, method: str, path: str) -> HttpFault | None:
        """Keep the request, and say how to spoil it."""
        with self._lock:
            self.requests.append((method, path))
            for wanted, part, faults in self._planned:
                if faults and wanted in {"", method} and part in path:
                    return faults.popleft()
            lasting = (fault for wanted, part, fault in self._always if wanted in {"", method} and part in path)
            return next(lasting, None)

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> http.client.HTTPResponse:
        """Ask the real service."""
        connection = http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port, timeout=30)
        connection.request(method, path, body=body, headers=headers)
        return connection.getresponse()


@contextmanager
def running_fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Run a proxy before the service at this address."""
    proxy = FaultProxy(upstream)

    class Handler(_Handler):
        def plan(self) -> FaultProxy:
            return proxy

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def plan(self) -> FaultProxy:
        raise NotImplementedError

    def answer(self) -> None:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self._body()
        proxy = self.plan()
        fault = proxy.fault_for(self.command, self.path)
        if fault is None or fault.forwards:
            # As it came: a body that was sent in chunks with checksums stays so, but for the length of the whole.
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_HEADERS}
            headers["Content-Length"] = str(len(body))
            reply = proxy.forward(self.command, self.path, headers, body)
            content = reply.read()
            if fault is None:
                self._send(reply.status, dict(reply.getheaders()), content)
                return
        if fault.hangs:
            proxy.ending.wait(30)
        if fault.hangs or fault.forwards:
            self.close_connection = True
            return
        content = fault.body(query=self.command == "POST" and self.path == "/")
        self._send(fault.status, {"Content-Type": "application/xml"}, content, cut=fault.cut)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - the names are the base class's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, status: int, headers: dict[str, str], content: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        length = headers.get("Content-Length", str(len(content))) if self.command == "HEAD" else str(len(content))
        for name, value in headers.items():
            if name.lower() not in _HOP_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) * 2) if cut else length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        if cut:
            self.close_connection = True
