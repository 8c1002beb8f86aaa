"""The one way in which AWS is called: timeouts, repeats, a circuit breaker, a limit of calls at once, and a record."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from services.backends.aws.clients import AwsClients
from services.backends.aws.errors import AwsCallName, AwsProblem, problem_of, translated
from services.backends.aws.repeating import CallPolicy, Progress, RepeatedCalls
from services.errors import REPLY_LOST, AppError, BackendUnavailableError
from services.ports.model_calls import ModelCall, ModelCallRecorder, NoRecorder

STOPPED_EARLY = "stopped-early"
"""The outcome of a stream whose reader wanted no more of it."""

# XML is refused by botocore when it is broken, and some replies in it are empty on purpose.
_PROTOCOLS_WITH_EMPTY_REPLIES = frozenset({"rest-xml", "query", "ec2"})

__all__ = ["AwsService", "CallPolicy", "RefusalReader", "Usage"]

RefusalReader = Callable[[AwsProblem], AppError | None]
"""Tells the refusals that an operation has of its own; None leaves an error to the general table."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a reply says that it took; see :class:`services.ports.model_calls.ModelCall`."""

    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    units: int = 0
    variant: str = ""


class AwsService:
    """Calls of one AWS service for one purpose. Safe to use from many threads.

    Args:
        service: boto3's name.
        called: What messages call it, such as ``answer model``.
        backend: The value of the setting that chose it; stands in the records.
        recorder: Hears of the calls that ``usage`` is given for.
        sleep, clock: For tests.
    """

    def __init__(
        self,
        clients: AwsClients,
        service: str,
        *,
        called: str,
        backend: str = "",
        policy: CallPolicy | None = None,
        recorder: ModelCallRecorder | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.policy = policy or CallPolicy()
        self.called = called
        self._clients = clients
        self._service = service
        self._backend = backend
        self._recorder = recorder or NoRecorder()
        self._clock = clock
        self._calls = RepeatedCalls(self.policy, called, sleep=sleep, clock=clock)

    @property
    def region(self) -> str:
        """The region that is asked. Raises ConfigurationError (``aws-region-missing``)."""
        return self._clients.region

    def call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        model: str = "",
        usage: Callable[[dict[str, Any]], Usage] | None = None,
        refused: RefusalReader | None = None,
    ) -> dict[str, Any]:
        """Ask and wait for the reply.

        Args:
            operation: As AWS writes it, such as ``DetectLabels``.
            model: The full id, for the record.
            usage: Reads from a reply what it took; given for what costs money, and only that is recorded.
            refused: See :data:`RefusalReader`.

        Returns:
            The members of the reply; a ``StreamingBody`` among them is read to its end and comes as bytes.

        Raises:
            BackendError: and no other error; ConfigurationError where no region is set.
        """
        progress = Progress()
        name = self._name(operation)
        started = self._clock()
        try:
            reply = self._calls.repeat(lambda: self._once(name, parameters, refused), progress)
        except AppError as error:
            self._tell(name, model, started, progress, usage, parameters, error=error)
            raise
        self._tell(name, model, started, progress, usage, parameters, reply=reply)
        return reply

    def stream(
        self,
        operation: str,
        member: str,
        parameters: Mapping[str, Any],
        *,
        model: str = "",
        ends_with: str = "",
        usage: Callable[[dict[str, Any]], Usage] | None = None,
        refused: RefusalReader | None = None,
    ) -> Generator[dict[str, Any], None, None]:
        """Ask, and give the events of the reply as they arrive; it is asked again only before the first.

        Close it when you stop reading: the connection and the place among the calls at once are given back then.

        Args:
            member: The member of the reply that holds the events.
            ends_with: The event without which a stream was cut off; empty where there is none.
            usage: Gets ``{"events": [...]}``.

        Raises:
            BackendError: also in the middle; what was given before is then not the whole reply.
        """
        progress = Progress()
        name = self._name(operation)
        started = self._clock()
        seen: list[dict[str, Any]] = []
        try:
            with self._calls.place():
                first, events, source = self._calls.repeat(
                    lambda: self._opened(name, member, parameters, refused), progress
                )
                try:
                    if first is not None:
                        seen.append(first)
                        yield first
                    for event in self._rest(name, events, refused):
                        seen.append(event)
                        yield event
                finally:
                    _close(source)
            if ends_with and not any(ends_with in event for event in seen):
                raise BackendUnavailableError(f"The connection to the {self.called} broke off.", code=REPLY_LOST)
        except AppError as error:
            self._tell(name, model, started, progress, usage, parameters, reply={"events": seen}, error=error)
            raise
        except GeneratorExit:  # nobody wants the rest; what came was paid for
            self._tell(name, model, started, progress, usage, parameters, reply={"events": seen}, outcome=STOPPED_EARLY)
            raise
        self._tell(name, model, started, progress, usage, parameters, reply={"events": seen})

    def _name(self, operation: str) -> AwsCallName:
        return AwsCallName(self._service, operation, self.called, self._clients.region)

    def _once(self, name: AwsCallName, parameters: Mapping[str, Any], refused: RefusalReader | None) -> dict[str, Any]:
        with self._calls.place(), _ours(name, refused):
            reply = self._invoke(name.operation, parameters)
            return {key: value.read() if hasattr(value, "iter_chunks") else value for key, value in reply.items()}

    def _opened(
        self, name: AwsCallName, member: str, parameters: Mapping[str, Any], refused: RefusalReader | None
    ) -> tuple[dict[str, Any] | None, Iterator[dict[str, Any]], Any]:
        """The first event, the others, and the stream that they come from."""
        with _ours(name, refused):
            source = self._invoke(name.operation, parameters)[member]
            try:
                events = iter(source)
                return next(events, None), events, source
            except BaseException:
                _close(source)
                raise

    def _rest(
        self, name: AwsCallName, events: Iterator[dict[str, Any]], refused: RefusalReader | None
    ) -> Iterator[dict[str, Any]]:
        while True:
            with _ours(name, refused):
                event = next(events, None)
            if event is None:
                return
            yield event

    def _invoke(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        client = self._clients.client(self._service, read_timeout_seconds=self.policy.read_timeout_seconds)
        reply: dict[str, Any] = getattr(client, _method_of(client, operation))(**parameters)
        if _is_hollow(client, operation, reply):
            raise BackendUnavailableError(f"The reply of the {self.called} cannot be read.", code=REPLY_LOST)
        return reply

    def _tell(
        self,
        name: AwsCallName,
        model: str,
        started: float,
        progress: Progress,
        usage: Callable[[dict[str, Any]], Usage] | None,
        parameters: Mapping[str, Any],
        *,
        reply: dict[str, Any] | None = None,
        error: AppError | None = None,
        outcome: str = "ok",
    ) -> None:
        if usage is None or progress.attempts == 0:
            return
        took = usage(reply) if reply is not None else Usage()
        if error is not None:
            # What was lost, or broke off, may have been paid for, whatever was refused after that.
            begun = progress.lost or (reply is not None and reply.get("events"))
            outcome = REPLY_LOST if begun else error.code
        lost = progress.lost if error is None else 0
        call = ModelCall(
            backend=self._backend,
            operation=name.operation,
            model=model,
            outcome=outcome,
            region=name.region,
            attempts=progress.attempts - lost,
            input_tokens=took.input_tokens,
            output_tokens=took.output_tokens,
            images=took.images,
            units=took.units,
            variant=took.variant,
            milliseconds=(self._clock() - started) * 1000,
        )
        if lost:
            self._recorder.record(
                replace(call, outcome=REPLY_LOST, attempts=lost, input_tokens=0, output_tokens=0, images=0, units=0),
                request=parameters,
            )
        self._recorder.record(call, request=parameters, reply=reply)


def _close(source: Any) -> None:
    """Give the connection of a stream back, whatever state it is in."""
    with suppress(Exception):
        source.close()


def _method_of(client: Any, operation: str) -> str:
    methods: Mapping[str, str] = client.meta.method_to_api_mapping
    for method, api_name in methods.items():
        if api_name == operation:
            return method
    raise ValueError(operation)


def _is_hollow(client: Any, operation: str, reply: Mapping[str, Any]) -> bool:
    """Whether a reply lacks its content: botocore gives JSON that is cut, empty or no JSON as one without members."""
    model = client.meta.service_model
    shape = model.operation_model(operation).output_shape
    if model.resolved_protocol in _PROTOCOLS_WITH_EMPTY_REPLIES or shape is None or not shape.members:
        return False
    return not any(name in reply for name in shape.members) or not set(shape.required_members) <= set(reply)


@contextmanager
def _ours(name: AwsCallName, refused: RefusalReader | None) -> Iterator[None]:
    """Turn whatever boto3, the connection or a broken reply raises into our errors."""
    try:
        yield
    except AppError:
        raise
    except Exception as exc:
        problem = problem_of(exc)
        special = refused(problem) if refused is not None and problem is not None else None
        raise (special if special is not None else translated(exc, name)) from exc
