"""The one way in which AWS is called: timeouts, repeats, a circuit breaker, a limit of calls at once, and a record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_after_delay
from tenacity.wait import wait_random_exponential

from services.backends.aws.breaker import CircuitBreaker
from services.backends.aws.clients import READ_TIMEOUT_SECONDS, AwsClients
from services.backends.aws.errors import UNKNOWN_OUTCOME, AwsCallName, AwsProblem, problem_of, translated
from services.errors import AppError, BackendThrottledError, BackendTimeoutError, BackendUnavailableError
from services.ports.model_calls import ModelCall, ModelCallRecorder, NoRecorder

# XML is refused by botocore when it is broken, and some replies in it are empty on purpose.
_PROTOCOLS_WITH_EMPTY_REPLIES = frozenset({"rest-xml", "query", "ec2"})

_T = TypeVar("_T")

RefusalReader = Callable[[AwsProblem], AppError | None]
"""Tells the refusals that an operation has of its own; None leaves an error to the general table."""


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """How one service is called.

    Attributes:
        attempts: Requests for one call at most.
        first_wait_seconds: Upper end of the random wait before the second; it doubles from one to the next.
        longest_wait_seconds: Upper end of any wait.
        give_up_seconds: No new request is begun when so much time has gone by since the first.
        read_timeout_seconds: Longest wait for the next bytes of a reply.
        at_once: Calls at the same time, from this process; more wait in line.
        repeats_unknown_outcomes: Whether to ask again when a reply did not come or broke off: AWS may have carried out,
            and charged for, what was asked.
        breaker_failures, breaker_seconds: See :class:`services.backends.aws.breaker.CircuitBreaker`.
    """

    attempts: int = 4
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 10.0
    give_up_seconds: float = 30.0
    read_timeout_seconds: float = READ_TIMEOUT_SECONDS
    at_once: int = 16
    repeats_unknown_outcomes: bool = True
    breaker_failures: int = 10
    breaker_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a reply says that it took; see :class:`services.ports.model_calls.ModelCall`."""

    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    units: int = 0
    variant: str = ""


@dataclass(slots=True)
class _Progress:
    attempts: int = 0


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
        self._sleep = sleep
        self._clock = clock
        self._places = threading.BoundedSemaphore(self.policy.at_once)
        self._breaker = CircuitBreaker(self.policy.breaker_failures, self.policy.breaker_seconds, called, clock)

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
        progress = _Progress()
        name = self._name(operation)
        started = self._clock()
        try:
            reply = self._repeated(lambda: self._once(name, parameters, refused), progress)
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
    ) -> Iterator[dict[str, Any]]:
        """Ask, and give the events of the reply as they arrive; it is asked again only before the first.

        Args:
            member: The member of the reply that holds the events.
            ends_with: The event without which a stream was cut off; empty where there is none.
            usage: Gets ``{"events": [...]}``.

        Raises:
            BackendError: also in the middle; what was given before is then not the whole reply.
        """
        progress = _Progress()
        name = self._name(operation)
        started = self._clock()
        seen: list[dict[str, Any]] = []
        try:
            with self._place():
                first, events = self._repeated(lambda: self._opened(name, member, parameters, refused), progress)
                if first is not None:
                    seen.append(first)
                    yield first
                for event in self._rest(name, events, refused):
                    seen.append(event)
                    yield event
            if ends_with and not any(ends_with in event for event in seen):
                raise BackendUnavailableError(f"The connection to the {self.called} broke off.", code=UNKNOWN_OUTCOME)
        except AppError as error:
            self._tell(name, model, started, progress, usage, parameters, reply={"events": seen}, error=error)
            raise
        except GeneratorExit:  # nobody wants the rest; what came was paid for
            self._tell(name, model, started, progress, usage, parameters, reply={"events": seen})
            raise
        self._tell(name, model, started, progress, usage, parameters, reply={"events": seen})

    def _name(self, operation: str) -> AwsCallName:
        return AwsCallName(self._service, operation, self.called, self._clients.region)

    def _repeated(self, once: Callable[[], _T], progress: _Progress) -> _T:
        policy = self.policy

        def attempt() -> _T:
            self._breaker.admit()
            progress.attempts += 1
            try:
                result = once()
            except AppError as error:
                if isinstance(error, BackendUnavailableError | BackendTimeoutError):
                    self._breaker.failed()
                else:
                    self._breaker.succeeded()
                raise
            self._breaker.succeeded()
            return result

        return Retrying(
            stop=stop_after_attempt(policy.attempts) | stop_after_delay(policy.give_up_seconds),
            wait=_longer_of_asked_and(wait_random_exponential(policy.first_wait_seconds, policy.longest_wait_seconds)),
            retry=retry_if_exception(self._may_repeat),
            sleep=self._sleep,
            reraise=True,
        )(attempt)

    def _may_repeat(self, error: BaseException) -> bool:
        if not isinstance(error, AppError) or not error.retryable or error.code == "circuit-open":
            return False
        return self.policy.repeats_unknown_outcomes or error.code != UNKNOWN_OUTCOME

    def _once(self, name: AwsCallName, parameters: Mapping[str, Any], refused: RefusalReader | None) -> dict[str, Any]:
        with self._place(), _ours(name, refused):
            reply = self._invoke(name.operation, parameters)
            if self._is_hollow(name.operation, reply):
                raise BackendUnavailableError(
                    f"The reply of the {self.called} came without its content.", code=UNKNOWN_OUTCOME
                )
            return {key: value.read() if hasattr(value, "iter_chunks") else value for key, value in reply.items()}

    def _opened(
        self, name: AwsCallName, member: str, parameters: Mapping[str, Any], refused: RefusalReader | None
    ) -> tuple[dict[str, Any] | None, Iterator[dict[str, Any]]]:
        with _ours(name, refused):
            events = iter(self._invoke(name.operation, parameters)[member])
            return next(events, None), events

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
        client = self._client()
        reply: dict[str, Any] = getattr(client, _method_of(client, operation))(**parameters)
        if not _has_members(client, operation, reply):
            raise BackendUnavailableError(f"The reply of the {self.called} cannot be read.", code=UNKNOWN_OUTCOME)
        return reply

    def _is_hollow(self, operation: str, reply: Mapping[str, Any]) -> bool:
        """Whether a reply cannot be whole: botocore reads JSON that was cut off as a reply without members."""
        model = self._client().meta.service_model.operation_model(operation)
        if model.service_model.resolved_protocol in _PROTOCOLS_WITH_EMPTY_REPLIES or model.output_shape is None:
            return False
        members = set(reply) - {"ResponseMetadata"}
        return not members or not set(model.output_shape.required_members) <= members

    def _client(self) -> Any:
        return self._clients.client(self._service, read_timeout_seconds=self.policy.read_timeout_seconds)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self.policy.give_up_seconds):
            raise BackendThrottledError(f"Too many calls wait for the {self.called}.", code="aws-busy")
        try:
            yield
        finally:
            self._places.release()

    def _tell(
        self,
        name: AwsCallName,
        model: str,
        started: float,
        progress: _Progress,
        usage: Callable[[dict[str, Any]], Usage] | None,
        parameters: Mapping[str, Any],
        *,
        reply: dict[str, Any] | None = None,
        error: AppError | None = None,
    ) -> None:
        if usage is None or progress.attempts == 0:
            return
        took = usage(reply) if reply is not None else Usage()
        self._recorder.record(
            ModelCall(
                backend=self._backend,
                operation=name.operation,
                model=model,
                outcome=error.code if error is not None else "ok",
                region=name.region,
                attempts=progress.attempts,
                input_tokens=took.input_tokens,
                output_tokens=took.output_tokens,
                images=took.images,
                units=took.units,
                variant=took.variant,
                milliseconds=(self._clock() - started) * 1000,
            ),
            request=parameters,
            reply=reply,
        )


def _method_of(client: Any, operation: str) -> str:
    methods: Mapping[str, str] = client.meta.method_to_api_mapping
    for method, api_name in methods.items():
        if api_name == operation:
            return method
    raise ValueError(operation)


def _has_members(client: Any, operation: str, reply: Mapping[str, Any]) -> bool:
    """Botocore raises nothing for a body that is cut, empty or no JSON: it gives a reply without members."""
    shape = client.meta.service_model.operation_model(operation).output_shape
    return shape is None or not shape.members or any(name in reply for name in shape.members)


def _longer_of_asked_and(drawn: wait_random_exponential) -> Callable[[RetryCallState], float]:
    """The drawn wait, or the one that the service asks for where that is longer."""

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = getattr(error, "retry_after_seconds", None) or 0.0
        return max(drawn(state), float(asked))

    return wait


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
