"""Asks any snapshot, live or not, the way an agent's question is asked; nothing is drafted or kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.answers.bands import band_of
from services.answers.language import other_language
from services.answers.models import Band
from services.answers.questions import condense
from services.knowledge.models import LiveKnowledge, Retrieval, SearchType
from services.ports.explanations import Explanation
from services.ports.knowledge import KnowledgeIndex

# More passages than an agent sees, so that the place of the right document is known when it is not a good one.
PASSAGES = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question found in one snapshot.

    Attributes:
        searched: What was searched for; the question itself unless it was long.
    """

    searched: str
    retrieval: Retrieval
    band: Band


def ask_snapshot(index: KnowledgeIndex, knowledge: LiveKnowledge, question: str) -> Asked:
    """Search with the snapshot's own weights and cuts, without the documents that must not answer.

    Raises:
        NotFoundError: the snapshot is not there.
        ConfigurationError: it is damaged or was made with another embedding model.
    """
    searched = searched_text(index, knowledge, question)
    snapshot = knowledge.snapshot
    retrieval = index.search(
        snapshot.tenant,
        snapshot.number,
        searched,
        limit=PASSAGES,
        search_type=SearchType.HYBRID,
        hidden=knowledge.hidden,
        ranking=snapshot.ranking,
    )
    return Asked(searched, retrieval, shown_band(knowledge, question, retrieval))


def searched_text(index: KnowledgeIndex, knowledge: LiveKnowledge, question: str) -> str:
    """The question that is in a long message, as it would be searched for. Raises as :func:`ask_snapshot`."""

    def relevance(sentences: Sequence[str]) -> list[float]:
        snapshot = knowledge.snapshot
        return [
            index.search(
                snapshot.tenant,
                snapshot.number,
                sentence,
                limit=1,
                search_type=SearchType.SEMANTIC,
                hidden=knowledge.hidden,
                ranking=snapshot.ranking,
            ).evidence.similarity
            for sentence in sentences
        ]

    return condense(question, relevance)


def explain_snapshot(index: KnowledgeIndex, knowledge: LiveKnowledge, searched: str, *, limit: int) -> Explanation:
    """Why a question that is already condensed finds what it finds. Raises as :func:`ask_snapshot`."""
    snapshot = knowledge.snapshot
    return index.explain(
        snapshot.tenant,
        snapshot.number,
        searched,
        limit=limit,
        hidden=knowledge.hidden,
        ranking=snapshot.ranking,
    )


def shown_band(knowledge: LiveKnowledge, question: str, retrieval: Retrieval) -> Band:
    """The band that the agent would see; a question in another language gets no draft."""
    band = band_of(retrieval, knowledge.snapshot.cuts)
    if band is Band.DRAFT and other_language(question) is not None:
        return Band.SOURCES_ONLY
    return band
