"""Requests read and replies written in their service's protocol: REST-JSON and JSON 1.1, event streams included."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.utils import parse_timestamp
from moto.core.eventstream import EventStream, EventStreamEncoder, EventStreamMessage
from moto.core.parse import JSONParser, RestJSONParser
from moto.core.serialize import HeaderSerializer, JSONSerializer, RestJSONSerializer

from tests.aws_endpoint.faults import AwsFault
from tests.aws_endpoint.routing import RawRequest, Route

EVENT_STREAM = "application/vnd.amazon.eventstream"

# Statuses of errors that services answer with though their models do not name them.
_COMMON_STATUSES = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "InternalFailure": 500,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "ServiceUnavailable": 503,
    "UnrecognizedClientException": 403,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a whole body, or an event stream as one piece of bytes per event."""

    status: int
    headers: dict[str, str]
    body: bytes | Iterator[bytes]
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


class _Strict:
    """Refuses what the model does not know instead of passing over it."""

    def _parse_structure(self, shape: Any, value: Any) -> Any:
        if value is not None and not shape.is_document_type:
            if not isinstance(value, dict):
                raise AwsFault("SerializationException", f"{shape.name} must be a structure.", status=400)
            known = {
                member.serialization.get("name", name)
                for name, member in shape.members.items()
                if "location" not in member.serialization
            }
            if unknown := sorted(set(value) - known):
                raise AwsFault("ValidationException", f"{shape.name} has no {', '.join(unknown)}.", status=400)
        return super()._parse_structure(shape, value)  # type: ignore[misc]

    def _parse_list(self, shape: Any, value: Any) -> Any:
        if not isinstance(value, list):
            raise AwsFault("SerializationException", f"{shape.name} must be a list.", status=400)
        return super()._parse_list(shape, value)  # type: ignore[misc]

    def _parse_body_as_json(self, body: bytes) -> Any:
        try:
            return json.loads(body or b"{}")
        except ValueError as error:
            raise AwsFault("SerializationException", f"The body is no JSON: {error}", status=400) from error


class _StrictJson(_Strict, JSONParser):
    pass


class _StrictRestJson(_Strict, RestJSONParser):
    pass


def read_parameters(request: RawRequest, route: Route) -> dict[str, Any]:
    """The parameters of a request by botocore's member names; blobs as bytes.

    Raises:
        AwsFault: The request cannot be read.
    """
    try:
        return _parsed(request, route)
    except ValueError as error:
        raise AwsFault("SerializationException", str(error), status=400) from error


def _parsed(request: RawRequest, route: Route) -> dict[str, Any]:
    parser = _StrictJson if _speaks_json(route.operation) else _StrictRestJson
    parsed = parser(route.operation, timestamp_parser=parse_timestamp, blob_parser=_read_blob).parse(
        {
            "body": request.body,
            "headers": request.headers,
            "method": request.method,
            "url_params": route.labels,
            "url_path": request.path,
            "values": request.query,
        }
    )
    return dict(parsed)


def write_reply(operation: Any, members: Mapping[str, Any]) -> Reply:
    """A reply of checked members; an event stream is taken from its iterator while the reply is sent."""
    if operation.has_event_stream_output:
        return _stream_reply(operation, members)
    serializer = JSONSerializer if _speaks_json(operation) else RestJSONSerializer
    written = serializer(operation).serialize(members)
    body = written["body"]
    headers = {**written["headers"], **_content_type(operation, members)}
    return Reply(written["status_code"], headers, body.encode() if isinstance(body, str) else bytes(body or b""))


def write_fault(operation: Any | None, fault: AwsFault, *, is_json: bool = False) -> Reply:
    """The reply that tells of an error.

    Args:
        operation: None if it is not known.
        is_json: Whether the caller speaks JSON 1.1 then.
    """
    shape = _modeled(operation, fault.code)
    status = fault.status or _COMMON_STATUSES.get(fault.code, 400)
    if shape is not None and fault.status is None:
        status = shape.metadata.get("error", {}).get("httpStatusCode", status)
    body = {_message_member(shape): fault.message, **fault.members}
    if _speaks_json(operation) if operation is not None else is_json:
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        body = {"__type": fault.code, **body}
    else:
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": fault.code}
    return Reply(status, headers, json.dumps(body).encode())


def stream_member(operation: Any) -> str:
    """The name of the member of a reply that is the event stream."""
    return str(operation.output_shape.event_stream_name)


def _content_type(operation: Any, members: Mapping[str, Any]) -> dict[str, str]:
    """Moto's serializer overwrites it where it is a member of the reply."""
    shapes = operation.output_shape.members if operation.output_shape is not None else {}
    for name, shape in shapes.items():
        if shape.serialization.get("name", "").lower() == "content-type" and members.get(name):
            return {"Content-Type": members[name]}
    return {}


def _stream_reply(operation: Any, members: Mapping[str, Any]) -> Reply:
    headers = {"Content-Type": EVENT_STREAM}
    for name, shape in operation.output_shape.members.items():
        if shape.serialization.get("location") == "header" and members.get(name) is not None:
            HeaderSerializer().serialize(headers, members[name], shape, shape.serialization.get("name", name))
    return Reply(200, headers, _events(operation, members))


def _events(operation: Any, members: Mapping[str, Any]) -> Iterator[bytes]:
    encoder = EventStreamEncoder()
    serializer = RestJSONSerializer.EVENT_STREAM_SERIALIZER_CLS(operation)
    try:
        for event in EventStream(members, operation.output_shape, serializer):
            yield encoder.encode_event(event)
    except AwsFault as fault:
        yield encoder.encode_event(_exception_event(operation, fault))


def _exception_event(operation: Any, fault: AwsFault) -> EventStreamMessage:
    events = operation.output_shape.members[stream_member(operation)].members
    for name, shape in events.items():
        if shape.metadata.get("exception") and fault.code in {name, shape.name}:
            headers = {":message-type": "exception", ":exception-type": name, ":content-type": "application/json"}
            body = {_message_member(shape): fault.message, **fault.members}
            return EventStreamMessage(headers, json.dumps(body).encode())
    headers = {":message-type": "error", ":error-code": fault.code, ":error-message": fault.message}
    return EventStreamMessage(headers, b"")


def _modeled(operation: Any | None, code: str) -> Any | None:
    if operation is None:
        return None
    for shape in operation.service_model.error_shapes:
        if code in {shape.name, shape.error_code}:
            return shape
    return None


def _message_member(shape: Any | None) -> str:
    if shape is not None:
        return next((name for name in shape.members if name.lower() == "message"), "message")
    return "message"


def _speaks_json(operation: Any) -> bool:
    return bool(operation.service_model.resolved_protocol == "json")


def _read_blob(value: str) -> bytes:
    return base64.b64decode(value, validate=True)
