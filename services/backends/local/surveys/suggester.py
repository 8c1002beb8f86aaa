"""Proposes topics by grouping the statements of responses: the local TopicSuggester."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.backends.local.surveys.clustering import cohesion, group_center, grouped, usual_group_count
from services.backends.local.surveys.reading import ReadResponse, read_response
from services.backends.local.surveys.topic_names import central_rows, distinguishing_terms, unique_names
from services.backends.local.surveys.words import stems
from services.errors import InputError
from services.ports.knowledge import Embedder
from services.ports.surveys import AnalysisListener
from services.surveys.models import Response, Topic
from services.surveys.suggestions import SuggestedTopic
from services.surveys.topic_words import topic_id_of

MOST_STATEMENTS = 12_000
"""More than these add no topic worth having; they are drawn evenly from all responses."""

FEWEST_STATEMENTS = 8
REPRESENTATIVES = 3
SMALLEST_SHARE = 0.005
LEAST_COHESION = 0.5
"""Groups below it hold what fits nowhere: "what is going on", "please help"."""

_EMBEDDED_AT_ONCE = 2_000


@dataclass(slots=True)
class _Statement:
    """A statement with the rows of the responses that make it."""

    text: str
    rows: list[int] = field(default_factory=list)


class LocalTopicSuggester:
    """Groups statements by k-means over their vectors, and names groups by their own words.

    Args:
        embedder: Its vectors say which statements are alike.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def suggest(
        self, responses: Sequence[Response], count: int | None = None, on_progress: AnalysisListener | None = None
    ) -> list[SuggestedTopic]:
        statements = _statements(responses)
        if len(statements) < FEWEST_STATEMENTS:
            raise InputError(
                f"Only {len(statements)} different statements say something; topics cannot be seen in so few.",
                code="too-few-responses",
                remedy="Write the topics by hand, or add responses.",
            )
        vectors = self._embed(statements, len(responses), on_progress)
        weights = np.sqrt(np.array([len(one.rows) for one in statements], dtype=np.float32))
        wanted = min(count or usual_group_count(len(statements)), len(statements))
        labels = grouped(vectors, weights, wanted, most=count)
        groups = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
        centers = [group_center(vectors, weights, labels == label) for label in range(len(groups))]
        terms = distinguishing_terms([[statements[row].text for row in group] for group in groups])
        sized = sorted(
            (
                (len({response for row in group for response in statements[row].rows}), number)
                for number, group in enumerate(groups)
            ),
            key=lambda pair: (-pair[0], pair[1]),
        )
        if count is None:
            sized = _worth_showing(sized, [cohesion(vectors, *pair) for pair in zip(centers, groups, strict=True)])
        names = unique_names([terms[number] for _, number in sized])
        suggestions = []
        for (size, number), name in zip(sized, names, strict=True):
            best = central_rows(vectors[groups[number]], centers[number], REPRESENTATIVES)
            representative = tuple(responses[statements[groups[number][row]].rows[0]] for row in best)
            topic = Topic(topic_id_of(name), name, ", ".join(terms[number]), terms[number])
            suggestions.append(SuggestedTopic(topic, size, tuple(dict.fromkeys(representative))))
        return suggestions

    def _embed(
        self, statements: Sequence[_Statement], response_count: int, on_progress: AnalysisListener | None
    ) -> NDArray[np.float32]:
        parts = []
        for left in range(0, len(statements), _EMBEDDED_AT_ONCE):
            block = statements[left : left + _EMBEDDED_AT_ONCE]
            parts.append(self._embedder.embed([one.text for one in block]))
            if on_progress is not None:
                on_progress(response_count * (left + len(block)) // len(statements), response_count)
        return np.concatenate(parts)


def _worth_showing(sized: list[tuple[int, int]], cohesions: Sequence[float]) -> list[tuple[int, int]]:
    """The groups that have something in common and are not tiny; all of them where none would be left."""
    total = sum(size for size, _ in sized)
    kept = [
        (size, number)
        for size, number in sized
        if cohesions[number] >= LEAST_COHESION and size >= SMALLEST_SHARE * total
    ]
    return kept or sized


def _statements(responses: Sequence[Response]) -> list[_Statement]:
    """Different statements that say something, evenly thinned out when there are too many."""
    found: dict[str, _Statement] = {}
    known: dict[str, ReadResponse] = {}
    for row, response in enumerate(responses):
        read = known.get(response.text)
        if read is None:
            read = known[response.text] = read_response(response.text)
        if read.is_foreign:
            continue
        for text in dict.fromkeys(read.statements):
            found.setdefault(text, _Statement(text)).rows.append(row)
    said = [one for one in found.values() if stems(one.text)]
    if len(said) <= MOST_STATEMENTS:
        return said
    rows = np.linspace(0, len(said) - 1, MOST_STATEMENTS).astype(int)
    return [said[row] for row in rows.tolist()]
