"""Runs the golden questions on a snapshot, keeps what came of them, and compares two snapshots by it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from services.answers.golden_models import (
    GoldenChange,
    GoldenComparison,
    GoldenFigures,
    GoldenOutcome,
    GoldenRun,
    Turn,
)
from services.answers.models import Band
from services.answers.quotes import holds_quote
from services.answers.snapshot_asking import Asked, ask_snapshot
from services.knowledge.library import KnowledgeService
from services.knowledge.models import GoldenQuestion, LiveKnowledge
from services.logs import get_logger
from services.ports.golden_runs import GoldenRunRepository
from services.ports.knowledge import KnowledgeIndex, KnowledgeRepository

DOCUMENTS_LOOKED_AT = 10
# What an agent sees of a question's passages.
PASSAGES_SEEN = 6
FIRST_PLACES = 3
# How many questions are done, of how many.
ProgressListener = Callable[[int, int], None]

_log = get_logger(__name__)


class GoldenRunService:
    """Asks golden questions; the caller has checked who may.

    Args:
        runs: Where runs are kept.
        now: The clock, for tests.
    """

    def __init__(
        self,
        knowledge: KnowledgeService,
        index: KnowledgeIndex,
        repository: KnowledgeRepository,
        runs: GoldenRunRepository,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._knowledge = knowledge
        self._index = index
        self._repository = repository
        self._runs = runs
        self._now = now

    def run(self, tenant_id: str, number: int, *, on_progress: ProgressListener | None = None) -> GoldenRun:
        """Ask every golden question of a snapshot and keep what came of it.

        The snapshot is asked with its own weights and cuts, and without the documents that must not answer today.

        Raises:
            NotFoundError: there is no such snapshot.
            ConfigurationError: it is damaged or was made with another embedding model.
        """
        questions = self._repository.list_golden_questions(tenant_id)
        knowledge = self._knowledge_of(tenant_id, number)
        outcomes = []
        for done, question in enumerate(questions, start=1):
            outcomes.append(outcome_of(question, ask_snapshot(self._index, knowledge, question.text)))
            if on_progress is not None:
                on_progress(done, len(questions))
        run = GoldenRun(
            uuid.uuid4().hex, tenant_id, number, self._now(), _fingerprint(questions, knowledge), tuple(outcomes)
        )
        self._runs.save_run(run)
        _log.info("golden questions run", tenant=tenant_id, number=number, questions=len(questions))
        return run

    def latest(self, tenant_id: str, number: int) -> GoldenRun | None:
        """The newest run on a snapshot, however old; None when there is none."""
        return self._runs.latest_run(tenant_id, number)

    def is_current(self, run: GoldenRun) -> bool:
        """Whether the same run would ask the same questions of the same knowledge now. Raises NotFoundError."""
        questions = self._repository.list_golden_questions(run.tenant_id)
        return run.fingerprint == _fingerprint(questions, self._knowledge_of(run.tenant_id, run.snapshot))

    def compare(
        self, tenant_id: str, number: int, against: int | None, *, on_progress: ProgressListener | None = None
    ) -> GoldenComparison:
        """Hold a snapshot against another on the golden questions of now; runs that are missing or old are made.

        Args:
            against: None compares with nothing: figures only.

        Raises:
            As :meth:`run`, for either of the two.
        """
        questions = self._repository.list_golden_questions(tenant_id)
        after = self._current_run(tenant_id, number, on_progress)
        before = self._current_run(tenant_id, against, on_progress) if against is not None else None
        return compared(questions, after, before)

    def compare_kept(self, tenant_id: str, number: int, against: int | None) -> GoldenComparison | None:
        """As :meth:`compare`, from the runs that are kept, however old they are; None where one is missing."""
        after = self._runs.latest_run(tenant_id, number)
        before = self._runs.latest_run(tenant_id, against) if against is not None else None
        if after is None or (against is not None and before is None):
            return None
        return compared(self._repository.list_golden_questions(tenant_id), after, before)

    def count_regressions(self, tenant_id: str, number: int, against: int | None) -> int:
        """How many golden questions got worse. Raises as :meth:`compare`."""
        return len(self.compare(tenant_id, number, against).worse) if against is not None else 0

    def _current_run(self, tenant_id: str, number: int, on_progress: ProgressListener | None) -> GoldenRun:
        run = self._runs.latest_run(tenant_id, number)
        if run is not None and self.is_current(run):
            return run
        return self.run(tenant_id, number, on_progress=on_progress)

    def _knowledge_of(self, tenant_id: str, number: int) -> LiveKnowledge:
        snapshot = self._repository.get_snapshot(tenant_id, number)
        return LiveKnowledge(snapshot, self._knowledge.hidden_documents(tenant_id))


def outcome_of(question: GoldenQuestion, asked: Asked) -> GoldenOutcome:
    """What became of a question, from what it found."""
    documents = list(dict.fromkeys(passage.document_id for passage in asked.retrieval.passages))[:DOCUMENTS_LOOKED_AT]
    right = {expected.document_id for expected in question.expected}
    rank = next((place for place, document_id in enumerate(documents, start=1) if document_id in right), None)
    quotes = [expected for expected in question.expected if expected.quote]
    seen = asked.retrieval.passages[:PASSAGES_SEEN]
    found = any(
        passage.document_id == expected.document_id and holds_quote(passage.text, expected.quote)
        for expected in quotes
        for passage in seen
    )
    return GoldenOutcome(question.id, asked.band, rank, found if quotes else None)


def figures_of(questions: Sequence[GoldenQuestion], run: GoldenRun) -> GoldenFigures:
    """A run in figures."""
    outcomes = {one.question_id: one for one in run.outcomes}
    asked = [(question, outcomes[question.id]) for question in questions if question.id in outcomes]
    answerable = [one for question, one in asked if question.answerable]
    unanswerable = [one for question, one in asked if not question.answerable]
    return GoldenFigures(
        answerable_count=len(answerable),
        unanswerable_count=len(unanswerable),
        first=_share([one.rank == 1 for one in answerable]),
        first_three=_share([one.rank is not None and one.rank <= FIRST_PLACES for one in answerable]),
        kept=_share([one.band is not Band.NOT_FOUND for one in answerable]),
        drafted=_share([one.band is Band.DRAFT for one in answerable]),
        quoted=_share([one.quote_found for one in answerable if one.quote_found is not None]),
        declined=_share([one.band is Band.NOT_FOUND for one in unanswerable]),
        wrongly_drafted=_share([one.band is Band.DRAFT for one in unanswerable]),
    )


def compared(questions: Sequence[GoldenQuestion], after: GoldenRun, before: GoldenRun | None) -> GoldenComparison:
    """Two runs question by question; a question that only one of them asked is left out."""
    figures = figures_of(questions, after)
    if before is None:
        return GoldenComparison(after.snapshot, None, (), (), len(after.outcomes), figures, None)
    changes: list[GoldenChange] = []
    lost: list[GoldenQuestion] = []
    stayed = 0
    old, new = ({one.question_id: one for one in run.outcomes} for run in (before, after))
    for question in questions:
        if question.id not in old or question.id not in new:
            continue
        was, now = old[question.id], new[question.id]
        turn = turn_of(question, was, now)
        if turn is None:
            stayed += 1
        else:
            changes.append(GoldenChange(question, turn, was, now))
        if was.quote_found and not now.quote_found:
            lost.append(question)
    return GoldenComparison(
        after.snapshot,
        before.snapshot,
        tuple(change for change in changes if change.turn.better),
        tuple(change for change in changes if not change.turn.better),
        stayed,
        figures,
        figures_of(questions, before),
        tuple(lost),
    )


def turn_of(question: GoldenQuestion, before: GoldenOutcome, after: GoldenOutcome) -> Turn | None:
    """What happened to a question; None when nothing did that an agent would notice.

    A question that is declined shows nothing, so the places of documents count only where it is not.
    """
    if not question.answerable:
        drafted = before.band is Band.DRAFT, after.band is Band.DRAFT
        return {(False, True): Turn.NOW_DRAFTED, (True, False): Turn.NO_LONGER_DRAFTED}.get(drafted)
    declined = before.band is Band.NOT_FOUND, after.band is Band.NOT_FOUND
    if declined != (False, False):
        return {(False, True): Turn.NOW_DECLINED, (True, False): Turn.NOW_FOUND}.get(declined)
    places = _place(before), _place(after)
    if places[0] == places[1]:
        return None
    if 1 in places:
        return Turn.NOW_FIRST if places[1] == 1 else Turn.NO_LONGER_FIRST
    return Turn.NOW_AMONG_THREE if places[1] == FIRST_PLACES else Turn.NO_LONGER_AMONG_THREE


def _place(outcome: GoldenOutcome) -> int | None:
    """1, 3 for second or third, None for further down: the places that an agent tells apart."""
    if outcome.rank is None or outcome.rank > FIRST_PLACES:
        return None
    return 1 if outcome.rank == 1 else FIRST_PLACES


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0


def _fingerprint(questions: Sequence[GoldenQuestion], knowledge: LiveKnowledge) -> str:
    snapshot = knowledge.snapshot
    values = [
        [asdict(question) for question in questions],
        asdict(snapshot.ranking),
        asdict(snapshot.cuts) if snapshot.cuts else None,
        sorted(knowledge.hidden.items()),
    ]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
