"""A local OpenSearch over HTTP: a domain or a Serverless collection, with faults on demand."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.opensearch_engine import Index, Refusal, bad_request, bulk_lines, check_pipeline, new_index, searched

_NAME = r"(?P<name>[^/_][^/]*)"
# A status, or "timeout" (no reply), "cut" (a part of it), "malformed", "empty"; or statuses for single bulk items.
Fault = int | str | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came."""

    method: str
    path: str
    parameters: Mapping[str, str]
    body: Any
    authorization: str


@dataclass(slots=True)
class LocalOpenSearch:
    """The server and what it knows.

    Attributes:
        signing: ``es`` or ``aoss``: every request must be signed for it, with the secret ``test``; None takes all.
        shown_after_looks: On Serverless, after how many counts written documents can be found.
    """

    signing: str | None = None
    shown_after_looks: int = 2
    indexes: dict[str, Index] = field(default_factory=dict)
    aliases: dict[str, set[str]] = field(default_factory=dict)
    pipelines: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    stopping: threading.Event = field(default_factory=threading.Event)
    address: str = ""
    expired: bool = False
    _faults: dict[str, deque[Fault]] = field(default_factory=dict)
    _lasting: dict[str, Fault] = field(default_factory=dict)
    _looks: int = 0

    @property
    def serverless(self) -> bool:
        return self.signing == "aoss"

    def fail(self, operation: str, fault: Fault, times: int | None = 1) -> None:
        """Spoil the next requests whose path ends so, such as ``_bulk``; None means all of them."""
        with self.lock:
            if times is None:
                self._lasting[operation] = fault
            else:
                self._faults.setdefault(operation, deque()).extend([fault] * times)

    def heal(self) -> None:
        with self.lock:
            self._faults.clear()
            self._lasting.clear()

    def count(self, operation: str) -> int:
        """How many requests came whose path ends so."""
        with self.lock:
            return sum(call.path.endswith(operation) for call in self.calls)

    def take_fault(self, path: str) -> Fault | None:
        with self.lock:
            for operation, queue in self._faults.items():
                if queue and path.endswith(operation):
                    return queue.popleft()
            return next((fault for operation, fault in self._lasting.items() if path.endswith(operation)), None)

    def reply_to(self, call: Call, fault: Fault | None) -> tuple[int, Any]:
        """Status and body."""
        with self.lock:
            for method, pattern, answer in _ROUTES:
                match = re.fullmatch(pattern, call.path)
                if method == call.method and match:
                    if self.serverless and answer in _NOT_ON_SERVERLESS:
                        return 404, None
                    if answer is _bulk:
                        return _bulk(self, call, unquote(match["name"]), fault)
                    return answer(self, call, **{key: unquote(value) for key, value in match.groupdict().items()})
        raise bad_request(f"no handler found for uri [{call.path}] and method [{call.method}]")

    def index(self, name: str) -> Index:
        found = self.indexes.get(name)
        if found is None:
            names = self.aliases.get(name, set())
            if len(names) != 1:
                raise Refusal(404, "index_not_found_exception", f"no such index [{name}]")
            found = self.indexes[next(iter(names))]
        return found

    def look(self, index: Index) -> None:
        """Serverless refreshes by itself, after a while."""
        if self.serverless and index.waiting:
            self._looks += 1
            if self._looks >= self.shown_after_looks:
                self._looks = 0
                index.refresh()


def _create(server: LocalOpenSearch, call: Call, name: str) -> tuple[int, Any]:
    if name != name.lower() or re.search(r"[\\/*?\"<>| ,#:]", name) or name in server.aliases:
        raise bad_request(f"Invalid index name [{name}]", "invalid_index_name_exception")
    if name in server.indexes:
        raise bad_request(f"index [{name}] already exists", "resource_already_exists_exception")
    server.indexes[name] = new_index(name, call.body, serverless=server.serverless)
    return 200, {"acknowledged": True, "index": name}


def _delete(server: LocalOpenSearch, call: Call, name: str) -> tuple[int, Any]:
    if name in server.aliases:
        raise bad_request("The provided expression matches an alias", "illegal_argument_exception")
    del server.indexes[server.index(name).name]
    for names in server.aliases.values():
        names.discard(name)
    server.aliases = {alias: names for alias, names in server.aliases.items() if names}
    return 200, {"acknowledged": True}


def _get_mapping(server: LocalOpenSearch, call: Call, name: str) -> tuple[int, Any]:
    index = server.index(name)
    return 200, {index.name: {"mappings": index.mapping}}


def _put_mapping(server: LocalOpenSearch, call: Call, name: str) -> tuple[int, Any]:
    server.index(name).put_mapping(call.body)
    return 200, {"acknowledged": True}


def _refresh(server: LocalOpenSearch, call: Call, name: str) -> tuple[int, Any]:
    server.index(name).refresh()
    return 200, {"_shards": {"failed": 0}}


def _bulk(server: LocalOpenSearch, call: Call, name: str, fault: Fault | None) -> tuple[int, Any]:
    index = server.index(name)
    statuses = deque(fault if isinstance(fault, tuple) else ())
    items: list[dict[str, Any]] = []
    for action, document in bulk_lines(call.body):
        try:
            if server.serverless and "_id" in action:
                reason = "Document ID is not supported in create/index operation request"
                raise bad_request(reason, "illegal_argument_exception")
            if statuses and (status := statuses.popleft()) >= 300:
                kind = "mapper_parsing_exception" if status == 400 else "rejected_execution_exception"
                raise Refusal(status, kind, "spoiled")
            index.add(action.get("_id", uuid.uuid4().hex), document)
            items.append({"index": {"_index": name, "status": 201}})
        except Refusal as refusal:
            items.append({"index": {"_index": name, **refusal.body}})
    return 200, {"took": 1, "errors": any(one["index"]["status"] >= 300 for one in items), "items": items}


def _search(server: LocalOpenSearch, call: Call, name: str) -> tuple[int, Any]:
    pipeline = call.parameters.get("search_pipeline")
    if pipeline is not None and pipeline not in server.pipelines:
        raise bad_request(f"Pipeline {pipeline} is not defined", "illegal_argument_exception")
    return 200, searched(server.index(name), call.body, server.pipelines.get(pipeline or ""))


def _many_searches(server: LocalOpenSearch, call: Call) -> tuple[int, Any]:
    replies = []
    for header, body in zip(call.body[::2], call.body[1::2], strict=True):
        try:
            replies.append({**searched(server.index(header["index"]), body, None), "status": 200})
        except Refusal as refusal:
            replies.append(refusal.body)
    return 200, {"took": 1, "responses": replies}


def _count(server: LocalOpenSearch, call: Call, name: str) -> tuple[int, Any]:
    index = server.index(name)
    server.look(index)
    body = {**(call.body or {}), "size": 10_000, "_source": False}
    return 200, {"count": len(searched(index, body, None)["hits"]["hits"])}


def _get_alias(server: LocalOpenSearch, call: Call, name: str) -> tuple[int, Any]:
    if name not in server.aliases:
        return 404, {"error": f"alias [{name}] missing", "status": 404}
    return 200, {index: {"aliases": {name: {}}} for index in sorted(server.aliases[name])}


def _change_aliases(server: LocalOpenSearch, call: Call) -> tuple[int, Any]:
    changed = {alias: set(names) for alias, names in server.aliases.items()}
    for action in call.body["actions"]:
        ((kind, target),) = action.items()
        index = server.index(target["index"]).name
        names = changed.setdefault(target["alias"], set())
        if kind == "remove" and index not in names:
            raise Refusal(404, "aliases_not_found_exception", f"aliases [{target['alias']}] missing")
        names.add(index) if kind == "add" else names.remove(index)
    server.aliases = {alias: names for alias, names in changed.items() if names}  # all of it, or nothing
    return 200, {"acknowledged": True}


def _put_pipeline(server: LocalOpenSearch, call: Call, name: str) -> tuple[int, Any]:
    check_pipeline(call.body)
    server.pipelines[name] = call.body
    return 200, {"acknowledged": True}


_ROUTES = (
    ("PUT", rf"/{_NAME}", _create),
    ("DELETE", rf"/{_NAME}", _delete),
    ("GET", rf"/{_NAME}/_mapping", _get_mapping),
    ("PUT", rf"/{_NAME}/_mapping", _put_mapping),
    ("POST", rf"/{_NAME}/_refresh", _refresh),
    ("POST", rf"/{_NAME}/_bulk", _bulk),
    ("POST", rf"/{_NAME}/_search", _search),
    ("POST", r"/_msearch", _many_searches),
    ("POST", rf"/{_NAME}/_count", _count),
    ("GET", rf"/{_NAME}/_count", _count),
    ("GET", rf"/_alias/{_NAME}", _get_alias),
    ("POST", r"/_aliases", _change_aliases),
    ("PUT", rf"/_search/pipeline/{_NAME}", _put_pipeline),
)
_NOT_ON_SERVERLESS = (_refresh,)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def handle_any(self) -> None:
        local = self.server.local
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        call = Call(
            self.command, parts.path, dict(parse_qsl(parts.query)), None, self.headers.get("Authorization") or ""
        )
        if (refused := _signature_problem(local, self, data)) is not None:
            self._send(403, {"message": refused})
            return
        fault = local.take_fault(parts.path)
        try:
            call = Call(call.method, call.path, call.parameters, _body(data, parts.path), call.authorization)
            with local.lock:
                local.calls.append(call)
            if fault == "timeout":
                local.stopping.wait(30)
                self.close_connection = True
                return
            if isinstance(fault, int):
                kind = "index_not_found_exception" if fault == 404 else "spoiled_exception"
                self._send(fault, {"error": {"type": kind, "reason": "spoiled"}, "status": fault})
                return
            status, body = local.reply_to(call, fault)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        if fault in {"malformed", "empty"}:
            self._send(200, None, b"<html>Bad gateway</html>" if fault == "malformed" else b"")
        elif fault == "cut":
            self._cut(json.dumps(body).encode())
        else:
            self._send(status, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815

    def _send(self, status: int, body: Any, data: bytes | None = None) -> None:
        if data is None:
            data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _cut(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data) + 100))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    local: LocalOpenSearch

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that has gone away is no error of ours."""


def _body(data: bytes, path: str) -> Any:
    if not data:
        return None
    try:
        if path.endswith(("_bulk", "_msearch")):
            if not data.endswith(b"\n"):
                raise bad_request("must be terminated by a newline", "illegal_argument_exception")
            return [json.loads(line) for line in data.splitlines()]
        return json.loads(data)
    except ValueError as exc:
        raise bad_request("not JSON", "json_parse_exception") from exc


def _signature_problem(local: LocalOpenSearch, handler: _Handler, data: bytes) -> str | None:
    """What AWS would say of a request's signature; it is computed anew."""
    if local.signing is None:
        return None
    if local.expired:
        return "The security token included in the request is expired"
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    match = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
        r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})",
        handler.headers.get("Authorization") or "",
    )
    if match is None or match["service"] != local.signing:
        return "The request signature we calculated does not match the signature you provided."
    names = match["headers"].split(";")
    if "host" not in names or "x-amz-content-sha256" not in names or {"connection", "accept-encoding"} & set(names):
        return "The request signature we calculated does not match the signature you provided."
    signer = SigV4Auth(Credentials(match["key"], "test"), match["service"], match["region"])
    headers = {name: handler.headers[name] for name in names}
    request = AWSRequest(handler.command, f"http://{handler.headers['Host']}{handler.path}", headers=headers, data=data)
    request.context["timestamp"] = handler.headers["X-Amz-Date"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if signer.signature(text, request) != match["signature"]:
        return "The request signature we calculated does not match the signature you provided."
    return None


@contextmanager
def running_opensearch(signing: str | None = None) -> Iterator[LocalOpenSearch]:
    """Run it on a free port; see :class:`LocalOpenSearch`."""
    local = LocalOpenSearch(signing)
    http = _HttpServer(("127.0.0.1", 0), _Handler)
    http.local = local
    local.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield local
    finally:
        local.stopping.set()
        http.shutdown()
        http.server_close()
        thread.join()
