"""Topics that the responses themselves suggest."""

from __future__ import annotations

from dataclasses import dataclass

from services.surveys.models import Response, Topic


@dataclass(frozen=True, slots=True)
class SuggestedTopic:
    """A group of responses that speak of the same thing.

    Attributes:
        topic: With a name, keywords and a description made of the responses' own words.
        response_count: Responses that speak of it, repeated ones counted as often as they came.
        representative: Responses that show best what it is about, the best first.
    """

    topic: Topic
    response_count: int
    representative: tuple[Response, ...]
