"""Searches one snapshot in OpenSearch: it finds the candidates, and they are weighed here as those of any index."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.backends.aws.opensearch_errors import PIPELINE_MISSING
from services.backends.aws.opensearch_queries import (
    Question,
    best_words_query,
    candidates_query,
    candidates_records_query,
    needs_pipeline,
    pipeline,
)
from services.backends.aws.opensearch_schema import vector_of
from services.backends.aws.opensearch_service import OpenSearchService
from services.backends.local.snapshot_search import Wanted
from services.backends.local.word_rarity import WordRarity
from services.backends.passage_ranking import (
    ScoreParts,
    code_shares,
    evidence_of,
    explained,
    positions_shown,
    scores_of,
    searched_text_of,
)
from services.errors import AppError
from services.knowledge.models import Evidence, Passage, Ranking, SearchType
from services.knowledge.tokens import identifiers, keyword_tokens
from services.ports.explanations import ExplainedPassage

SEARCH_TYPES = (SearchType.HYBRID, SearchType.SEMANTIC, SearchType.KEYWORD)
# Found for one question, and weighed; each is some kilobytes with its vectors.
CANDIDATES = 64
MOST_CANDIDATES = 1_000


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A chunk with all that its scores are made of."""

    source: Mapping[str, Any]
    words: float
    text: float
    heading: float
    phrasings: Mapping[int, float]

    @property
    def nearest_phrasing(self) -> tuple[int, float] | None:
        if not self.phrasings:
            return None
        return max(self.phrasings.items(), key=lambda one: (one[1], -one[0]))

    @property
    def searched_text(self) -> str:
        return searched_text_of(self.source["title"], self.source.get("section") or "", self.source["text"])


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Candidates, the best of their search type first."""

    candidates: list[_Candidate]
    scores: NDArray[np.float64]
    parts: ScoreParts


@dataclass(frozen=True, slots=True)
class _Found:
    """What all searches of one question found.

    Attributes:
        ids: Of the candidates of every search type.
    """

    candidates: Mapping[str, _Candidate]
    ids: Mapping[SearchType, Sequence[str]]
    best_words: float
    rarity: WordRarity


class SnapshotSearch:
    """Searches the snapshots of one service. Safe to use from many threads."""

    def __init__(self, service: OpenSearchService) -> None:
        self._service = service
        self._pipelines: set[str] = set()
        self._lock = threading.Lock()

    def search(
        self, index: str, chunk_count: int, question: str, vector: NDArray[np.float32], wanted: Wanted
    ) -> tuple[tuple[Passage, ...], Evidence]:
        """The best passages for a question whose unit vector is given, and how well they cover it.

        Raises:
            NotFoundError: there is no such index.
            BackendError: OpenSearch failed.
        """
        asked = _asked(question, vector, wanted)
        found = self._found(index, chunk_count, asked, wanted, [wanted.search_type])
        return _passages(found, _weighed(found, asked, wanted, wanted.search_type), asked, wanted)

    def explain(
        self, index: str, chunk_count: int, question: str, vector: NDArray[np.float32], wanted: Wanted
    ) -> tuple[tuple[ExplainedPassage, ...], Evidence]:
        """As :meth:`search` in its hybrid form, with what every search type found and what the scores are made of."""
        asked = _asked(question, vector, wanted)
        found = self._found(index, chunk_count, asked, wanted, SEARCH_TYPES)
        weighed = {search_type: _weighed(found, asked, wanted, search_type) for search_type in SEARCH_TYPES}
        _, evidence = _passages(found, weighed[SearchType.HYBRID], asked, wanted)
        ranks: dict[str, dict[SearchType, int]] = {}
        shown: set[str] = set()
        for search_type, one in weighed.items():
            for rank, candidate in enumerate(one.candidates, start=1):
                chunk_id = candidate.source["chunk_id"]
                ranks.setdefault(chunk_id, {})[search_type] = rank
                if rank <= wanted.limit:
                    shown.add(chunk_id)
        everything = _weighed(found, asked, wanted, SearchType.HYBRID, list(found.candidates))
        told = (
            explained(
                _passage(everything, position),
                everything.parts,
                position,
                wanted.ranking,
                ranks=ranks[candidate.source["chunk_id"]],
                codes=asked.codes,
                phrasing=candidate.nearest_phrasing,
            )
            for position, candidate in enumerate(everything.candidates)
            if candidate.source["chunk_id"] in shown
        )
        return tuple(told), evidence

    def make_pipeline(self, ranking: Ranking) -> None:
        """Make the pipeline that questions without codes need; tells whether this machine may, too."""
        self._require_pipeline(*pipeline(Question((), ("word",)), ranking))

    def _found(
        self, index: str, chunk_count: int, asked: Question, wanted: Wanted, search_types: Sequence[SearchType]
    ) -> _Found:
        count = min(MOST_CANDIDATES, max(CANDIDATES, (8 if wanted.one_per_document else 4) * wanted.limit))
        ids = {one: self._candidate_ids(index, asked, one, wanted.ranking, count) for one in search_types}
        all_ids = sorted({chunk_id for some in ids.values() for chunk_id in some})
        if not all_ids:
            return _Found({}, ids, 0.0, WordRarity(lambda _: 0, chunk_count))
        bodies = [one for one in (candidates_records_query(all_ids, asked), best_words_query(asked)) if one]
        records, best_words, frequencies = self._service.ask(partial(_records, index=index, bodies=bodies))
        words = dict(zip(asked.counted_words(), frequencies, strict=True)) if frequencies else {}
        candidates = _candidates(records, np.asarray(asked.vector, dtype=np.float64))
        kept = {one: [chunk_id for chunk_id in some if chunk_id in candidates] for one, some in ids.items()}
        return _Found(candidates, kept, best_words, WordRarity(lambda word: words.get(word, 0), chunk_count))

    def _candidate_ids(
        self, index: str, asked: Question, search_type: SearchType, ranking: Ranking, count: int
    ) -> list[str]:
        body = candidates_query(asked, search_type, count)
        if body is None:
            return []
        if not needs_pipeline(body):
            return self._service.ask(partial(_ids, index=index, body=body))
        name, definition = pipeline(asked, ranking)
        self._require_pipeline(name, definition)
        ask = partial(_ids, index=index, body=body, search_pipeline=name)
        try:
            return self._service.ask(ask)
        except AppError as error:
            if error.code != PIPELINE_MISSING:
                raise
        with self._lock:  # somebody removed it; it is made anew
            self._pipelines.discard(name)
        self._require_pipeline(name, definition)
        return self._service.ask(ask)

    def _require_pipeline(self, name: str, definition: Mapping[str, Any]) -> None:
        with self._lock:
            if name in self._pipelines:
                return
        self._service.ask(lambda client: client.search_pipeline.put(id=name, body=definition))
        with self._lock:
            self._pipelines.add(name)


def _asked(question: str, vector: NDArray[np.float32], wanted: Wanted) -> Question:
    return Question(vector.tolist(), keyword_tokens(question), identifiers(question), wanted.hidden)


def _ids(client: Any, *, index: str, body: Mapping[str, Any], **options: str) -> list[str]:
    hits = client.search(index=index, body=body, params=options)["hits"]["hits"]
    return list(dict.fromkeys(hit["_source"]["chunk_id"] for hit in hits))


def _records(
    client: Any, *, index: str, bodies: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], float, list[int]]:
    """The records of the candidates, the best score by words of all chunks, and how many chunks hold each word."""
    lines: list[Mapping[str, Any]] = []
    for body in bodies:
        lines += [{"index": index}, body]
    replies = client.msearch(body=lines)["responses"]
    for reply in replies:
        if "error" in reply:
            raise _part_error(reply)
    records = replies[0]["hits"]["hits"]
    if len(replies) == 1:
        return records, 0.0, []
    best = replies[1]["hits"]["hits"]
    buckets = replies[1]["aggregations"]["all"]["frequencies"]["buckets"]
    return (
        records,
        float(best[0]["_score"]) if best else 0.0,
        [buckets[str(n)]["doc_count"] for n in range(len(buckets))],
    )


def _part_error(reply: Mapping[str, Any]) -> Exception:
    from opensearchpy import exceptions

    status = int(reply.get("status", 500))
    return exceptions.HTTP_EXCEPTIONS.get(status, exceptions.TransportError)(status, "msearch", dict(reply))


def _candidates(records: Sequence[Mapping[str, Any]], vector: NDArray[np.float64]) -> dict[str, _Candidate]:
    chunks: dict[str, Mapping[str, Any]] = {}
    phrasings: dict[str, dict[int, float]] = {}
    for record in records:
        source = record["_source"]
        chunk_id = source["chunk_id"]
        if source["kind"] == "chunk":
            chunks[chunk_id] = record
        else:
            phrasings.setdefault(chunk_id, {})[source["phrasing"]] = _cosine(source["vector_bytes"], vector)
    return {
        chunk_id: _Candidate(
            source=record["_source"],
            words=float(record["_score"] or 0.0),
            text=_cosine(record["_source"]["vector_bytes"], vector),
            heading=_cosine(record["_source"]["heading_bytes"], vector),
            phrasings=phrasings.get(chunk_id, {}),
        )
        for chunk_id, record in chunks.items()
    }


def _cosine(text: str, vector: NDArray[np.float64]) -> float:
    """In double precision, so that it is the same in whatever company."""
    return float(vector_of(text).astype(np.float64) @ vector)


def _weighed(
    found: _Found,
    asked: Question,
    wanted: Wanted,
    search_type: SearchType,
    chunk_ids: Sequence[str] | None = None,
) -> _Weighed:
    candidates = [found.candidates[one] for one in (found.ids[search_type] if chunk_ids is None else chunk_ids)]
    words = np.array([one.words for one in candidates], dtype=np.float32)
    by_both = search_type not in (SearchType.SEMANTIC, SearchType.KEYWORD)
    nearest = [one.nearest_phrasing for one in candidates]
    parts = ScoreParts(
        text=np.array([one.text for one in candidates], dtype=np.float32),
        phrasing=np.array([one[1] if one else -1.0 for one in nearest], dtype=np.float32),
        heading=np.array([one.heading for one in candidates], dtype=np.float32),
        words=words,
        word_shares=np.minimum(words / found.best_words, 1) if found.best_words > 0 else words,
        code_shares=(
            code_shares([one.searched_text for one in candidates], asked.codes)
            if by_both
            else np.zeros(len(candidates))
        ),
    )
    scores = scores_of(parts, search_type, wanted.ranking)
    ids = np.array([one.source["chunk_id"] for one in candidates], dtype=object)
    order = np.lexsort((ids, -scores)).astype(np.int64) if candidates else np.zeros(0, dtype=np.int64)
    return _Weighed([candidates[place] for place in order], scores[order], parts.taken(order))


def _passages(
    found: _Found, weighed: _Weighed, asked: Question, wanted: Wanted
) -> tuple[tuple[Passage, ...], Evidence]:
    documents = [one.source["document_id"] for one in weighed.candidates]
    positions = positions_shown(documents, wanted.limit, one_per_document=wanted.one_per_document)
    passages = [_passage(weighed, position) for position in positions]
    likeness = weighed.parts.likeness
    similarity = float(likeness.max()) if likeness.size else 0.0
    evidence = evidence_of(passages, similarity, list(asked.tokens), tuple(asked.codes), found.rarity.coverage)
    return tuple(passages[: wanted.limit]), evidence


def _passage(weighed: _Weighed, position: int) -> Passage:
    source = weighed.candidates[position].source
    return Passage(
        document_id=source["document_id"],
        document_version=source["document_version"],
        chunk_id=source["chunk_id"],
        title=source["title"],
        url=source.get("url"),
        section=source.get("section") or "",
        page=source.get("page"),
        text=source["text"],
        start=source["start"],
        end=source["end"],
        score=float(weighed.scores[position]),
        similarity=float(weighed.parts.likeness[position]),
        keyword_share=float(weighed.parts.word_shares[position]),
    )
