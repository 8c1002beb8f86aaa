"""One request and its reply: read, checked, answered, checked again, and spoiled where the plan says so."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from tests.aws_endpoint import faults, routing, validation, wire
from tests.aws_endpoint.faults import AwsFault, Fault

if TYPE_CHECKING:
    from tests.aws_endpoint.endpoint import AwsEndpoint

_THROTTLED: Final = ("ThrottlingException", "ThrottledException", "TooManyRequestsException")
_ERROR: Final = ("InternalServerException", "InternalServerError", "InternalFailure", "InternalFailureException")
_UNAVAILABLE: Final = ("ServiceUnavailableException", "ServiceUnavailable")
_GARBAGE: Final = b"<html><body>Bad gateway</body></html>"

Delivery = Literal["whole", "hold", "stall", "cut"]


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A request that botocore's model knows.

    Attributes:
        service: As in ``boto3.client(service)``.
        operation: Such as ``Converse``.
        parameters: By botocore's member names; blobs as bytes.
        headers: ``Mapping`` that does not tell upper from lower case.
        region: That the request was signed for.
        access_key: That it was signed with.
    """

    service: str
    operation: str
    parameters: dict[str, Any]
    headers: Any
    body_bytes: bytes
    region: str
    access_key: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A reply and how it reaches the caller: "hold" sends nothing, "stall" and "cut" a part."""

    reply: wire.Reply
    how: Delivery = "whole"


def exchange(endpoint: AwsEndpoint, raw: routing.RawRequest) -> Delivered:
    """Answer a request."""
    route = routing.find_route(raw)
    if route is None:
        endpoint.mistake(f"No operation of the known services fits {raw.method} {raw.path}.")
        fault = AwsFault("UnknownOperationException", status=404)
        return Delivered(wire.write_fault(None, fault, is_json="X-Amz-Target" in raw.headers))
    scope = raw.scope
    if scope is None:
        fault = AwsFault("MissingAuthenticationTokenException", "Missing Authentication Token", status=403)
        return Delivered(wire.write_fault(route.operation, fault))
    try:
        parameters = wire.read_parameters(raw, route)
        request = AwsRequest(
            route.service, route.operation.name, parameters, raw.headers, raw.body, scope.region, scope.access_key
        )
        endpoint.record(request)
        if scope.access_key in endpoint.expired_keys:
            raise faults.expired_credentials()
        planned = endpoint.faults.take(route.service, route.operation.name)
        if (error := _as_error(planned, route.operation)) is not None:
            raise error
        if planned == "timeout":
            return Delivered(wire.Reply(200, {}, b""), "hold")
        if planned == "hollow":
            return Delivered(wire.write_reply(route.operation, _hollow_members(route.operation)))
        if planned in {"malformed", "empty"}:
            return Delivered(_spoiled(route.operation, planned))
        _check_request(request, route, endpoint.region)
        reply = _answered(endpoint, request, route)
    except AwsFault as fault:
        return Delivered(wire.write_fault(route.operation, fault))
    if planned in {"cut", "stall"}:
        return Delivered(reply, "cut" if planned == "cut" else "stall")
    return Delivered(reply)


def _as_error(planned: Fault | None, operation: Any) -> AwsFault | None:
    if isinstance(planned, AwsFault):
        return planned.with_traceback(None)
    if planned == "throttled":
        code = _modeled_code(operation, _THROTTLED)
        return AwsFault(code, "Too many requests, please wait before trying again.")
    if planned == "error":
        return AwsFault(_modeled_code(operation, _ERROR), "The request processing has failed.", status=500)
    if planned == "unavailable":
        return AwsFault(_modeled_code(operation, _UNAVAILABLE), "The service is not available.", status=503)
    return None


def _modeled_code(operation: Any, codes: tuple[str, ...]) -> str:
    modeled = {shape.error_code for shape in operation.error_shapes} | {shape.name for shape in operation.error_shapes}
    return next((code for code in codes if code in modeled), codes[0])


def _spoiled(operation: Any, planned: Fault) -> wire.Reply:
    headers = {"Content-Type": wire.EVENT_STREAM if operation.has_event_stream_output else "application/json"}
    return wire.Reply(200, headers, _GARBAGE * 4 if planned == "malformed" else b"")


def _hollow_members(operation: Any) -> dict[str, Any]:
    """Every member of the reply without what belongs into it, whatever the model requires."""
    hollow = {"structure": {}, "map": {}, "list": [], "string": "", "blob": b"{}"}
    members: dict[str, Any] = {}
    for name, shape in operation.output_shape.members.items():
        if shape.serialization.get("eventstream"):
            members[name] = ({event: {}} for event, item in shape.members.items() if not item.metadata.get("exception"))
        elif shape.type_name in hollow:
            members[name] = hollow[shape.type_name]
    return members


def _check_request(request: AwsRequest, route: routing.Route, region: str | None) -> None:
    shape = route.operation.input_shape
    found = list(validation.problems(shape, request.parameters)) if shape is not None else []
    if found:
        counted = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: {'; '.join(found)}"
        raise AwsFault("ValidationException", counted, status=400)
    if region is not None and request.region != region and request.service == "bedrock-runtime":
        raise faults.unknown_model()


def _answered(endpoint: AwsEndpoint, request: AwsRequest, route: routing.Route) -> wire.Reply:
    called = f"{request.service} {request.operation}"
    answer = endpoint.answer_of(request.service, request.operation)
    if answer is None:
        endpoint.mistake("\n".join([f"Nothing answers {called}.", *endpoint.broken_services]))
        raise AwsFault("InternalFailure", f"Nothing answers {called}.", status=501)
    try:
        members = answer(request)
        if route.operation.has_event_stream_output:
            return wire.write_reply(route.operation, _streamed(endpoint, route.operation, members, called))
        if not isinstance(members, Mapping):
            raise TypeError(f"The answer to {called} is no dict.")
        _raise_problems(endpoint, route.operation.output_shape, members, called)
        return wire.write_reply(route.operation, members)
    except AwsFault:
        raise
    except Exception as error:
        raise _mistaken(endpoint, called) from error


def _streamed(endpoint: AwsEndpoint, operation: Any, answer: Any, called: str) -> dict[str, Any]:
    name = wire.stream_member(operation)
    members = dict(answer) if isinstance(answer, Mapping) else {name: answer}
    others = {key: value for key, value in members.items() if key != name}
    _raise_problems(endpoint, operation.output_shape, {name: {}, **others}, called)
    events = operation.output_shape.members[name]
    return {**others, name: _checked_events(endpoint, events, iter(members[name]), called)}


def _checked_events(
    endpoint: AwsEndpoint, shape: Any, events: Iterator[Mapping[str, Any]], called: str
) -> Iterator[Mapping[str, Any]]:
    try:
        for event in events:
            if len(event) != 1:
                raise ValueError(f"An event of {called} must have exactly one member: {event!r}")
            _raise_problems(endpoint, shape, event, called)
            yield event
    except (AwsFault, GeneratorExit):
        raise
    except Exception as error:
        raise _mistaken(endpoint, called) from error


def _raise_problems(endpoint: AwsEndpoint, shape: Any, members: Mapping[str, Any], called: str) -> None:
    found = list(validation.problems(shape, members)) if shape is not None else []
    if found:
        raise ValueError(f"The answer to {called} breaks the service model: {'; '.join(found)}")


def _mistaken(endpoint: AwsEndpoint, called: str) -> AwsFault:
    """Keep the present exception, for the test to fail by, and tell the caller."""
    told = traceback.format_exc(limit=-4)
    endpoint.mistake(f"The answer to {called} failed.\n{told}")
    return AwsFault("InternalFailure", told, status=500)
