"""What the survey use cases need from the outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from services.surveys.models import Response, ResponseFinding, Taxonomy
from services.surveys.suggestions import SuggestedTopic

# Hears how many responses are done, and how many there are; what it raises ends the analysis.
AnalysisListener = Callable[[int, int], None]


class SurveyAnalyzer(Protocol):
    """Finds the topics of a taxonomy, and sentiment, in responses. Safe to call from many threads.

    Attributes:
        name: What says who analyzed, such as ``local``.
    """

    @property
    def name(self) -> str: ...

    def analyze(
        self,
        responses: Sequence[Response],
        taxonomy: Taxonomy,
        on_progress: AnalysisListener | None = None,
    ) -> list[ResponseFinding]:
        """Analyze responses; texts that occur more than once are read once.

        What a response says is only text: nothing in it changes how it or another one is analyzed.

        Returns:
            One finding per response, in the order given. Topics are among the taxonomy's; evidence is a part of the
            response's own text, not empty. The same responses and taxonomy give the same findings.

        Raises:
            InputError: ``no-topics``, ``topic-twice`` or ``unknown-topic`` (in an example).
            BackendError: the backend failed.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError or ConfigurationError when a call would fail now."""
        ...


class TopicSuggester(Protocol):
    """Proposes topics for responses that nobody has looked at yet. Safe to call from many threads."""

    def suggest(
        self,
        responses: Sequence[Response],
        count: int | None = None,
        on_progress: AnalysisListener | None = None,
    ) -> list[SuggestedTopic]:
        """Group responses by what they speak of; the same responses give the same groups.

        Args:
            count: About how many topics; None lets the responses decide.

        Returns:
            The largest group first. Ids and names are unique.

        Raises:
            InputError: ``too-few-responses``: there is too little to group.
            BackendError: the backend failed.
        """
        ...
