"""Stand-ins for what the operations room needs from the outside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock

from services.access.models import Account, Role
from services.errors import AppError, BackendUnavailableError
from services.operations.models import KeptCall, SpendDay, SpendRow
from services.ports.model_calls import Attribution
from services.ports.model_catalogue import CatalogueModel, ModelAccess, TrialReply

ADMIN = Account("grace.lin", "Grace Lin", Role.ADMIN, ("pharmacy", "clinic"))
AGENT = Account("ana.reyes", "Ana Reyes", Role.AGENT, ("pharmacy",))


class FakeModelCallLog:
    """ModelCallLog in memory; away for as many calls as ``absences`` says, and never while ``open`` is not set."""

    def __init__(self) -> None:
        self.kept: list[KeptCall] = []
        self.forgotten_before: list[datetime] = []
        self.absences = 0
        self.open = Event()
        self.open.set()
        self._lock = Lock()

    def keep(self, calls: Sequence[KeptCall]) -> None:
        self.open.wait()
        with self._lock:
            if self.absences:
                self.absences -= 1
                raise BackendUnavailableError("The database did not answer.")
            self.kept += calls

    def spend(self, days: Sequence[SpendDay], tenant_ids: Collection[str]) -> list[SpendRow]:
        rows = []
        for day in days:
            for kept in self.kept:
                who = kept.call.attribution or Attribution()
                if day.begin <= kept.at < day.end and who.tenant_id in tenant_ids:
                    call = kept.call
                    rows.append(
                        SpendRow(
                            day.day,
                            who.tenant_id,
                            who.username,
                            who.purpose,
                            call.backend,
                            call.model,
                            1,
                            int(call.outcome != "ok"),
                            int(kept.cost_usd is None),
                            call.input_tokens,
                            call.output_tokens,
                            call.images,
                            call.units,
                            kept.cost_usd or 0.0,
                        )
                    )
        return rows

    def forget_before(self, moment: datetime) -> int:
        self.forgotten_before.append(moment)
        return 0


@dataclass
class FakeCatalogue:
    """ModelCatalogue with a list, or an error."""

    listed: Sequence[CatalogueModel] = ()
    error: AppError | None = None
    region: str = "us-east-1"
    asked: list[bool] = field(default_factory=list)

    def models(self, *, fresh: bool = False) -> Sequence[CatalogueModel]:
        self.asked.append(fresh)
        if self.error is not None:
            raise self.error
        return self.listed

    def access_to(self, model_id: str) -> ModelAccess:
        return ModelAccess(model_id == "open")


@dataclass
class FakeIdentity:
    """CallerIdentity."""

    words: str = "account …9012, role frontline"
    error: AppError | None = None

    def describe(self) -> str:
        if self.error is not None:
            raise self.error
        return self.words


@dataclass
class FakeTrial:
    """PromptTrial that repeats the prompt, or fails for some models."""

    failing: dict[str, Exception] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)

    def ask(self, model_id: str, prompt: str, *, most_output_tokens: int) -> TrialReply:
        self.prompts.append(prompt)
        if model_id in self.failing:
            raise self.failing[model_id]
        return TrialReply(f"You said: {prompt}", 0.5, 1000, 500)


@dataclass
class Check:
    """Something with a ``check_ready()``."""

    error: Exception | None = None
    asked: int = 0
    advice: Sequence[str] = ()

    def check_ready(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error

    def remarks(self) -> Sequence[str]:
        return self.advice
