"""The admin's proof that a draft is better: try a question, run the golden ones, compare with what answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.access.models import Account
from services.access.permissions import require_admin
from services.answers.golden_models import GoldenComparison, GoldenRun
from services.answers.golden_runs import GoldenRunService, ProgressListener
from services.answers.models import Band
from services.answers.questions import check_question
from services.answers.snapshot_asking import explain_snapshot, searched_text, shown_band
from services.errors import NotFoundError
from services.knowledge.chunking import ChunkSize, chunk_document
from services.knowledge.library import KnowledgeService
from services.knowledge.models import LiveKnowledge, Retrieval, Snapshot, SnapshotStatus
from services.ports.explanations import Explanation
from services.ports.knowledge import KnowledgeIndex, KnowledgeRepository

LONGEST_QUESTION_CHARACTERS = 8000
PASSAGES_EXPLAINED = 5


@dataclass(frozen=True, slots=True)
class CheckedVersions:
    """What can be asked: what answers now, and the newest version after it; None where there is none."""

    live: Snapshot | None
    draft: Snapshot | None


@dataclass(frozen=True, slots=True)
class Trial:
    """A question asked of one snapshot, and why it found what it found.

    Attributes:
        searched: What was searched for; differs from ``question`` where that was long.
        phrasings: By chunk id, the words of the phrasing that is closest to the question.
    """

    snapshot: Snapshot
    question: str
    searched: str
    band: Band
    explanation: Explanation
    phrasings: Mapping[str, str]


class QualityService:
    """Use cases on the quality of snapshots, for administrators of the tenant."""

    def __init__(
        self,
        knowledge: KnowledgeService,
        index: KnowledgeIndex,
        repository: KnowledgeRepository,
        golden_runs: GoldenRunService,
    ) -> None:
        self._knowledge = knowledge
        self._index = index
        self._repository = repository
        self._golden_runs = golden_runs

    def versions(self, account: Account, tenant_id: str) -> CheckedVersions:
        """What can be asked now. Raises AccessError."""
        require_admin(account, tenant_id)
        live = self._repository.published_snapshot(tenant_id)
        newest = next(iter(self._repository.list_snapshots(tenant_id)), None)
        is_draft = newest is not None and newest.status is SnapshotStatus.DRAFT
        newer = newest is not None and (live is None or newest.number > live.number)
        return CheckedVersions(live, newest if is_draft and newer else None)

    def try_question(self, account: Account, tenant_id: str, number: int, question: str) -> Trial:
        """Ask a snapshot; nothing is kept.

        Raises:
            InputError: there is nothing to ask, or it is too long.
            NotFoundError: there is no such snapshot.
            ConfigurationError: it is damaged or was made with another embedding model.
        """
        require_admin(account, tenant_id)
        question = check_question(question, LONGEST_QUESTION_CHARACTERS)
        snapshot = self._repository.get_snapshot(tenant_id, number)
        knowledge = LiveKnowledge(snapshot, self._knowledge.hidden_documents(tenant_id))
        searched = searched_text(self._index, knowledge, question)
        explanation = explain_snapshot(self._index, knowledge, searched, limit=PASSAGES_EXPLAINED)
        retrieval = Retrieval(
            tuple(one.passage for one in explanation.passages),
            explanation.evidence,
            number,
            question_vector=explanation.question_vector,
        )
        band = shown_band(knowledge, question, retrieval)
        return Trial(snapshot, question, searched, band, explanation, self._phrasings(snapshot, explanation))

    def run(
        self, account: Account, tenant_id: str, number: int, *, on_progress: ProgressListener | None = None
    ) -> GoldenRun:
        """See :meth:`GoldenRunService.run`. Raises AccessError too."""
        require_admin(account, tenant_id)
        return self._golden_runs.run(tenant_id, number, on_progress=on_progress)

    def latest_run(self, account: Account, tenant_id: str, number: int) -> GoldenRun | None:
        """See :meth:`GoldenRunService.latest`. Raises AccessError too."""
        require_admin(account, tenant_id)
        return self._golden_runs.latest(tenant_id, number)

    def needs_run(self, account: Account, tenant_id: str, number: int) -> bool:
        """Whether a comparison would first have to ask the golden questions of this snapshot. Raises NotFoundError."""
        run = self.latest_run(account, tenant_id, number)
        return run is None or not self._golden_runs.is_current(run)

    def compare(
        self,
        account: Account,
        tenant_id: str,
        number: int,
        against: int | None,
        *,
        on_progress: ProgressListener | None = None,
    ) -> GoldenComparison:
        """See :meth:`GoldenRunService.compare`. Raises AccessError too."""
        require_admin(account, tenant_id)
        return self._golden_runs.compare(tenant_id, number, against, on_progress=on_progress)

    def _phrasings(self, snapshot: Snapshot, explanation: Explanation) -> dict[str, str]:
        size = ChunkSize(snapshot.chunk_words, snapshot.chunk_overlap)
        words: dict[str, str] = {}
        for one in explanation.passages:
            if one.phrasing is None:
                continue
            passage = one.passage
            try:
                stored = self._repository.get_document(snapshot.tenant, passage.document_id, passage.document_version)
            except NotFoundError:
                continue
            chunks = chunk_document(stored.document, size)
            chunk = next((chunk for chunk in chunks if chunk.id == passage.chunk_id), None)
            # Chunks are cut the same way as long as the program is the same; another one may have cut this snapshot.
            if chunk is not None and one.phrasing < len(chunk.questions):
                words[passage.chunk_id] = chunk.questions[one.phrasing]
        return words
