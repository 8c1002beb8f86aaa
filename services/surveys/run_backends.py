"""The analyzers that runs may use, by name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.errors import AppError, ConfigurationError
from services.jobs.models import RetryPolicy
from services.ports.surveys import SurveyAnalyzer
from services.surveys.run_views import BackendChoice

# Whether a backend is ready is asked for at most so often: pages draw themselves again and again.
READY_SECONDS = 30.0

# A server that throttles three calls in ten, or everybody for some minutes, fails nothing for good.
RETRY_POLICY = RetryPolicy(most_tries=8, first_wait_seconds=4.0, longest_wait_seconds=300.0)

# Makes the analyzer of a name for a tenant; the owner says who makes calls that cost money, the same after a crash.
AnalyzerFactory = Callable[[str, str, str], SurveyAnalyzer]


# Forgets what a tenant paid for, by how the names of the owners begin: replies of models hold words of responses.
ForgetCalls = Callable[[str, str], None]


def calls_of_run(run_id: str) -> str:
    """How the names of the owners of a run's calls begin."""
    return f"{run_id}/"


@dataclass(frozen=True, slots=True)
class OfferedBackend:
    """One analyzer that the settings allow.

    Attributes:
        make: Makes it for a tenant and an owner, see :data:`AnalyzerFactory`; cheap, nothing is loaded or connected.
        note: What else to know before using it, whole sentences.
    """

    name: str
    label: str
    paid: bool
    make: Callable[[str, str], SurveyAnalyzer]
    model: str = ""
    note: str = ""


class SurveyBackends:
    """Knows the analyzers.

    Args:
        backends: The default first.
        clock: Seconds that only grow, for tests.
    """

    def __init__(self, backends: Sequence[OfferedBackend], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._backends = {backend.name: backend for backend in backends}
        self._clock = clock
        self._asked: dict[str, tuple[float, BackendChoice]] = {}
        self._lock = threading.Lock()

    @property
    def default(self) -> str:
        """The name of the first."""
        return next(iter(self._backends))

    def choices(self) -> tuple[BackendChoice, ...]:
        """All of them, the default first; whether they are ready may be some seconds old."""
        return tuple(self._choice(backend) for backend in self._backends.values())

    def analyzer(self, name: str, tenant_id: str, owner: str) -> SurveyAnalyzer:
        """The analyzer of that name.

        Raises:
            ConfigurationError: ``unknown-backend``.
        """
        return self._get(name).make(tenant_id, owner)

    def is_paid(self, name: str) -> bool:
        """Whether asking it may cost money; False for one that is not known (any more)."""
        return name in self._backends and self._backends[name].paid

    def _get(self, name: str) -> OfferedBackend:
        if name not in self._backends:
            raise ConfigurationError(
                f"There is no backend “{name}” for surveys here.",
                code="unknown-backend",
                remedy=f"Use {' or '.join(self._backends)}, or have an administrator set it up and retry.",
            )
        return self._backends[name]

    def _choice(self, backend: OfferedBackend) -> BackendChoice:
        with self._lock:
            asked_at, choice = self._asked.get(backend.name, (float("-inf"), None))
        if choice is None or self._clock() - asked_at > READY_SECONDS:
            problem = ""
            try:
                backend.make("", "readiness").check_ready()
            except AppError as error:
                problem = f"{error.message_for_user} {error.remedy}".strip()
            choice = BackendChoice(
                backend.name, backend.label, backend.paid, backend.model, not problem, problem, backend.note
            )
            with self._lock:
                self._asked[backend.name] = self._clock(), choice
        return choice
