"""What an index tells about why a question found what it found."""

from __future__ import annotations

from dataclasses import dataclass

from services.knowledge.models import Evidence, Passage, Ranking, SearchType


@dataclass(frozen=True, slots=True)
class ExplainedPassage:
    """One passage with all that hybrid search adds up for it, and its place in each search.

    Attributes:
        passage: As hybrid search gives it; its score is ``text_part + heading_part + keyword_part + code_part``.
        ranks: Place from 1 in each search that finds it.
        text_similarity: Cosine of the question to heading and text, in [-1, 1].
        phrasing: Index, among the phrasings of its chunk, of the one closest to the question; None where none is near.
        phrasing_similarity: Cosine to that phrasing; -1 without one.
        heading_similarity: Cosine to the heading alone.
        keyword_score: BM25, from 0, not bounded.
        held_codes: Codes and names of the question that the passage holds.
    """

    passage: Passage
    ranks: dict[SearchType, int]
    text_similarity: float
    phrasing: int | None
    phrasing_similarity: float
    heading_similarity: float
    keyword_score: float
    held_codes: tuple[str, ...]
    text_part: float
    heading_part: float
    keyword_part: float
    code_part: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that any search finds for one question, in the order of hybrid search.

    Attributes:
        evidence: Of the hybrid search.
        codes: Codes, form names and phone numbers in the question.
        question_vector: As in :class:`services.knowledge.models.Retrieval`.
        search_types: The searches that were asked, hybrid search first; what the index offers.
    """

    passages: tuple[ExplainedPassage, ...]
    evidence: Evidence
    snapshot: int
    ranking: Ranking
    codes: tuple[str, ...] = ()
    question_vector: tuple[float, ...] = ()
    search_types: tuple[SearchType, ...] = (SearchType.HYBRID, SearchType.SEMANTIC, SearchType.KEYWORD)

    def found_by(self, search_type: SearchType) -> list[ExplainedPassage]:
        """What this search finds, best first."""
        found = [one for one in self.passages if search_type in one.ranks]
        return sorted(found, key=lambda one: one.ranks[search_type])
