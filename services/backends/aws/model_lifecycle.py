"""Whether AWS has ended a model, or will: read from its list of models, and remembered for some minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.backends.aws.bedrock_model_ids import plain_model_id
from services.backends.aws.calls import AwsService, CallPolicy
from services.backends.aws.clients import AwsClients
from services.errors import AppError, BackendError, BackendMisconfiguredError, BackendUnavailableError
from services.images.background_models import GeneratorNotice
from services.logs import get_logger

FRESH_SECONDS = 600.0
# After the list could not be read.
PAUSE_SECONDS = 60.0
# A page waits so long for the first answer, and never for a later one.
PAGE_WAIT_SECONDS = 1.5
# Batches begin with it: throttling is outlasted, a silent service is not waited for again.
CHECK_POLICY = CallPolicy(
    attempts=5, first_wait_seconds=0.2, longest_wait_seconds=1.0, give_up_seconds=10.0, read_timeout_seconds=10.0
)

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ModelLife:
    """What AWS says of a model.

    Attributes:
        listed: Whether AWS lists it at all.
        legacy: Whether it will end, or has ended.
        ends_at: When; None where AWS does not say.
    """

    listed: bool
    legacy: bool = False
    ends_at: datetime | None = None

    def has_ended(self, now: datetime) -> bool:
        """Whether it answers no more."""
        return self.ends_at is not None and self.ends_at <= now


class ModelLifecycle:
    """The life of one model. Safe to use from many threads.

    Args:
        called: What messages call the model.
        setting: Names the model; stands in remedies.
        now, clock: For tests.
    """

    def __init__(
        self,
        clients: AwsClients,
        model_id: str,
        *,
        called: str,
        setting: str,
        policy: CallPolicy | None = None,
        page_wait_seconds: float = PAGE_WAIT_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = AwsService(clients, "bedrock", called="list of models", policy=policy or CHECK_POLICY)
        self._model_id = plain_model_id(model_id)
        self._called = called
        self._setting = setting
        self._page_wait_seconds = page_wait_seconds
        self._now = now
        self._clock = clock
        self._lock = threading.Lock()
        self._known: ModelLife | None = None
        self._good_until = 0.0
        self._looking: threading.Event | None = None

    def look(self) -> ModelLife:
        """Ask AWS. Raises BackendError."""
        # The service's own filters leave out models that have ended, in some regions: the whole list is read.
        reply = self._service.call("ListFoundationModels", {})
        summaries = reply.get("modelSummaries")
        if not isinstance(summaries, list):
            raise BackendUnavailableError("AWS's list of models cannot be read.")
        for summary in summaries:
            if summary.get("modelId") == self._model_id:
                return _life(summary.get("modelLifecycle") or {})
        return ModelLife(listed=False)

    def require_active(self) -> None:
        """Let models pass that answer.

        Raises:
            BackendMisconfiguredError: it has ended (``model-end-of-life``), or is not listed (``model-unknown``).
            BackendError: AWS could not be asked.
        """
        life = self.look()
        self._keep(life, FRESH_SECONDS)
        if life.has_ended(self._now()):
            raise BackendMisconfiguredError(
                f"AWS has ended the {self._called}{_on(life)}.", code="model-end-of-life", remedy=self._choose()
            )
        if not life.listed:
            raise BackendMisconfiguredError(
                f"AWS does not list the {self._called} in {self._service.region}.",
                code="model-unknown",
                remedy=f"{self._choose()} Check the region too.",
            )

    def notice(self) -> GeneratorNotice | None:
        """What people should know before they begin; None when there is nothing, or AWS does not answer at once."""
        life = self._remembered()
        if life is None:
            return None
        if life.has_ended(self._now()):
            return GeneratorNotice(f"AWS has ended the {self._called}{_on(life)}.", self._choose(), ended=True)
        if not life.listed:
            return GeneratorNotice(f"AWS no longer lists the {self._called}: it may have ended.", self._choose())
        if life.legacy:
            when = f"will end it{_on(life)}" if life.ends_at is not None else "will end it"
            return GeneratorNotice(f"AWS has marked the {self._called} as legacy and {when}.", self._choose())
        return None

    def _choose(self) -> str:
        return f"An administrator must choose a model that is active in {self._setting}."

    def _remembered(self) -> ModelLife | None:
        """What is known, looked up again in the background when it is old."""
        with self._lock:
            if self._clock() < self._good_until:
                return self._known
            if self._looking is None:
                self._looking = threading.Event()
                threading.Thread(target=self._refresh, args=(self._looking,), daemon=True).start()
            known, looking = self._known, self._looking
        if known is None and looking.wait(self._page_wait_seconds):
            with self._lock:
                return self._known
        return known

    def _refresh(self, done: threading.Event) -> None:
        try:
            self._keep(self.look(), FRESH_SECONDS)
        except AppError as error:
            if isinstance(error, BackendError):
                _log.info("model-lifecycle-unknown", code=error.code)
            self._keep(None, PAUSE_SECONDS)
        finally:
            with self._lock:
                self._looking = None
            done.set()

    def _keep(self, life: ModelLife | None, seconds: float) -> None:
        with self._lock:
            # What was known stays known while AWS does not answer.
            self._known = life or self._known
            self._good_until = self._clock() + seconds


def _life(lifecycle: dict[str, Any]) -> ModelLife:
    ends_at = lifecycle.get("endOfLifeTime")
    return ModelLife(
        listed=True,
        legacy=lifecycle.get("status") == "LEGACY",
        ends_at=ends_at if isinstance(ends_at, datetime) else None,
    )


def _on(life: ModelLife) -> str:
    return f" on {life.ends_at.astimezone(UTC):%-d %B %Y}" if life.ends_at is not None else ""
