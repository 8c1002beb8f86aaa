"""Searches one opened snapshot: by meaning, by words, or by both."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

import bm25s
import faiss
import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.backends.local.snapshot_files import Manifest, open_table
from services.knowledge.models import Evidence, Passage, SearchType
from services.knowledge.tokens import holds_identifier, identifiers, keyword_tokens

# Ranking: (1 - HEADING_SHARE) x cosine to the text + HEADING_SHARE x cosine to the heading
#          + KEYWORD_WEIGHT x bm25 / best bm25 + IDENTIFIER_WEIGHT x share of the question's identifiers held.
# The first three are measured in docs/benchmarks.md; the last makes a code win over any likeness.
HEADING_SHARE = 0.3
KEYWORD_WEIGHT = 0.2
IDENTIFIER_WEIGHT = 0.5
CANDIDATES = 200
INVERTED_LISTS_SEARCHED = 32
EVIDENCE_PASSAGES = 5
COVERING_PASSAGES = 3


class OpenSnapshot:
    """A snapshot opened by memory map; immutable, safe for many threads."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._documents = open_table(folder / "documents.arrow")
        chunks = open_table(folder / "chunks.arrow")
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
        self._search_parameters.nprobe = INVERTED_LISTS_SEARCHED
        self._keywords = bm25s.BM25.load(str(folder / "keywords"), mmap=True)
        self._rarity = _Rarity(self._keywords, manifest.chunk_count)

    def search(
        self, question: str, vector: NDArray[np.float32], limit: int, search_type: SearchType, *, one_per_document: bool
    ) -> tuple[tuple[Passage, ...], Evidence]:
        """The best passages for a question whose unit vector is given, and how well they cover it."""
        tokens = keyword_tokens(question)
        codes = identifiers(question)
        words = self._word_scores(tokens)
        best_word_score = float(words.max()) if words.size else 0.0
        shares = words / best_word_score if best_word_score > 0 else words
        question_likeness = self._question_likeness(vector)
        wanted = max(CANDIDATES, 4 * limit)
        chunks = self._candidates(vector, words, wanted, search_type, question_likeness)
        likeness = self._vectors[chunks] @ vector
        for position, chunk in enumerate(chunks):
            likeness[position] = max(likeness[position], question_likeness.get(int(chunk), -1.0))
        meaning = (1 - HEADING_SHARE) * likeness + HEADING_SHARE * (self._vectors[self._heading_rows[chunks]] @ vector)
        if search_type is SearchType.KEYWORD:
            scores = words[chunks].astype(np.float64)
        elif search_type is SearchType.SEMANTIC:
            scores = meaning.astype(np.float64)
        else:
            scores = meaning + KEYWORD_WEIGHT * shares[chunks]
            if codes:
                scores = scores + IDENTIFIER_WEIGHT * self._identifier_shares(chunks, codes)
        order = np.lexsort((chunks, -scores))
        passages: list[Passage] = []
        seen: set[int] = set()
        for position in order:
            chunk = int(chunks[position])
            document = int(self._document_of[chunk])
            if one_per_document and document in seen:
                continue
            seen.add(document)
            passages.append(
                self._passage(chunk, float(scores[position]), float(likeness[position]), float(shares[chunk]))
            )
            if len(passages) >= max(limit, EVIDENCE_PASSAGES) and (one_per_document or len(seen) > 1):
                break
        evidence = self._evidence(tokens, codes, passages, likeness)
        return tuple(passages[:limit]), evidence

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
    ) -> NDArray[np.int64]:
        found: list[NDArray[np.int64]] = []
        if search_type is not SearchType.KEYWORD:
            found.append(self._nearest(vector, wanted))
            found.append(np.fromiter(question_likeness, dtype=np.int64))
        if search_type is not SearchType.SEMANTIC:
            count = min(wanted, self._chunk_count)
            best = np.argpartition(-words, count - 1)[:count]
            found.append(best[words[best] > 0].astype(np.int64))
        return np.unique(np.concatenate(found))

    def _nearest(self, vector: NDArray[np.float32], wanted: int) -> NDArray[np.int64]:
        query = vector.reshape(1, -1)
        if self._neighbors is not None:
            _, rows = self._neighbors.search(query, wanted, params=self._search_parameters)
            row = rows[0][rows[0] >= 0]
            inside = row < self._chunk_count
            questions = self._question_chunks[row[~inside] - self._chunk_count].astype(np.int64)
            return np.concatenate([row[inside], questions])
        cosines = self._vectors[: self._chunk_count] @ vector
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


class _Rarity:
    """How rare each word is in a snapshot; a word that it does not hold at all is the rarest."""

    def __init__(self, keywords: bm25s.BM25, chunk_count: int) -> None:
        self._vocabulary: dict[str, int] = keywords.vocab_dict
        self._pointers = np.asarray(keywords.scores["indptr"])
        self._chunk_count = chunk_count

    def weight(self, token: str) -> float:
        """Inverse document frequency, at least a little."""
        row = self._vocabulary.get(token)
        frequency = int(self._pointers[row + 1] - self._pointers[row]) if row is not None else 0
        return math.log(1 + (self._chunk_count - frequency + 0.5) / (frequency + 0.5))

    def coverage(self, tokens: list[str], held: set[str]) -> float:
        """Share of the question's words, weighted by rarity, that are among ``held``; 0 without words."""
        weights = {token: self.weight(token) for token in tokens}
        total = sum(weights.values())
        return sum(weight for token, weight in weights.items() if token in held) / total if total else 0.0
