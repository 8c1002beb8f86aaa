"""Which operation of which service a request means, by botocore's service models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

from moto.core.utils import get_service_model
from werkzeug.datastructures import MultiDict

SERVICES: Final = (
    "bedrock-runtime",
    "bedrock",
    "bedrock-agent-runtime",
    "bedrock-agent",
    "sagemaker-runtime",
    "sagemaker",
    "rekognition",
    "comprehend",
)
_LABEL = re.compile(r"\{([^}]+?)(\+?)\}")
_SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Scope:
    """Who signed a request, and for what."""

    access_key: str
    region: str
    signing_name: str


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came.

    Attributes:
        path: Still percent-encoded, with the leading service (``/bedrock-runtime/model/…``).
        headers: ``Mapping`` that does not tell upper from lower case.
    """

    method: str
    path: str
    query: MultiDict[str, str]
    headers: Any
    body: bytes

    @property
    def scope(self) -> Scope | None:
        """None if the request is not signed."""
        found = _SCOPE.search(self.headers.get("Authorization", ""))
        return Scope(*found.groups()) if found else None


@dataclass(frozen=True, slots=True)
class Route:
    """An operation (of ``moto.core.model``) and what the path says of its parameters."""

    service: str
    operation: Any
    labels: dict[str, str]


def service_model(service: str) -> Any:
    """Botocore's model of a service, with moto's shapes around it."""
    return get_service_model(service)


def find_route(request: RawRequest) -> Route | None:
    """The operation that a request means.

    The address of a service starts with its name, because paths alone do not tell all services apart; without it
    (``AWS_ENDPOINT_URL`` for everything) the first that fits is taken.
    """
    first, _, rest = request.path.lstrip("/").partition("/")
    if first in SERVICES:
        return _route_in(first, f"/{rest}", request)
    scope = request.scope
    for service in SERVICES:
        if scope is not None and service_model(service).signing_name != scope.signing_name:
            continue
        if route := _route_in(service, request.path, request):
            return route
    return None


def _route_in(service: str, path: str, request: RawRequest) -> Route | None:
    model = service_model(service)
    if model.resolved_protocol == "json":
        prefix, _, name = request.headers.get("X-Amz-Target", "").partition(".")
        if prefix != model.metadata["targetPrefix"] or name not in model.operation_names:
            return None
        return Route(service, model.operation_model(name), {})
    for candidate in _rest_routes(service):
        found = candidate.pattern.fullmatch(path)
        literals = candidate.literals.items()
        if (
            candidate.method == request.method
            and found
            and all(request.query.get(key) == text for key, text in literals)
        ):
            labels = {name: unquote(text) for name, text in zip(candidate.names, found.groups(), strict=True)}
            return Route(service, model.operation_model(candidate.operation), labels)
    return None


@dataclass(frozen=True, slots=True)
class _RestRoute:
    operation: str
    method: str
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    literals: dict[str, str]
    fixed_characters: int


@cache
def _rest_routes(service: str) -> tuple[_RestRoute, ...]:
    """The most specific first."""
    model = service_model(service)
    routes = []
    for name in model.operation_names:
        trait = model.operation_model(name).http_trait
        labels = _LABEL.findall(trait.path)
        pieces = _LABEL.split(trait.path)
        fixed = pieces[0::3]
        pattern = re.escape(fixed[0])
        for (_, greedy), text in zip(labels, fixed[1:], strict=True):
            pattern += ("(.+)" if greedy else "([^/]+)") + re.escape(text)
        names = tuple(label for label, _ in labels)
        routes.append(
            _RestRoute(name, trait.method, re.compile(pattern), names, trait.query_args, sum(map(len, fixed)))
        )
    return tuple(sorted(routes, key=lambda route: (-route.fixed_characters, -len(route.literals))))
