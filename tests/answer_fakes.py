"""Hand-written stand-ins for what a question meets on its way: knowledge, index, generator, detector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from services.answers.models import AnswerRequest, Citation, DeltaListener, Draft, Origin, Statement
from services.errors import AppError, ConfigurationError
from services.knowledge.models import (
    DocumentVersion,
    Evidence,
    Passage,
    Ranking,
    Retrieval,
    SearchType,
)
from services.knowledge.tokens import holds_identifier
from services.ports.documents import HeldDocument
from services.ports.explanations import ExplainedPassage, Explanation
from services.ports.knowledge import BuildListener, BuiltSnapshot
from services.privacy.models import PersonalDataKind, PersonalDataSpan

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


class FakeKnowledgeIndex:
    """KnowledgeIndex that finds what it is told to find.

    Attributes:
        find: Makes the result of a question; the default finds one passage that is clearly right.
        failure: Raised by every search until it is None.
        public_text: What the documents hold, for ``knows_identifier``.
        searched: Every question that arrived, with its search type.
        deleted: Tenant and number of every snapshot whose files were to go.
        live: The number of the snapshot that was told to answer, by tenant.
        deaf: Raised when a snapshot is told to answer, until it is None.
        held: The documents of every snapshot that was built, by tenant and number.
        damaged: Snapshots that cannot be opened.
    """

    def __init__(self, find: Callable[[str], Retrieval] | None = None) -> None:
        self.find = find or (lambda _: retrieval(STRONG, passage("Code 75 means that the plan wants form PA-100.")))
        self.failure: AppError | None = None
        self.public_text = ""
        self.searched: list[tuple[str, SearchType]] = []
        self.deleted: list[tuple[str, int]] = []
        self.live: dict[str, int] = {}
        self.deaf: AppError | None = None
        self.held: dict[tuple[str, int], list[HeldDocument]] = {}
        self.damaged: set[tuple[str, int]] = set()

    def build(
        self,
        tenant: str,
        number: int,
        versions: Iterator[DocumentVersion],
        previous: int | None,
        on_progress: BuildListener | None = None,
    ) -> BuiltSnapshot:
        if self.failure is not None:
            raise self.failure
        held = [HeldDocument(stored.document.id, stored.version, stored.document.title) for stored in versions]
        if on_progress is not None:
            on_progress(len(held), len(held))
        self.held[tenant, number] = sorted(held)
        return BuiltSnapshot(len(held), len(held), 0)

    def open_snapshot(self, tenant: str, number: int) -> None:
        if (tenant, number) in self.damaged:
            raise ConfigurationError("The snapshot is damaged.", code="snapshot-damaged")
        if self.failure is not None:
            raise self.failure

    def held_documents(self, tenant: str, number: int) -> list[HeldDocument]:
        self.open_snapshot(tenant, number)
        return self.held.get((tenant, number), [])

    def search(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        search_type: SearchType,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Retrieval:
        self.searched.append((question, search_type))
        if self.failure is not None:
            raise self.failure
        found = self.find(question)
        shown = [one for one in found.passages if one.document_version > (hidden or {}).get(one.document_id, 0)]
        return replace(found, passages=tuple(shown[:limit]), snapshot=number)

    def search_documents(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        search_type: SearchType,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Retrieval:
        return self.search(tenant, number, question, limit=limit, search_type=search_type, hidden=hidden)

    def explain(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Explanation:
        found = self.search(tenant, number, question, limit=limit, search_type=SearchType.HYBRID, hidden=hidden)
        passages = tuple(
            ExplainedPassage(
                one,
                dict.fromkeys(self.search_types, rank),
                one.similarity,
                None,
                -1.0,
                0.0,
                0.0,
                (),
                one.score,
                0.0,
                0.0,
                0.0,
            )
            for rank, one in enumerate(found.passages, start=1)
        )
        return Explanation(passages, found.evidence, number, ranking or Ranking())

    def delete(self, tenant: str, number: int) -> None:
        self.deleted.append((tenant, number))

    def mark_live(self, tenant: str, number: int) -> None:
        if self.deaf is not None:
            raise self.deaf
        self.live[tenant] = number

    @property
    def search_types(self) -> tuple[SearchType, ...]:
        return (SearchType.HYBRID, SearchType.SEMANTIC, SearchType.KEYWORD)

    @property
    def chunk_size(self) -> tuple[int, int]:
        return 120, 30

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
        changes: What else they say.
        requests: Every request that arrived.
    """

    name = "fake"
    origin = Origin.QUOTED

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.answered = True
        self.changes: dict[str, Any] = {}
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
        return replace(Draft((Statement(quote, (1,)),), (citation,)), **self.changes)

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
