"""The data of the knowledge base: documents, sections, chunks, passages, snapshots, golden questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class SearchType(StrEnum):
    """How passages are found: by meaning, by words, or by both."""

    HYBRID = "hybrid"
    SEMANTIC = "semantic"
    KEYWORD = "keyword"


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
    """

    similarity: float
    term_coverage: float
    breadth: float = 0.0
    missing_identifiers: tuple[str, ...] = ()
    held_identifiers: tuple[str, ...] = ()
    lead: float = 0.0


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
    """Where a snapshot stands: being checked, serving, or served once."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


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
    """

    not_found_below: float
    draft_from: float
    calibrated_on: int = 0
    similarity_weight: float = 1.0
    breadth_weight: float = 1.0
    direction: tuple[float, ...] = ()
    bias: float = 0.0


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
