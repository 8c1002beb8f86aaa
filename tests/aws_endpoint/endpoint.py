"""A local AWS: boto3 speaks to it over HTTP, and botocore's service models hold both sides to their word."""

from __future__ import annotations

import os
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from tests.aws_endpoint import services
from tests.aws_endpoint.exchange import AwsRequest, Delivered, exchange
from tests.aws_endpoint.faults import AwsFault, FaultPlan
from tests.aws_endpoint.routing import SERVICES, RawRequest
from tests.aws_endpoint.server import AwsServer

__all__ = ["ACCESS_KEY", "REGION", "AwsEndpoint", "AwsFault", "AwsRequest", "running_aws_endpoint"]

REGION: Final = "us-east-1"
ACCESS_KEY: Final = "AKIATEST"

# Members of the reply; of an event stream its events, or the members with the events among them.
Answer = Callable[[AwsRequest], Mapping[str, Any] | Iterator[Mapping[str, Any]]]


class AwsEndpoint:
    """The server and what it knows. Everything may be used from any thread.

    Args:
        port: 0 takes a free one.
        clock: Seconds, for faults that last a while.

    Attributes:
        faults: What goes wrong.
        expired_keys: Access keys whose session is over.
        region: If set, Bedrock's models are in this region alone.
        broken_services: What went wrong in modules of services that cannot be imported.
    """

    def __init__(self, port: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self.faults = FaultPlan(clock)
        self.expired_keys: set[str] = set()
        self.region: str | None = None
        self.broken_services: list[str] = []
        self._answers: dict[tuple[str, str], Answer] = {}
        self._resets: list[Callable[[], None]] = []
        self._calls: list[AwsRequest] = []
        self._mistakes: list[str] = []
        self._lock = threading.Lock()
        self._server = AwsServer(self._exchange, self.mistake, port)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def url(self, service: str) -> str:
        """The endpoint URL of a service, for boto3."""
        return f"{self.address}/{service}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Let go of every caller and stop listening."""
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, service: str, operation: str, answer: Answer) -> None:
        """Say who answers an operation; the last one counts."""
        with self._lock:
            self._answers[service, operation] = answer

    @contextmanager
    def answering(self, service: str, operation: str, answer: Answer) -> Iterator[None]:
        """Let somebody else answer an operation for a while."""
        before = self.answer_of(service, operation)
        self.answer(service, operation, answer)
        try:
            yield
        finally:
            with self._lock:
                if before is None:
                    del self._answers[service, operation]
                else:
                    self._answers[service, operation] = before

    def answer_of(self, service: str, operation: str) -> Answer | None:
        with self._lock:
            return self._answers.get((service, operation))

    def on_reset(self, reset: Callable[[], None]) -> None:
        """For services that remember something: called by ``reset``."""
        self._resets.append(reset)

    @property
    def calls(self) -> list[AwsRequest]:
        """Every request that could be read, in the order they came; the spoiled ones too."""
        with self._lock:
            return list(self._calls)

    def calls_of(self, service: str, operation: str) -> list[AwsRequest]:
        return [call for call in self.calls if (call.service, call.operation) == (service, operation)]

    def count(self, service: str, operation: str) -> int:
        return len(self.calls_of(service, operation))

    @property
    def mistakes(self) -> list[str]:
        """Where the endpoint itself went wrong: answers that are missing, fail or break the service model."""
        with self._lock:
            return list(self._mistakes)

    def forgive_mistakes(self) -> None:
        """For tests that make them on purpose."""
        with self._lock:
            self._mistakes.clear()

    def mistake(self, text: str) -> None:
        with self._lock:
            self._mistakes.append(text)

    def record(self, request: AwsRequest) -> None:
        with self._lock:
            self._calls.append(request)

    def reset(self) -> None:
        """Forget calls, faults and what services remember; answers and mistakes stay."""
        self.faults.clear()
        self.expired_keys.clear()
        self.region = None
        with self._lock:
            self._calls.clear()
        for reset in self._resets:
            reset()

    def environment(self) -> dict[str, str]:
        """What points boto3 here."""
        variables = {f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}": self.url(service) for service in SERVICES}
        credentials = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
        return {**variables, **credentials}

    def _exchange(self, raw: RawRequest) -> Delivered:
        return exchange(self, raw)


def register_services(endpoint: AwsEndpoint) -> list[str]:
    """Let every module beside ``services/__init__.py`` register its answers, in the order of the names.

    Returns:
        What went wrong in modules that cannot be imported. They leave the other services alone: each is a warning, and
        told again when something is asked that nobody answers.
    """
    broken = []
    for module in sorted(iter_modules(services.__path__), key=lambda module: module.name):
        name = f"{services.__name__}.{module.name}"
        try:
            register = getattr(import_module(name), "register", None)
        except Exception:
            broken.append(f"{name} cannot be imported.\n{traceback.format_exc(limit=-3)}")
            warnings.warn(broken[-1], stacklevel=2)
            continue
        if register is not None:
            register(endpoint)
    return broken


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if os.environ.get(name) != variables[name]:
                continue  # somebody who still needs it has set it since
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def running_aws_endpoint(with_moto: bool = False, port: int = 0) -> Iterator[AwsEndpoint]:
    """Run the endpoint with all services and point the AWS environment of this process to it.

    Args:
        with_moto: Whether moto's server gives S3, SNS, KMS and STS beside it.
        port: 0 takes a free one.

    Raises:
        AssertionError: At the end, if the endpoint made mistakes.
    """
    from tests.s3 import running_s3

    endpoint = AwsEndpoint(port)
    endpoint.broken_services = register_services(endpoint)
    with ExitStack() as stack:
        if with_moto:
            stack.enter_context(running_s3())
        endpoint.start()
        stack.callback(endpoint.stop)
        stack.enter_context(_environment(endpoint.environment()))
        try:
            yield endpoint
        except BaseException as error:
            for mistake in endpoint.mistakes:
                error.add_note(mistake)
            raise
    assert not endpoint.mistakes, "\n\n".join(endpoint.mistakes)
