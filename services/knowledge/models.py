"""The data of the knowledge base: documents, sections, chunks, passages, snapshots, golden questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class SearchType(StrEnum):
    """How passages are found: by meaning, by words, by both, or as the backend thinks best."""

    HYBRID = "hybrid"
    SEMANTIC = "semantic"
    KEYWORD = "keyword"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document under one heading.

    Attributes:
        path: Headings from the outermost to the innermost, without the document's title.
        start: First character of the section's body in the document's text.
        end: One past the last character of the section's body.
        page: Page that the section starts on, counted from 1; None where the format has no pages.
        questions: Phrasings of the question that this section answers (curated answers); may be empty.
        url: Address of the section where it has one of its own (rows of a table of answers); else the document's holds.
    """

    path: tuple[str, ...]
    start: int
    end: int
    page: int | None = None
    questions: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One document as the loaders deliver it.

    Attributes:
        id: Stable within a tenant: the path below the loaded folder, or the id given in a JSONL line.
        text: The readable text; every offset of a citation counts in characters of this string.
        sections: In reading order, not overlapping; together they hold everything that is to be found.
        source_sha256: Hash of the original bytes, which names the stored original file.
    """

    id: str
    title: str
    text: str
    sections: tuple[Section, ...]
    media_type: str
    url: str | None = None
    owner: str | None = None
    reviewed_on: date | None = None
    valid_until: date | None = None
    source_name: str = ""
    source_sha256: str = ""


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """A document as it is stored: numbered, dated, never changed afterwards."""

    document: Document
    version: int
    loaded_at: datetime


class DocumentState(StrEnum):
    """Whether a document answers questions now, and if not, why."""

    IN_USE = "in_use"
    UPCOMING = "upcoming"
    EXPIRED = "expired"
    DISABLED = "disabled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class DocumentDetails:
    """What an admin keeps about a document beside its words; a change applies to the next question.

    Attributes:
        owner: Who answers for it.
        audience: Who may be told, such as "patients" or "staff only".
        valid_from: First day on which it answers; None for no beginning.
        valid_until: Last day on which it answers; None for no end.
    """

    owner: str | None = None
    product: str | None = None
    audience: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """One line of the list of documents: its newest version without the words."""

    document_id: str
    version: int
    title: str
    url: str | None
    media_type: str
    source_name: str
    state: DocumentState
    details: DocumentDetails
    character_count: int
    chunk_count: int
    changed_at: datetime
    changed_by: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents to list.

    Attributes:
        words: All of them must stand in the title, the id or the text, in any case.
        states: Empty means every state but deleted.
        media_types: Empty means every format.
        expires_before: Only documents whose last valid day is before this one.
        newest_first: By the time of the last change instead of by title.
    """

    words: str = ""
    states: frozenset[DocumentState] = frozenset()
    media_types: frozenset[str] = frozenset()
    product: str | None = None
    owner: str | None = None
    expires_before: date | None = None
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """One line of a document's history, the words left out."""

    version: int
    title: str
    source_name: str
    character_count: int
    chunk_count: int
    loaded_at: datetime
    loaded_by: str | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document that is embedded and found as one.

    Attributes:
        ordinal: Position among the document's chunks, from 0; the chunk's id is ``<document id>#<ordinal>``.
        start: First character in the document's text.
        end: One past the last character.
        heading: Title and section path, prefixed to the text when it is indexed.
        questions: Further phrasings, each indexed as a vector of its own.
    """

    document_id: str
    ordinal: int
    start: int
    end: int
    heading: str
    text: str
    section: str
    page: int | None = None
    questions: tuple[str, ...] = ()
    url: str | None = None

    @property
    def id(self) -> str:
        return f"{self.document_id}#{self.ordinal}"

    @property
    def indexed_text(self) -> str:
        """What is embedded and tokenized: the heading, then the text."""
        return f"{self.heading}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found for a question, with where it stands and how well it fits.

    Attributes:
        score: The ranking score of the search type that was asked for; comparable within one search only.
        similarity: Cosine of question and passage in [-1, 1].
        keyword_share: BM25 score divided by the best BM25 score of this search, in [0, 1].
        start: Offset of ``text`` in the document's text, in characters.
    """

    document_id: str
    document_version: int
    chunk_id: str
    title: str
    url: str | None
    section: str
    page: int | None
    text: str
    start: int
    end: int
    score: float
    similarity: float
    keyword_share: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well the whole knowledge base covers a question; what the bands are cut on.

    Attributes:
        similarity: Best cosine over all passages, in [-1, 1].
        breadth: Mean cosine of the five best passages.
        term_coverage: Share of the question's words, weighted by rarity, that the best passages hold, in [0, 1].
        lead: Ranking score of the best passage less that of the best passage of any other document; 0 without one.
        held_identifiers: Codes and names of the question that a passage found holds.
        missing_identifiers: Codes and names of the question (``PA-100``, ``reject 75``) that no passage found holds.
        everyday_likeness: How much the question is like everyday ones that no knowledge base of a company answers: mean
            cosine of the nearest, in [-1, 1]; 0 where the backend does not tell it.
    """

    similarity: float
    term_coverage: float
    breadth: float = 0.0
    missing_identifiers: tuple[str, ...] = ()
    held_identifiers: tuple[str, ...] = ()
    lead: float = 0.0
    everyday_likeness: float = 0.0


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The passages for one question out of one snapshot, best first.

    Attributes:
        cpu_ms: Processor time of the search, embedding included, in milliseconds.
        question_vector: Unit vector of the question; empty where the backend does not tell it.
    """

    passages: tuple[Passage, ...]
    evidence: Evidence
    snapshot: int
    cpu_ms: float = 0.0
    question_vector: tuple[float, ...] = field(default=(), repr=False)


class SnapshotStatus(StrEnum):
    """Where a snapshot stands: in the making, being checked, serving, served once, or never finished."""

    BUILDING = "building"
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Ranking:
    """How hybrid search weighs its parts; the defaults are measured in docs/benchmarks.md.

    Score = (1 - heading_share) x cosine to the text + heading_share x cosine to the heading
    + keyword_weight x bm25 / best bm25, plus a fixed bonus for exact codes.
    """

    keyword_weight: float = 0.2
    heading_share: float = 0.3


@dataclass(frozen=True, slots=True)
class BandCuts:
    """How confidence is computed from the evidence, and where it separates the bands.

    Calibrated per tenant and stored with the snapshot. A question whose confidence is under ``not_found_below`` is
    declined; one whose best passage stands out less than ``draft_from`` shows sources only.

    Attributes:
        calibrated_on: How many questions the cuts were learned from; 0 for the shipped defaults.
        similarity_weight: Weight of the best cosine.
        breadth_weight: Weight of the mean cosine of the five best passages.
        direction: Weights of the question's own vector: away from out-of-scope questions, towards golden ones.
        bias: Constant term.
        coverage_weight: Weight of the share of the question's words that the best passages hold.
        everyday_weight: Weight of the likeness to everyday questions; negative when it counts against.
    """

    not_found_below: float
    draft_from: float
    calibrated_on: int = 0
    similarity_weight: float = 1.0
    breadth_weight: float = 1.0
    direction: tuple[float, ...] = ()
    bias: float = 0.0
    coverage_weight: float = 0.0
    everyday_weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable index of one tenant's documents at one moment."""

    tenant: str
    number: int
    status: SnapshotStatus
    created_at: datetime
    document_count: int
    chunk_count: int
    embedding_model: str
    cuts: BandCuts | None = None
    published_at: datetime | None = None
    ranking: Ranking = field(default_factory=Ranking)
    chunk_words: int = 120
    chunk_overlap: int = 30
    reused_count: int = 0
    created_by: str | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class LiveKnowledge:
    """What answers at one moment: read once per question, so that no answer mixes two snapshots.

    Attributes:
        hidden: Documents that must not answer although the snapshot holds them (disabled, deleted, outside their
            dates): by id, the highest version that is hidden.
    """

    snapshot: Snapshot
    hidden: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Publication:
    """One change of the snapshot that answers; the history that a roll-back goes back in.

    Attributes:
        replaced: Number of the snapshot that answered before; None for the first.
        reason: Why it was published although some golden questions got worse; empty when none did.
    """

    tenant: str
    number: int
    replaced: int | None
    at: datetime
    username: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedPassage:
    """The place that answers a golden question: a document and a sentence in it."""

    document_id: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question with a known right passage, or known to have none (``expected`` empty)."""

    id: str
    text: str
    expected: tuple[ExpectedPassage, ...] = ()
    kind: str = "fact"
    split: str = "tune"

    @property
    def answerable(self) -> bool:
        return bool(self.expected)


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """A file, or a line of one, that could not be loaded, with the words for the person who loads it."""

    source_name: str
    code: str
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of one ``load`` call; nothing is silent, no file is lost from it."""

    loaded: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failures: tuple[LoadFailure, ...] = ()
    warnings: tuple[LoadFailure, ...] = ()
    chunk_count: int = 0
    reused_chunk_count: int = 0
    snapshot: int | None = None
    published: bool = False
    details: Mapping[str, int] = field(default_factory=dict)
