"""Hand-written stand-ins for what a question meets on its way: knowledge, index, generator, detector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from services.answers.models import AnswerRequest, Citation, DeltaListener, Draft, Origin, Statement
from services.errors import AppError, ConflictError, NotFoundError
from services.knowledge.models import (
    BandCuts,
    Document,
    DocumentVersion,
    Evidence,
    GoldenQuestion,
    Passage,
    Retrieval,
    SearchType,
    Snapshot,
    SnapshotStatus,
)
from services.knowledge.tokens import holds_identifier
from services.ports.knowledge import BuiltSnapshot
from services.privacy.models import PersonalDataKind, PersonalDataSpan
from tests.contract.knowledge_samples import LOADED_AT

STRONG = Evidence(similarity=0.7, term_coverage=1.0, breadth=0.5, lead=0.3)
WEAK = Evidence(similarity=0.05, term_coverage=0.0, breadth=0.02)


def passage(text: str, document_id: str = "codes.md", *, start: int = 100, **changes: object) -> Passage:
    """A passage that stands somewhere in the middle of its document."""
    made = Passage(
        document_id=document_id,
        document_version=1,
        chunk_id=f"{document_id}#0",
        title="Claim codes",
        url="https://kb.example/codes",
        section="Table",
        page=None,
        text=text,
        start=start,
        end=start + len(text),
        score=0.9,
        similarity=0.7,
        keyword_share=1.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def retrieval(evidence: Evidence, *passages: Passage, vector: tuple[float, ...] = ()) -> Retrieval:
    """What a search of snapshot 1 found."""
    return Retrieval(passages, evidence, 1, question_vector=vector)


class FakeKnowledgeRepository:
    """KnowledgeRepository in memory."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, str], list[DocumentVersion]] = {}
        self._snapshots: dict[tuple[str, int], Snapshot] = {}
        self._golden: dict[tuple[str, str], GoldenQuestion] = {}

    def save_documents(self, tenant: str, documents: Sequence[Document]) -> tuple[list[str], list[str]]:
        stored: dict[str, None] = {}
        unchanged: dict[str, None] = {}
        for document in documents:
            versions = self._versions.setdefault((tenant, document.id), [])
            if versions and replace(versions[-1].document, source_name=document.source_name) == document:
                unchanged[document.id] = None
            else:
                versions.append(DocumentVersion(document, len(versions) + 1, LOADED_AT))
                stored[document.id] = None
        return list(stored), [document_id for document_id in unchanged if document_id not in stored]

    def current_documents(self, tenant: str) -> Iterator[DocumentVersion]:
        for owner, document_id in sorted(self._versions):
            if owner == tenant:
                yield self._versions[owner, document_id][-1]

    def get_document(self, tenant: str, document_id: str, version: int | None = None) -> DocumentVersion:
        for stored in reversed(self._versions.get((tenant, document_id), [])):
            if version in (None, stored.version):
                return stored
        raise NotFoundError("There is no such document.", code="document-not-found")

    def create_snapshot(self, snapshot: Snapshot) -> None:
        if (snapshot.tenant, snapshot.number) in self._snapshots:
            raise ConflictError("The number is taken.", code="snapshot-taken")
        self._snapshots[snapshot.tenant, snapshot.number] = snapshot

    def next_snapshot_number(self, tenant: str) -> int:
        return 1 + max((made.number for made in self.list_snapshots(tenant)), default=0)

    def list_snapshots(self, tenant: str) -> list[Snapshot]:
        own = [made for (owner, _), made in self._snapshots.items() if owner == tenant]
        return sorted(own, key=lambda made: made.number, reverse=True)

    def get_snapshot(self, tenant: str, number: int) -> Snapshot:
        if (tenant, number) not in self._snapshots:
            raise NotFoundError("There is no such snapshot.", code="snapshot-not-found")
        return self._snapshots[tenant, number]

    def published_snapshot(self, tenant: str) -> Snapshot | None:
        live = [made for made in self.list_snapshots(tenant) if made.status is SnapshotStatus.PUBLISHED]
        return live[0] if live else None

    def publish(self, tenant: str, number: int) -> None:
        made = self.get_snapshot(tenant, number)
        live = self.published_snapshot(tenant)
        if live is not None:
            self._snapshots[tenant, live.number] = replace(live, status=SnapshotStatus.RETIRED)
        self._snapshots[tenant, number] = replace(made, status=SnapshotStatus.PUBLISHED, published_at=LOADED_AT)

    def save_cuts(self, tenant: str, number: int, cuts: BandCuts) -> None:
        self._snapshots[tenant, number] = replace(self.get_snapshot(tenant, number), cuts=cuts)

    def save_golden_questions(self, tenant: str, questions: Sequence[GoldenQuestion]) -> None:
        for question in questions:
            self._golden[tenant, question.id] = question

    def list_golden_questions(self, tenant: str) -> list[GoldenQuestion]:
        return [self._golden[key] for key in sorted(self._golden) if key[0] == tenant]


class FakeKnowledgeIndex:
    """KnowledgeIndex that finds what it is told to find.

    Attributes:
        find: Makes the result of a question; the default finds one passage that is clearly right.
        failure: Raised by every search until it is None.
        public_text: What the documents hold, for ``knows_identifier``.
        searched: Every question that arrived, with its search type.
    """

    def __init__(self, find: Callable[[str], Retrieval] | None = None) -> None:
        self.find = find or (lambda _: retrieval(STRONG, passage("Code 75 means that the plan wants form PA-100.")))
        self.failure: AppError | None = None
        self.public_text = ""
        self.searched: list[tuple[str, SearchType]] = []

    def build(
        self, tenant: str, number: int, versions: Iterator[DocumentVersion], previous: int | None
    ) -> BuiltSnapshot:
        return BuiltSnapshot(sum(1 for _ in versions), 0, 0)

    def search(self, tenant: str, number: int, question: str, *, limit: int, search_type: SearchType) -> Retrieval:
        self.searched.append((question, search_type))
        if self.failure is not None:
            raise self.failure
        found = self.find(question)
        return replace(found, passages=found.passages[:limit], snapshot=number)

    def search_documents(
        self, tenant: str, number: int, question: str, *, limit: int, search_type: SearchType
    ) -> Retrieval:
        return self.search(tenant, number, question, limit=limit, search_type=search_type)

    def knows_identifier(self, tenant: str, number: int, identifier: str) -> bool:
        return holds_identifier(self.public_text, identifier)

    def check_ready(self) -> None:
        """Always ready."""

    def searched_texts(self) -> list[str]:
        """The questions that arrived for an answer, without those that only weigh sentences."""
        return [question for question, search_type in self.searched if search_type is SearchType.HYBRID]


class FakeAnswerGenerator:
    """AnswerGenerator that repeats the first passage.

    Attributes:
        failure: Raised by every call until it is None.
        answered: What the drafts say of themselves.
        requests: Every request that arrived.
    """

    name = "fake"
    origin = Origin.QUOTED

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.answered = True
        self.requests: list[AnswerRequest] = []
        self.before: Callable[[], None] = lambda: None

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        self.requests.append(request)
        self.before()
        if self.failure is not None:
            raise self.failure
        if not self.answered or not request.passages:
            return Draft((), (), answered=False)
        best = request.passages[0]
        quote = best.text.strip()
        start = best.start + best.text.index(quote)
        citation = Citation(
            best.document_id,
            best.document_version,
            best.title,
            best.url,
            best.section,
            best.page,
            quote,
            start,
            start + len(quote),
            best.score,
        )
        if on_delta is not None:
            on_delta(quote)
        return Draft((Statement(quote, (1,)),), (citation,))

    def check_ready(self) -> None:
        """Always ready."""


class FakeDetector:
    """PersonalDataDetector that knows its secrets beforehand."""

    def __init__(self, **secrets: PersonalDataKind) -> None:
        self.secrets = dict(secrets)
        self.failure: AppError | None = None

    def find(self, text: str) -> list[PersonalDataSpan]:
        if self.failure is not None:
            raise self.failure
        return [
            PersonalDataSpan(kind, text.index(secret), text.index(secret) + len(secret))
            for secret, kind in self.secrets.items()
            if secret in text
        ]

    def check_ready(self) -> None:
        """Always ready."""
