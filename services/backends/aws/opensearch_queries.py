"""The queries that OpenSearch gets: candidates by meaning, by words or by both, and what is needed to weigh them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.backends.passage_ranking import IDENTIFIER_WEIGHT
from services.knowledge.models import Ranking, SearchType

# Distinct words of one question that count; OpenSearch takes 1,024 clauses in all.
MOST_WORDS = 500
# Records that one reply may have.
MOST_RECORDS = 10_000
_PASSAGE_FIELDS = [
    "kind",
    "chunk_id",
    "document_id",
    "document_version",
    "title",
    "section",
    "url",
    "page",
    "start",
    "end",
    "text",
    "phrasing",
    "vector_bytes",
    "heading_bytes",
]


@dataclass(frozen=True, slots=True)
class Question:
    """A question as every query sees it.

    Attributes:
        vector: Of unit length.
        tokens: Stemmed words, as they come.
        hidden: By document id, the highest version that must not be found.
    """

    vector: Sequence[float]
    tokens: Sequence[str]
    codes: Sequence[str] = ()
    hidden: Mapping[str, int] = field(default_factory=dict)

    def counted_words(self) -> dict[str, int]:
        """How often each word stands in the question, in its order."""
        return dict(list(Counter(self.tokens).items())[:MOST_WORDS])


def candidates_query(question: Question, search_type: SearchType, count: int) -> dict[str, Any] | None:
    """Body of a search for the ids of ``count`` candidates; None when nothing can be found.

    A hybrid query with more than one part needs the pipeline of :func:`pipeline`.
    """
    meaning = _meaning(question, count)
    words = _words(question)
    if search_type is SearchType.SEMANTIC:
        query = meaning
    elif search_type is SearchType.KEYWORD:
        if words is None:
            return None
        query = words
    else:
        parts = _hybrid_parts(question, count)
        query = {"hybrid": {"queries": parts}} if len(parts) > 1 else parts[0]
    return {"query": query, "size": count, "_source": ["chunk_id"], "track_total_hits": False}


def needs_pipeline(body: Mapping[str, Any]) -> bool:
    """Whether a search's parts have to be put together."""
    return "hybrid" in body["query"]


def pipeline(question: Question, ranking: Ranking) -> tuple[str, dict[str, Any]]:
    """Name and body of the pipeline that puts the parts of a question's hybrid query together."""
    keyword_weight = round(ranking.keyword_weight, 2)
    weights = [1.0]
    name = "frontline-hybrid"
    if question.tokens:
        weights.append(keyword_weight)
        name += f"-words-{round(keyword_weight * 100):03d}"
    if question.codes:
        weights.append(IDENTIFIER_WEIGHT)
        name += "-codes"
    shares = [weight / sum(weights) for weight in weights]
    processor = {
        "normalization": {"technique": "min_max"},
        "combination": {"technique": "arithmetic_mean", "parameters": {"weights": shares}},
    }
    description = "Frontline: cosine plus weighted words and codes."
    return name, {
        "description": description,
        "phase_results_processors": [{"normalization-processor": processor}],
    }


def candidates_records_query(chunk_ids: Sequence[str], question: Question) -> dict[str, Any]:
    """Body of a search for all records of some chunks, each chunk scored by its words, 0 without a common one."""
    query: dict[str, Any] = {"filter": [{"terms": {"chunk_id": list(chunk_ids)}}]}
    if words := _word_clauses(question):
        query["should"] = words
    return {"query": {"bool": query}, "size": MOST_RECORDS, "_source": _PASSAGE_FIELDS, "track_total_hits": False}


def best_words_query(question: Question) -> dict[str, Any] | None:
    """Body of a search for the best score by words alone, and for how many chunks hold each; None without words."""
    words = _words(question)
    if words is None:
        return None
    counted = list(question.counted_words())
    frequencies = {str(place): {"term": {"words": word}} for place, word in enumerate(counted)}
    return {
        "query": words,
        "size": 1,
        "_source": False,
        "track_total_hits": False,
        # Over all chunks, hidden ones too: how rare a word is depends on the snapshot alone.
        "aggs": {"all": {"global": {}, "aggs": {"frequencies": {"filters": {"filters": frequencies}}}}},
    }


def held_documents_query(after: str | None, count: int) -> dict[str, Any]:
    """Body of a search for one page of the documents that a snapshot holds."""
    body: dict[str, Any] = {
        "query": {"term": {"kind": "document"}},
        "sort": [{"document_id": "asc"}],
        "size": count,
        "_source": ["document_id", "document_version", "title"],
        "track_total_hits": False,
    }
    return body if after is None else {**body, "search_after": [after]}


def identifier_query(identifier: str) -> dict[str, Any]:
    """Body of a count of the documents that hold a code."""
    return {"query": {"bool": {"filter": [{"term": {"kind": "document"}}, {"term": {"codes": identifier}}]}}}


def _hybrid_parts(question: Question, count: int) -> list[dict[str, Any]]:
    parts = [_meaning(question, count)]
    words = _words(question)
    if words is not None:
        parts.append(words)
    if question.codes:
        held = [{"term": {"kind": "chunk"}}, {"terms": {"codes": list(question.codes)}}]
        parts.append({"constant_score": {"filter": {"bool": _shown(question, held)}}})
    return parts


def _meaning(question: Question, count: int) -> dict[str, Any]:
    knn: dict[str, Any] = {"vector": list(question.vector), "k": count}
    if question.hidden:
        # Inside the query: hidden records must not take the places of those that may answer.
        knn["filter"] = {"bool": _shown(question, [])}
    return {"knn": {"vector": knn}}


def _words(question: Question) -> dict[str, Any] | None:
    clauses = _word_clauses(question)
    if not clauses:
        return None
    query: dict[str, Any] = {"should": clauses, "minimum_should_match": 1}
    if question.hidden:
        query["filter"] = [{"bool": _shown(question, [])}]
    return {"bool": query}


def _word_clauses(question: Question) -> list[dict[str, Any]]:
    counted = question.counted_words()
    return [{"term": {"words": {"value": word, "boost": float(count)}}} for word, count in counted.items()]


def _shown(question: Question, held: Sequence[object]) -> dict[str, Any]:
    by_version: dict[int, list[str]] = {}
    for document_id, version in question.hidden.items():
        by_version.setdefault(version, []).append(document_id)
    hidden = [
        {
            "bool": {
                "filter": [
                    {"terms": {"document_id": ids}},
                    {"range": {"document_version": {"lte": version}}},
                ]
            }
        }
        for version, ids in sorted(by_version.items())
    ]
    query: dict[str, Any] = {}
    if held:
        query["filter"] = list(held)
    if hidden:
        query["must_not"] = hidden
    return query
