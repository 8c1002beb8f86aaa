"""The first step: what says nothing is decided here, and nobody is paid to read it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from services.surveys.chain.clean_text import clean_text
from services.surveys.chain.readings import Reading
from services.surveys.marks import Mark, mark_text, normalize
from services.surveys.models import OtherReason, Taxonomy


class CleaningStep:
    """Cleans texts and finds those that need no model.

    Args:
        most_tokens: Where a text is cut.
    """

    def __init__(self, taxonomy: Taxonomy, most_tokens: int) -> None:
        self._most_tokens = most_tokens
        names = {normalize(name) for topic in taxonomy.topics for name in (topic.name, *topic.keywords)}
        # "TV" is short, and an answer where there is a topic of that name or an example says so.
        self._known = names | {normalize(example.text) for example in taxonomy.examples if example.topic_ids}
        # With a topic "Don't know" or "Nothing", such answers are answers.
        self._keeps_junk = any(Mark.JUNK in mark_text(name) for name in self._known)

    def other_reason(self, text: str) -> OtherReason | None:
        """Why nobody needs to read it; None when somebody does."""
        marks = mark_text(text)
        if Mark.EMPTY in marks:
            return OtherReason.EMPTY
        if Mark.JUNK in marks:
            return None if self._keeps_junk else OtherReason.JUNK
        if Mark.TOO_SHORT in marks and normalize(text) not in self._known and not _has_symbol(text):
            return OtherReason.TOO_SHORT
        return None

    def says_something(self, text: str) -> bool:
        """Whether a model is asked about it."""
        return self.other_reason(text) is None

    def read(self, number: int, written: str, response_ids: Sequence[str]) -> Reading:
        """The text as the other steps read it.

        Args:
            number: From 1; calls name the response by it.
        """
        clean = clean_text(written, self._most_tokens)
        reason = self.other_reason(written)
        if reason is None and not clean.text:
            reason = OtherReason.EMPTY
        return Reading(f"r{number}", tuple(response_ids), written, clean, other=reason)


def _has_symbol(text: str) -> bool:
    """A thumb or a face says how somebody feels."""
    return any(unicodedata.category(character) == "So" for character in text)
