"""A chain on a scripted model, with a ledger and a clock that tests look into."""

from __future__ import annotations

from collections.abc import Sequence

from services.ports.language_models import ModelLimits
from services.surveys.chain.analyzer import ModelChainAnalyzer
from services.surveys.chain.paid_calls import PaidModelCalls
from services.surveys.memory_ledger import MemoryLedger
from services.surveys.models import Response, ResponseFinding, Taxonomy, Topic
from services.surveys.run_models import StepTrace
from tests.survey_model import FakeLanguageModel, Script

TAXONOMY = Taxonomy(
    (
        Topic("price", "Price", "prices cost expensive cheap"),
        Topic("staff", "Staff", "staff waiter barista"),
        Topic("app", "Mobile app", "crashes login ordering"),
    )
)


class SleepingClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.naps.append(seconds)
        self.seconds += seconds


class ChainDesk:
    """Analyzes again and again with one ledger, as a worker does that crashes in between.

    Attributes:
        owner: Who makes the calls.
    """

    def __init__(self, script: Script | None = None, limits: ModelLimits | None = None) -> None:
        self.model = FakeLanguageModel(limits, script)
        self.ledger = MemoryLedger()
        self.owner = "run-1/0"
        self.clock = SleepingClock()
        self.traces: list[StepTrace] = []

    @property
    def analyzer(self) -> ModelChainAnalyzer:
        """A new one, as every item of a run gets."""
        calls = PaidModelCalls(
            self.model,
            self.ledger,
            "pharmacy",
            self.owner,
            clock=self.clock,
            sleep=self.clock.sleep,
            draw=lambda low, high: high,
        )
        return ModelChainAnalyzer(self.model, calls)

    def analyze(self, texts: Sequence[str], taxonomy: Taxonomy = TAXONOMY) -> list[ResponseFinding]:
        """The findings, one per text."""
        responses = [Response(str(number), text) for number, text in enumerate(texts)]
        return self.analyzer.analyze(responses, taxonomy, None, self.traces.append)

    def notes(self) -> str:
        """All notes of all steps."""
        return " ".join(trace.note for trace in self.traces)


def complaints(count: int) -> list[str]:
    """Different texts of one statement and one topic each."""
    return [f"The waiter at table number {number} was rude" for number in range(1, count + 1)]
