"""What an index of OpenSearch looks like that holds one snapshot.

Four kinds of records stand in it, told apart by ``kind``:

    document    id, version, title, and the codes in its whole text
    chunk       all that a passage needs, its words, its codes, its vector and that of its heading
    phrasing    a question that a chunk answers, with its vector
    heading     the vector of a heading, for the next snapshot to take over

Words are cut and stemmed before they come here, as for the local index: an index on AWS weighs the same words the same
way, and a band keeps its meaning when the backend changes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.knowledge.models import Chunk, DocumentVersion
from services.knowledge.tokens import keyword_tokens

FORMAT_VERSION = 1
BM25_K1, BM25_B = 0.9, 0.4
WORDS_SIMILARITY = "frontline"
# Longer runs are no codes that anybody asks for.
_MOST_CODE_TOKENS = 6
_CODE = re.compile(r"(?=[a-z]*\d)[a-z]{0,6}\d{1,20}[a-z]?")
_BEGINNING = re.compile(r"[a-z]{0,6}\d{0,20}")
_TOKEN = re.compile(r"[A-Za-z0-9]+")
_GAP = re.compile(r"[\s().\-]{0,2}")


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What a snapshot was made with; stands in its index, complete once everything else does."""

    embedding_model: str
    dimension: int
    chunk_words: int
    chunk_overlap: int
    document_count: int = 0
    chunk_count: int = 0
    complete: bool = False
    format_version: int = FORMAT_VERSION

    def as_meta(self) -> dict[str, Any]:
        """As it stands in the index's mapping."""
        return {"_meta": asdict(self)}

    @classmethod
    def of_mapping(cls, mapping: Mapping[str, Any]) -> IndexFacts | None:
        """None when the index is somebody else's, or of another format."""
        meta = mapping.get("_meta")
        if not isinstance(meta, Mapping) or meta.get("format_version") != FORMAT_VERSION:
            return None
        try:
            return cls(**meta)
        except TypeError:
            return None


def index_body(facts: IndexFacts, *, serverless: bool) -> dict[str, Any]:
    """Settings and mapping of a new index."""
    shown: dict[str, Any] = {"type": "keyword", "index": False, "doc_values": False}
    number: dict[str, Any] = {"type": "integer", "index": False, "doc_values": False}
    words: dict[str, Any] = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
    settings: dict[str, Any] = {"knn": True}
    mapping: dict[str, Any] = {"dynamic": "strict", **facts.as_meta()}
    if not serverless:
        # One shard: how rare a word is, is counted within a shard. Serverless keeps shards and similarity to itself.
        settings |= {
            "number_of_shards": 1,
            "similarity": {WORDS_SIMILARITY: {"type": "BM25", "k1": BM25_K1, "b": BM25_B}},
        }
        words["similarity"] = WORDS_SIMILARITY
        mapping["_source"] = {"excludes": ["vector", "words"]}
    mapping["properties"] = {
        "kind": {"type": "keyword"},
        "chunk_id": {"type": "keyword"},
        "document_id": {"type": "keyword"},
        "document_version": {"type": "integer"},
        "title": shown,
        "section": shown,
        "url": shown,
        "page": number,
        "start": number,
        "end": number,
        "phrasing": number,
        "text": {"type": "text", "index": False},
        "words": words,
        "codes": {"type": "keyword"},
        "key": {"type": "keyword"},
        # Searched by inner product, the cosine of unit vectors; faiss takes filters, and Serverless nothing else.
        "vector": {
            "type": "knn_vector",
            "dimension": facts.dimension,
            "method": {"name": "hnsw", "engine": "faiss", "space_type": "innerproduct"},
        },
        # As they were made, to weigh passages exactly and for the next snapshot.
        "vector_bytes": {"type": "binary"},
        "heading_bytes": {"type": "binary"},
    }
    return {"settings": {"index": settings}, "mappings": mapping}


def index_name(tenant: str, number: int) -> str:
    """The index of a snapshot; a tenant's id holds no dot."""
    return f"{alias_name(tenant)}.{number:06d}"


def alias_name(tenant: str) -> str:
    """What names the snapshot that answers."""
    return f"frontline-{tenant}"


def document_record(stored: DocumentVersion) -> dict[str, Any]:
    """What is kept of a document as a whole."""
    document = stored.document
    return {
        "kind": "document",
        "document_id": document.id,
        "document_version": stored.version,
        "title": document.title,
        "codes": sorted(codes_in(f"{document.title}\n{document.text}")),
    }


def chunk_record(chunk: Chunk, stored: DocumentVersion) -> dict[str, Any]:
    """What is kept of a chunk, its vectors left out."""
    title = stored.document.title
    return {
        "kind": "chunk",
        "chunk_id": chunk.id,
        "document_id": chunk.document_id,
        "document_version": stored.version,
        "title": title,
        "section": chunk.section,
        "url": chunk.url,
        "page": chunk.page,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "words": " ".join(keyword_tokens(" ".join((chunk.indexed_text, *chunk.questions)))),
        "codes": sorted(codes_in(f"{title}\n{chunk.section}\n{chunk.text}")),
        "key": text_key(chunk.indexed_text),
    }


def codes_in(text: str) -> set[str]:
    """Everything in a text that a question may name as a code, form name or phone number, however it is separated.

    Holds at least what :func:`services.knowledge.tokens.holds_identifier` finds for identifiers of a question.
    """
    tokens = [(match.start(), match.end(), match.group().lower()) for match in _TOKEN.finditer(text)]
    return {
        joined
        for first in range(len(tokens))
        for joined in _joined(text, tokens[first : first + _MOST_CODE_TOKENS])
        if _CODE.fullmatch(joined)
    }


def text_key(text: str) -> str:
    """Short hash that recognizes a text whose vector is already known."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def vector_text(vector: NDArray[np.float32]) -> str:
    """A vector as a binary field takes it."""
    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode("ascii")


def vector_of(text: str) -> NDArray[np.float32]:
    """The vector that :func:`vector_text` was given."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32)


def _joined(text: str, tokens: Sequence[tuple[int, int, str]]) -> Iterator[str]:
    """The first token, the first two as one and so on, as long as they stand close and could still become a code."""
    joined, last_end = "", tokens[0][0]
    for start, end, token in tokens:
        if not _GAP.fullmatch(text, last_end, start) or not _BEGINNING.fullmatch(joined):
            return
        joined += token
        last_end = end
        yield joined
