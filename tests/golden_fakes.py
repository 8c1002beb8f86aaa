"""Hand-written stand-ins and samples for golden runs."""

from __future__ import annotations

from services.access.models import Account, Role
from services.answers.golden_models import GoldenRun
from services.knowledge.models import ExpectedPassage, GoldenQuestion, Passage, Ranking, SearchType
from services.ports.explanations import ExplainedPassage

TENANT, OTHER_TENANT = "pharmacy", "clinic"
ADMIN = Account("grace.lin", "Grace Lin", Role.ADMIN, (TENANT,))
AGENT = Account("ana.reyes", "Ana Reyes", Role.AGENT, (TENANT,))


class FakeGoldenRuns:
    """GoldenRunRepository in memory."""

    def __init__(self) -> None:
        self.runs: list[GoldenRun] = []

    def save_run(self, run: GoldenRun) -> None:
        self.runs.append(run)

    def latest_run(self, tenant_id: str, snapshot: int) -> GoldenRun | None:
        own = [run for run in self.runs if (run.tenant_id, run.snapshot) == (tenant_id, snapshot)]
        return max(own, key=lambda run: run.at, default=None)


def golden(
    question_id: str, text: str, *places: tuple[str, str], kind: str = "fact", split: str = "tune"
) -> GoldenQuestion:
    """A golden question; each place is a document and the words in it."""
    return GoldenQuestion(question_id, text, tuple(ExpectedPassage(*place) for place in places), kind, split)


def explained(
    document_id: str, *, similarity: float, heading: float = 0.0, keyword: float = 0.0, code: float = 0.0
) -> ExplainedPassage:
    """A passage with the parts of its score; its places do not matter."""
    ranking = Ranking()
    text = (1 - ranking.heading_share) * similarity
    parts = (text, ranking.heading_share * heading, ranking.keyword_weight * keyword, code)
    return ExplainedPassage(
        Passage(
            document_id,
            1,
            f"{document_id}#0",
            document_id,
            None,
            "",
            None,
            "Text.",
            0,
            5,
            sum(parts),
            similarity,
            keyword,
        ),
        {SearchType.HYBRID: 1},
        similarity,
        None,
        -1.0,
        heading,
        keyword * 7,
        (),
        *parts,
    )
