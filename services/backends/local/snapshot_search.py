"""Searches one opened snapshot: by meaning, by words, or by both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import bm25s
import faiss
import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.backends.local.snapshot_files import Manifest, open_table
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
from services.knowledge.models import Evidence, Passage, Ranking, SearchType
from services.knowledge.tokens import holds_identifier, identifiers, keyword_tokens
from services.ports.explanations import ExplainedPassage

CANDIDATES = 200
# The search types that find something different here; what the backend thinks best is all together.
SEARCH_TYPES = (SearchType.HYBRID, SearchType.SEMANTIC, SearchType.KEYWORD)
# One of so many lists of a large index is read for a question: 32 of the 512 that 100,000 vectors have.
SEARCHED_LISTS_SHARE = 1 / 16


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
    """The candidates of one search type, best first; one value per candidate."""

    chunks: NDArray[np.int64]
    scores: NDArray[np.float64]
    parts: ScoreParts


def searched_lists(neighbors: faiss.Index) -> int:
    """How many inverted lists of an index are read for one question."""
    return max(1, round(faiss.extract_index_ivf(neighbors).nlist * SEARCHED_LISTS_SHARE))


@dataclass(frozen=True, slots=True)
class ChunkIdentity:
    """What tells a chunk from all others.

    Attributes:
        row: Its place in the snapshot.
        text_key: See :func:`services.backends.local.snapshot_writer.text_key`, of its heading and text.
    """

    row: int
    document_id: str
    document_version: int
    ordinal: int
    text_key: str


class OpenSnapshot:
    """A snapshot opened by memory map; immutable, safe for many threads.

    Attributes:
        chunk_size: Words of a chunk and of the overlap that it was cut with.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._documents = open_table(folder / "documents.arrow")
        chunks = open_table(folder / "chunks.arrow")
        self._row_of = {document_id: row for row, document_id in enumerate(self._documents["id"].to_pylist())}
        self._versions = self._documents["version"].to_numpy()
        self._sections = chunks["section"]
        self._urls = chunks["url"]
        self._keys = chunks["key"]
        self._document_of = chunks["document"].to_numpy()
        self._ordinals = chunks["ordinal"].to_numpy()
        self._starts = chunks["start"].to_numpy()
        self._ends = chunks["end"].to_numpy()
        self._pages = chunks["page"]
        self.chunk_size = (manifest.chunk_words, manifest.chunk_overlap)
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
        self._rarity = WordRarity.of_keywords(self._keywords, manifest.chunk_count)

    def search(
        self,
        question: str,
        vector: NDArray[np.float32],
        wanted: Wanted,
        among: NDArray[np.int64] | None = None,
    ) -> tuple[tuple[Passage, ...], Evidence]:
        """The best passages for a question whose unit vector is given, and how well they cover it.

        Args:
            among: Rows of chunks that somebody else found, to be ranked; None looks for them here.
        """
        asked = self._asked(question, vector, wanted.hidden)
        return self._passages(asked, self._found(asked, wanted, wanted.search_type, among), wanted)

    def explain(
        self,
        question: str,
        vector: NDArray[np.float32],
        wanted: Wanted,
        among: Mapping[SearchType, NDArray[np.int64]] | None = None,
    ) -> tuple[tuple[ExplainedPassage, ...], Evidence]:
        """As :meth:`search` in its hybrid form, with what every search type found and what the scores are made of.

        Args:
            among: For every search type that is told of, as in :meth:`search`; hybrid search is always one of them.
        """
        asked = self._asked(question, vector, wanted.hidden)
        found = {
            search_type: self._found(asked, wanted, search_type, among[search_type] if among is not None else None)
            for search_type in (SEARCH_TYPES if among is None else among)
        }
        _, evidence = self._passages(asked, found[SearchType.HYBRID], wanted)
        ranks = {
            search_type: {int(chunk): rank for rank, chunk in enumerate(one.chunks, start=1)}
            for search_type, one in found.items()
        }
        shown = {chunk for places in ranks.values() for chunk, rank in places.items() if rank <= wanted.limit}
        phrasings = self._nearest_phrasings(vector, shown & asked.question_likeness.keys())
        # What only another search found has its hybrid score too, but no place in hybrid search.
        others = np.array(sorted(shown.difference(found[SearchType.HYBRID].chunks.tolist())), dtype=np.int64)
        told = [
            explained(
                self._passage_at(ranked, position),
                ranked.parts,
                position,
                wanted.ranking,
                ranks={search_type: places[chunk] for search_type, places in ranks.items() if chunk in places},
                codes=asked.codes,
                phrasing=phrasings.get(chunk),
            )
            for ranked in (found[SearchType.HYBRID], self._ranked(asked, wanted, SearchType.HYBRID, others))
            for position, chunk in enumerate(ranked.chunks.tolist())
            if chunk in shown
        ]
        return tuple(sorted(told, key=lambda one: -one.passage.score)), evidence

    def _asked(self, question: str, vector: NDArray[np.float32], hidden_documents: Mapping[str, int]) -> _Asked:
        tokens = keyword_tokens(question)
        hidden = self._hidden_chunks(hidden_documents)
        words = self._word_scores(tokens)
        if hidden is not None:
            words = np.where(hidden, 0, words)
        best_word_score = float(words.max()) if words.size else 0.0
        shares = words / best_word_score if best_word_score > 0 else words
        return _Asked(vector, tokens, identifiers(question), words, shares, self._question_likeness(vector), hidden)

    def _found(
        self, asked: _Asked, wanted: Wanted, search_type: SearchType, among: NDArray[np.int64] | None = None
    ) -> _Found:
        if among is None:
            among = self._candidates(
                asked.vector,
                asked.words,
                max(CANDIDATES, 4 * wanted.limit),
                search_type,
                asked.question_likeness,
                asked.hidden,
            )
        elif asked.hidden is not None:
            among = among[~asked.hidden[among]]
        return self._ranked(asked, wanted, search_type, among)

    def _ranked(self, asked: _Asked, wanted: Wanted, search_type: SearchType, chunks: NDArray[np.int64]) -> _Found:
        phrased = [asked.question_likeness.get(int(chunk), -1.0) for chunk in chunks]
        by_both = search_type not in (SearchType.KEYWORD, SearchType.SEMANTIC)
        parts = ScoreParts(
            text=self._vectors[chunks] @ asked.vector,
            phrasing=np.asarray(phrased, dtype=np.float32),
            heading=self._vectors[self._heading_rows[chunks]] @ asked.vector,
            words=asked.words[chunks],
            word_shares=asked.shares[chunks],
            code_shares=(
                code_shares([self._chunk_text(int(chunk)) for chunk in chunks], asked.codes)
                if asked.codes and by_both
                else np.zeros(len(chunks))
            ),
        )
        scores = scores_of(parts, search_type, wanted.ranking)
        order = np.lexsort((chunks, -scores))
        return _Found(chunks[order], scores[order], parts.taken(order))

    def _passages(self, asked: _Asked, found: _Found, wanted: Wanted) -> tuple[tuple[Passage, ...], Evidence]:
        documents = self._document_of[found.chunks].tolist()
        positions = positions_shown(documents, wanted.limit, one_per_document=wanted.one_per_document)
        passages = [self._passage_at(found, position) for position in positions]
        likeness = found.parts.likeness
        similarity = float(likeness.max()) if likeness.size else 0.0
        evidence = evidence_of(passages, similarity, asked.tokens, asked.codes, self._rarity.coverage)
        return tuple(passages[: wanted.limit]), evidence

    def _passage_at(self, found: _Found, position: int) -> Passage:
        return self._passage(
            int(found.chunks[position]),
            float(found.scores[position]),
            float(found.parts.likeness[position]),
            float(found.parts.word_shares[position]),
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

    def chunks(self) -> Iterator[ChunkIdentity]:
        """What identifies every chunk, in the order of their rows."""
        ids, versions = self._documents["id"].to_pylist(), self._versions.tolist()
        rows = zip(self._document_of.tolist(), self._ordinals.tolist(), self._keys.to_pylist(), strict=True)
        for row, (document, ordinal, key) in enumerate(rows):
            yield ChunkIdentity(row, ids[document], versions[document], ordinal, key)

    def addresses(self) -> Iterator[tuple[str, str | None]]:
        """Id and URL of every document."""
        yield from zip(self._documents["id"].to_pylist(), self._documents["url"].to_pylist(), strict=True)

    def texts_of(self, document_id: str) -> Iterator[tuple[int, str]]:
        """Row and text of every chunk of a document that is held."""
        document = self._row_of[document_id]
        text = self._documents["text"][document].as_py()
        for row in np.flatnonzero(self._document_of == document).tolist():
            yield row, text[self._starts[row] : self._ends[row]]

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

    def _chunk_text(self, chunk: int) -> str:
        document = int(self._document_of[chunk])
        text = self._documents["text"][document].as_py()[self._starts[chunk] : self._ends[chunk]]
        return searched_text_of(self._documents["title"][document].as_py(), self._sections[chunk].as_py(), text)

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
