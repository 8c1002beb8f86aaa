"""Searches one opened snapshot: by meaning, by words, or by both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import bm25s
import faiss
import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.backends.local.snapshot_files import Manifest, open_table
from services.backends.local.word_rarity import WordRarity
from services.knowledge.models import Evidence, Passage, Ranking, SearchType
from services.knowledge.tokens import holds_identifier, identifiers, keyword_tokens
from services.ports.explanations import ExplainedPassage

# Hybrid ranking is the weighted sum that :class:`services.knowledge.models.Ranking` gives, plus
# IDENTIFIER_WEIGHT x share of the question's identifiers held, which makes a code win over any likeness.
IDENTIFIER_WEIGHT = 0.5
CANDIDATES = 200
# One of so many lists of a large index is read for a question: 32 of the 512 that 100,000 vectors have.
SEARCHED_LISTS_SHARE = 1 / 16
EVIDENCE_PASSAGES = 5
COVERING_PASSAGES = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one search asks for.

    Attributes:
        hidden: By document id, the highest version whose passages must not be found.
    """

    limit: int
    search_type: SearchType
    hidden: Mapping[str, int] = field(default_factory=dict)
    ranking: Ranking = field(default_factory=Ranking)
    one_per_document: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as every search type sees it; ``words`` and ``shares`` have one value per chunk."""

    vector: NDArray[np.float32]
    tokens: list[str]
    codes: tuple[str, ...]
    words: NDArray[np.float32]
    shares: NDArray[np.float32]
    question_likeness: dict[int, float]
    hidden: NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class _Found:
    """The candidates of one search type, best first; one value per candidate.

    Attributes:
        likeness: The better of the cosines to the text and to the nearest phrasing.
    """

    chunks: NDArray[np.int64]
    scores: NDArray[np.float64]
    likeness: NDArray[np.float32]
    text_likeness: NDArray[np.float32]
    heading_likeness: NDArray[np.float32]
    code_shares: NDArray[np.float64]


def searched_lists(neighbors: faiss.Index) -> int:
    """How many inverted lists of an index are read for one question."""
    return max(1, round(faiss.extract_index_ivf(neighbors).nlist * SEARCHED_LISTS_SHARE))


class OpenSnapshot:
    """A snapshot opened by memory map; immutable, safe for many threads."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._documents = open_table(folder / "documents.arrow")
        chunks = open_table(folder / "chunks.arrow")
        self._row_of = {document_id: row for row, document_id in enumerate(self._documents["id"].to_pylist())}
        self._versions = self._documents["version"].to_numpy()
        self._sections = chunks["section"]
        self._urls = chunks["url"]
        self._document_of = chunks["document"].to_numpy()
        self._ordinals = chunks["ordinal"].to_numpy()
        self._starts = chunks["start"].to_numpy()
        self._ends = chunks["end"].to_numpy()
        self._pages = chunks["page"]
        self._chunk_count = manifest.chunk_count
        self._vectors: NDArray[np.float32] = np.load(folder / "vectors.npy", mmap_mode="r")
        self._question_chunks: NDArray[np.int32] = np.load(folder / "questions.npy")
        self._searched = manifest.chunk_count + manifest.question_count
        self._heading_rows = chunks["heading_row"].to_numpy() + self._searched
        self._neighbors: faiss.Index | None = None
        if (folder / "neighbors.faiss").is_file():
            self._neighbors = faiss.read_index(str(folder / "neighbors.faiss"), faiss.IO_FLAG_MMAP)
        self._search_parameters = faiss.SearchParametersIVF()
        self._search_parameters.nprobe = searched_lists(self._neighbors) if self._neighbors else 1
        self._keywords = bm25s.BM25.load(str(folder / "keywords"), mmap=True)
        self._rarity = WordRarity(self._keywords, manifest.chunk_count)

    def search(
        self, question: str, vector: NDArray[np.float32], wanted: Wanted
    ) -> tuple[tuple[Passage, ...], Evidence]:
        """The best passages for a question whose unit vector is given, and how well they cover it."""
        asked = self._asked(question, vector, wanted.hidden)
        return self._passages(asked, self._found(asked, wanted, wanted.search_type), wanted)

    def explain(
        self, question: str, vector: NDArray[np.float32], wanted: Wanted
    ) -> tuple[tuple[ExplainedPassage, ...], Evidence]:
        """As :meth:`search` in its hybrid form, with what every search type found and what the scores are made of."""
        asked = self._asked(question, vector, wanted.hidden)
        found = {search_type: self._found(asked, wanted, search_type) for search_type in SearchType}
        hybrid = found[SearchType.HYBRID]
        _, evidence = self._passages(asked, hybrid, wanted)
        ranks = {
            search_type: {int(chunk): rank for rank, chunk in enumerate(one.chunks, start=1)}
            for search_type, one in found.items()
        }
        shown = {chunk for places in ranks.values() for chunk, rank in places.items() if rank <= wanted.limit}
        phrasings = self._nearest_phrasings(vector, shown & asked.question_likeness.keys())
        explained = (
            self._explained(
                asked,
                hybrid,
                position,
                wanted.ranking,
                {search_type: places[chunk] for search_type, places in ranks.items() if chunk in places},
                phrasings.get(chunk),
            )
            for position, chunk in enumerate(hybrid.chunks.tolist())
            if chunk in shown
        )
        return tuple(explained), evidence

    def _asked(self, question: str, vector: NDArray[np.float32], hidden_documents: Mapping[str, int]) -> _Asked:
        tokens = keyword_tokens(question)
        hidden = self._hidden_chunks(hidden_documents)
        words = self._word_scores(tokens)
        if hidden is not None:
            words = np.where(hidden, 0, words)
        best_word_score = float(words.max()) if words.size else 0.0
        shares = words / best_word_score if best_word_score > 0 else words
        return _Asked(vector, tokens, identifiers(question), words, shares, self._question_likeness(vector), hidden)

    def _found(self, asked: _Asked, wanted: Wanted, search_type: SearchType) -> _Found:
        chunks = self._candidates(
            asked.vector,
            asked.words,
            max(CANDIDATES, 4 * wanted.limit),
            search_type,
            asked.question_likeness,
            asked.hidden,
        )
        text_likeness = self._vectors[chunks] @ asked.vector
        phrased = [asked.question_likeness.get(int(chunk), -1.0) for chunk in chunks]
        likeness = np.maximum(text_likeness, np.asarray(phrased, dtype=np.float32))
        heading_likeness = self._vectors[self._heading_rows[chunks]] @ asked.vector
        heading_share = wanted.ranking.heading_share
        meaning = (1 - heading_share) * likeness + heading_share * heading_likeness
        code_shares = np.zeros(len(chunks))
        if search_type is SearchType.KEYWORD:
            scores = asked.words[chunks].astype(np.float64)
        elif search_type is SearchType.SEMANTIC:
            scores = meaning.astype(np.float64)
        else:
            scores = meaning + wanted.ranking.keyword_weight * asked.shares[chunks]
            if asked.codes:
                code_shares = self._identifier_shares(chunks, asked.codes)
                scores = scores + IDENTIFIER_WEIGHT * code_shares
        order = np.lexsort((chunks, -scores))
        return _Found(
            chunks[order],
            scores[order],
            likeness[order],
            text_likeness[order],
            heading_likeness[order],
            code_shares[order],
        )

    def _passages(self, asked: _Asked, found: _Found, wanted: Wanted) -> tuple[tuple[Passage, ...], Evidence]:
        limit, one_per_document = wanted.limit, wanted.one_per_document
        passages: list[Passage] = []
        seen: set[int] = set()
        for position, chunk in enumerate(found.chunks.tolist()):
            document = int(self._document_of[chunk])
            if one_per_document and document in seen:
                continue
            seen.add(document)
            passages.append(self._passage_at(asked, found, position))
            if len(passages) >= max(limit, EVIDENCE_PASSAGES) and (one_per_document or len(seen) > 1):
                break
        evidence = self._evidence(asked.tokens, asked.codes, passages, found.likeness)
        return tuple(passages[:limit]), evidence

    def _passage_at(self, asked: _Asked, found: _Found, position: int) -> Passage:
        chunk = int(found.chunks[position])
        return self._passage(
            chunk, float(found.scores[position]), float(found.likeness[position]), float(asked.shares[chunk])
        )

    def _explained(
        self,
        asked: _Asked,
        found: _Found,
        position: int,
        ranking: Ranking,
        ranks: dict[SearchType, int],
        phrasing: tuple[int, float] | None,
    ) -> ExplainedPassage:
        passage = self._passage_at(asked, found, position)
        text = self._chunk_text(int(found.chunks[position])) if asked.codes else ""
        return ExplainedPassage(
            passage=passage,
            ranks=ranks,
            text_similarity=float(found.text_likeness[position]),
            phrasing=phrasing[0] if phrasing else None,
            phrasing_similarity=phrasing[1] if phrasing else -1.0,
            heading_similarity=float(found.heading_likeness[position]),
            keyword_score=float(asked.words[found.chunks[position]]),
            held_codes=tuple(code for code in asked.codes if holds_identifier(text, code)),
            text_part=(1 - ranking.heading_share) * passage.similarity,
            heading_part=ranking.heading_share * float(found.heading_likeness[position]),
            keyword_part=ranking.keyword_weight * passage.keyword_share,
            code_part=IDENTIFIER_WEIGHT * float(found.code_shares[position]),
        )

    def _nearest_phrasings(self, vector: NDArray[np.float32], chunks: Iterable[int]) -> dict[int, tuple[int, float]]:
        """For each chunk the index of its phrasing closest to the question, and its cosine."""
        nearest: dict[int, tuple[int, float]] = {}
        for chunk in chunks:
            rows = np.flatnonzero(self._question_chunks == chunk)
            cosines = self._vectors[self._chunk_count + rows] @ vector
            best = int(np.argmax(cosines))
            nearest[chunk] = (best, float(cosines[best]))
        return nearest

    def knows_identifier(self, identifier: str) -> bool:
        """Whether any document's text or title holds the identifier, however it is separated."""
        return any(
            holds_identifier(text, identifier)
            for column in ("title", "text")
            for text in self._texts_with_digits(column, identifier)
        )

    def _texts_with_digits(self, column: str, identifier: str) -> Iterable[str]:
        digits = re.findall(r"\d+", identifier)
        last = digits[-1][-2:] if digits else identifier
        held = pc.match_substring(self._documents[column], last)
        yield from self._documents[column].filter(held).to_pylist()

    def _hidden_chunks(self, hidden: Mapping[str, int]) -> NDArray[np.bool_] | None:
        """Which chunks must not be found; None where all may be."""
        if not hidden:
            return None
        documents = [
            row
            for document_id, version in hidden.items()
            if (row := self._row_of.get(document_id)) is not None and self._versions[row] <= version
        ]
        return np.isin(self._document_of, documents) if documents else None

    def _word_scores(self, tokens: list[str]) -> NDArray[np.float32]:
        known = [token for token in tokens if token in self._keywords.vocab_dict]
        if not known:
            return np.zeros(self._chunk_count, dtype=np.float32)
        scores: NDArray[np.float32] = self._keywords.get_scores(known)
        return scores

    def _question_likeness(self, vector: NDArray[np.float32]) -> dict[int, float]:
        """Best cosine to a question phrasing, for every chunk that has phrasings."""
        best: dict[int, float] = {}
        if len(self._question_chunks):
            cosines = self._vectors[self._chunk_count : self._searched] @ vector
            for row in np.argsort(-cosines)[:CANDIDATES]:
                best.setdefault(int(self._question_chunks[row]), float(cosines[row]))
        return best

    def _candidates(
        self,
        vector: NDArray[np.float32],
        words: NDArray[np.float32],
        wanted: int,
        search_type: SearchType,
        question_likeness: dict[int, float],
        hidden: NDArray[np.bool_] | None,
    ) -> NDArray[np.int64]:
        found: list[NDArray[np.int64]] = []
        if search_type is not SearchType.KEYWORD:
            found.append(self._nearest(vector, wanted, hidden))
            found.append(np.fromiter(question_likeness, dtype=np.int64))
        if search_type is not SearchType.SEMANTIC:
            count = min(wanted, self._chunk_count)
            best = np.argpartition(-words, count - 1)[:count]
            found.append(best[words[best] > 0].astype(np.int64))
        chunks = np.unique(np.concatenate(found))
        return chunks if hidden is None else chunks[~hidden[chunks]]

    def _nearest(self, vector: NDArray[np.float32], wanted: int, hidden: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        query = vector.reshape(1, -1)
        if self._neighbors is not None:
            parameters = self._search_parameters
            if hidden is not None:
                # Hidden rows must not take the places of those that may answer.
                shown = np.ones(self._searched, dtype=bool)
                shown[: self._chunk_count] = ~hidden
                bitmap = np.packbits(shown, bitorder="little")
                parameters = faiss.SearchParametersIVF()
                parameters.nprobe = self._search_parameters.nprobe
                parameters.sel = faiss.IDSelectorBitmap(bitmap.size, faiss.swig_ptr(bitmap))
            _, rows = self._neighbors.search(query, wanted, params=parameters)
            row = rows[0][rows[0] >= 0]
            inside = row < self._chunk_count
            questions = self._question_chunks[row[~inside] - self._chunk_count].astype(np.int64)
            return np.concatenate([row[inside], questions])
        cosines = self._vectors[: self._chunk_count] @ vector
        if hidden is not None:
            cosines[hidden] = -2.0
        count = min(wanted, self._chunk_count)
        return np.argpartition(-cosines, count - 1)[:count].astype(np.int64)

    def _identifier_shares(self, chunks: NDArray[np.int64], codes: tuple[str, ...]) -> NDArray[np.float64]:
        texts = [self._chunk_text(int(chunk)) for chunk in chunks]
        held = [[holds_identifier(text, code) for code in codes] for text in texts]
        shares: NDArray[np.float64] = np.asarray(held, dtype=np.float64).mean(axis=1)
        return shares

    def _chunk_text(self, chunk: int) -> str:
        document = int(self._document_of[chunk])
        text = self._documents["text"][document].as_py()[self._starts[chunk] : self._ends[chunk]]
        return f"{self._documents['title'][document].as_py()} {self._sections[chunk].as_py()} {text}"

    def _passage(self, chunk: int, score: float, similarity: float, keyword_share: float) -> Passage:
        document = int(self._document_of[chunk])
        start, end = int(self._starts[chunk]), int(self._ends[chunk])
        row = {name: self._documents[name][document].as_py() for name in ("id", "version", "title", "text")}
        return Passage(
            document_id=row["id"],
            document_version=row["version"],
            chunk_id=f"{row['id']}#{int(self._ordinals[chunk])}",
            title=row["title"],
            url=self._urls[chunk].as_py(),
            section=self._sections[chunk].as_py(),
            page=self._pages[chunk].as_py(),
            text=row["text"][start:end],
            start=start,
            end=end,
            score=score,
            similarity=similarity,
            keyword_share=keyword_share,
        )

    def _evidence(
        self, tokens: list[str], codes: tuple[str, ...], passages: list[Passage], likeness: NDArray[np.float32]
    ) -> Evidence:
        top = passages[:COVERING_PASSAGES]
        texts = [f"{passage.title} {passage.section} {passage.text}" for passage in top]
        held = {token for text in texts for token in keyword_tokens(text)}
        held_codes = tuple(code for code in codes if any(holds_identifier(text, code) for text in texts))
        return Evidence(
            similarity=float(likeness.max()) if likeness.size else 0.0,
            breadth=(
                float(np.mean([passage.similarity for passage in passages[:EVIDENCE_PASSAGES]])) if passages else 0.0
            ),
            term_coverage=self._rarity.coverage(tokens, held),
            lead=_lead(passages),
            missing_identifiers=tuple(code for code in codes if code not in held_codes),
            held_identifiers=held_codes,
        )


def _lead(passages: list[Passage]) -> float:
    best = passages[0] if passages else None
    if best is None:
        return 0.0
    others = [passage.score for passage in passages if passage.document_id != best.document_id]
    return best.score - others[0] if others else 0.0
