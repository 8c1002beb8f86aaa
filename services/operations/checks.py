"""For each capability: is it configured, reachable, permitted, and is its model active; and what to do if not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from services.access.models import Account
from services.access.permissions import require_role
from services.errors import AppError
from services.operations.capabilities import Capability, Place, Served, served_capabilities, uses_aws
from services.operations.catalogue import model_called
from services.ports.model_catalogue import CallerIdentity, CatalogueModel, Lifecycle, ModelCatalogue
from services.readiness import Readiness, run_checks
from services.settings import Settings

TIMEOUT_SECONDS = 20.0
_IDENTITY, _CATALOGUE = "identity", "catalogue"


class State(StrEnum):
    """The answer to one of the questions."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not applicable"
    NOT_KNOWN = "not known"


class HasCheck(Protocol):
    """Whatever has a ``check_ready()``."""

    def check_ready(self) -> None:
        """Raise AppError when a call would fail now."""
        ...


@runtime_checkable
class HasRemarks(Protocol):
    """What something may have besides: sentences on what should be done although it works."""

    def remarks(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class CapabilityCheck:
    """What was found about one capability.

    Attributes:
        works: None where it is off, so that there is nothing to work.
        code: ``ready``, ``off`` or the code of the error.
        cause, remedy: In words; the cause without a remedy is a warning about something that works.
    """

    served: Served
    configured: State
    reachable: State
    permitted: State
    active: State
    works: bool | None
    code: str
    cause: str = ""
    remedy: str = ""
    milliseconds: int = 0

    @property
    def warns(self) -> bool:
        """Whether it works, and yet something should be done."""
        return self.works is True and bool(self.cause)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found at one moment.

    Attributes:
        region: Of AWS; empty where nothing runs there, or none is set.
        identity: Who asks AWS; empty where nothing runs there. ``identity_problem`` says why it is not known.
    """

    at: datetime
    region: str
    identity: str
    identity_problem: str
    checks: tuple[CapabilityCheck, ...]

    @property
    def all_well(self) -> bool:
        """Whether nothing that is configured fails."""
        return all(check.works is not False for check in self.checks)


# Which of the four questions a code answers with no; those before it in the row are then answered with yes.
_CONFIGURED = frozenset(
    {
        "aws-not-found",
        "aws-parameters-invalid",
        "aws-region-missing",
        "aws-region-wrong",
        "backend-misconfigured",
        "bucket-address",
        "bucket-missing",
        "capture-root",
        "embedding-dimension",
        "embedding-model-unknown",
        "guardrail-unknown",
        "invalid-setting",
        "kb-data-source-type",
        "kb-type",
        "mail-address",
        "misconfigured",
        "model-family-unknown",
        "topic-invalid",
        "topic-missing",
    }
)
_UNREACHABLE = frozenset(
    {
        "aws-busy",
        "reply-lost",
        "backend-failed",
        "backend-timeout",
        "backend-unavailable",
        "circuit-open",
        "mail-timeout",
        "mail-unavailable",
        "opensearch-tls",
        "storage-unavailable",
        "timeout",
    }
)
_REACHED_BUT_BUSY = frozenset({"aws-throttled", "backend-throttled", "opensearch-throttled"})
_NOT_PERMITTED = frozenset(
    {
        "access-denied",
        "aws-access-denied",
        "aws-credentials-expired",
        "aws-credentials-refused",
        "bucket-out-of-reach",
        "clock-wrong",
        "kms-access-denied",
        "mail-refused",
        "opensearch-access-denied",
        "storage-access-denied",
    }
)
_NOT_ACTIVE = frozenset({"model-end-of-life", "model-unknown", "model-unsuitable", "endpoint-not-in-service"})


class BackendChecks:
    """Runs the checks of the adapters, all at once; no model is asked. Comprehend charges a fraction of a cent.

    Args:
        checks: By the values of :class:`services.operations.capabilities.Capability`.
        now: The clock, for tests.
    """

    def __init__(
        self,
        settings: Settings,
        checks: Mapping[str, HasCheck],
        catalogue: ModelCatalogue,
        identity: CallerIdentity,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._served = served_capabilities(settings)
        self._on_aws = uses_aws(settings)
        self._checks = checks
        self._catalogue = catalogue
        self._identity = identity
        self._timeout_seconds = timeout_seconds
        self._now = now

    def report_for(self, account: Account) -> CheckReport:
        """The report, for administrators.

        Raises:
            AccessError: the account is no administrator's.
        """
        require_role(account)
        return self.report()

    def report(self, *, timeout_seconds: float | None = None) -> CheckReport:
        """What is found now; for the command line, whose user owns the machine."""
        told: dict[str, str] = {}
        models: list[CatalogueModel] = []

        def ask_identity() -> None:
            told[_IDENTITY] = self._identity.describe()

        def ask_catalogue() -> None:
            models.extend(self._catalogue.models(fresh=True))

        running: dict[str, Callable[[], None]] = {
            served.capability.value: self._checks[served.capability.value].check_ready
            for served in self._served
            if served.place is not Place.OFF and served.capability.value in self._checks
        }
        if self._on_aws:
            running[_IDENTITY] = ask_identity
        if any(served.on_bedrock for served in self._served):
            running[_CATALOGUE] = ask_catalogue
        found = {
            one.capability: one for one in run_checks(running, timeout_seconds=timeout_seconds or self._timeout_seconds)
        }
        identity = found.get(_IDENTITY)
        return CheckReport(
            at=self._now(),
            region=self._region(),
            identity=told.get(_IDENTITY, ""),
            identity_problem=identity.message if identity is not None and not identity.ready else "",
            checks=tuple(self._check(served, found.get(served.capability.value), models) for served in self._served),
        )

    def _region(self) -> str:
        try:
            return self._catalogue.region if self._on_aws else ""
        except AppError:
            return ""

    def _check(self, served: Served, found: Readiness | None, models: list[CatalogueModel]) -> CapabilityCheck:
        if served.place is Place.OFF:
            off = State.NOT_APPLICABLE
            return CapabilityCheck(served, off, off, off, off, None, "off")
        if found is None:
            message, remedy = "This version has no check for it.", "Tell whoever maintains it."
            found = Readiness(served.capability.value, False, "no-check", message, remedy, 0)
        configured, reachable, permitted, active = _states(served, found)
        cause, remedy = self._warning(served, models) if found.ready else (found.message, found.remedy)
        return CapabilityCheck(
            served, configured, reachable, permitted, active, found.ready, found.code, cause, remedy, found.milliseconds
        )

    def _warning(self, served: Served, models: list[CatalogueModel]) -> tuple[str, str]:
        """What should be done about something that works."""
        model = model_called(served.model, models) if served.on_bedrock else None
        if model is not None and model.lifecycle is Lifecycle.LEGACY:
            ends = f"on {model.ends_at:%B} {model.ends_at.day}, {model.ends_at.year}" if model.ends_at else "soon"
            return (
                f"The provider has marked {model.name} as legacy; it ends {ends}.",
                f"Choose a model that is active, in {served.settings[-1]}.",
            )
        checked = self._checks[served.capability.value]
        remark = next(iter(checked.remarks()), "") if isinstance(checked, HasRemarks) else ""
        cause, _, remedy = remark.partition(". ")
        return (f"{cause}." if remedy else cause), remedy


def checks_by_capability(given: Mapping[Capability, HasCheck | None]) -> dict[str, HasCheck]:
    """The checks that there are, by the names that :class:`BackendChecks` takes."""
    return {capability.value: check for capability, check in given.items() if check is not None}


def _states(served: Served, found: Readiness) -> tuple[State, State, State, State]:
    """Configured, reachable, permitted, active."""
    yes, no, unknown, never = State.YES, State.NO, State.NOT_KNOWN, State.NOT_APPLICABLE
    code = found.code
    if found.ready:
        states = yes, yes, yes, yes
    elif code in _CONFIGURED:
        states = no, unknown, unknown, unknown
    elif code == "aws-credentials-missing":
        states = yes, unknown, no, unknown
    elif code in _NOT_PERMITTED:
        states = yes, yes, no, unknown
    elif code in _NOT_ACTIVE:
        states = yes, yes, yes, no
    elif code in _UNREACHABLE:
        states = yes, no, unknown, unknown
    elif code in _REACHED_BUT_BUSY:
        states = yes, yes, unknown, unknown
    else:
        states = unknown, unknown, unknown, unknown
    configured, reachable, permitted, active = states
    if served.place is Place.HERE:
        # Nobody else is asked: what is wrong is wrong with what was set up here.
        return (yes if found.ready else unknown if code in _UNREACHABLE else no), never, never, never
    return configured, reachable, permitted, active if served.model else never
