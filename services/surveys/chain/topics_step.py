"""The third step: statements get topics of the taxonomy, and none other."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.surveys.chain.chain_steps import numbered
from services.surveys.chain.readings import Reading, Sure, TopicClaim
from services.surveys.chain.replies import EntryModel, Problem, UnusableEntryError, read_entry
from services.surveys.chain.step_prompts import StepPrompt, prompt_of
from services.surveys.chain.topic_list import TopicList
from services.surveys.models import OtherReason
from services.surveys.run_models import Step

# Strict modes take some hundred values in an enum; with more topics the reply is checked here alone.
MOST_TOPICS_IN_SCHEMA = 500
_OTHER_REASONS = {
    reason.value: reason for reason in (OtherReason.TOO_SHORT, OtherReason.JUNK, OtherReason.NOT_UNDERSTOOD)
}
_TOKENS_OF_ENTRY = 25
_TOKENS_OF_TOPIC = 22


class _Topic(EntryModel):
    topic: str
    statement: int
    sure: Sure


class _Entry(EntryModel):
    topics: list[_Topic]
    other: str = ""


class TopicsStep:
    """See :class:`services.surveys.chain.chain_steps.ChainStep`."""

    def __init__(self, topics: TopicList) -> None:
        self._topics = topics
        self._shared: dict[str, Any] = {"topics": topics.topics}
        if topics.examples:
            self._shared["examples"] = topics.examples
        self._schema = copy.deepcopy(dict(self.prompt.schema))
        if len(topics.ids) <= MOST_TOPICS_IN_SCHEMA:
            entry = self._schema["properties"]["responses"]["items"]["properties"]
            entry["topics"]["items"]["properties"]["topic"]["enum"] = topics.ids

    @property
    def prompt(self) -> StepPrompt:
        """The prompt in use."""
        return prompt_of(Step.TOPICS)

    @property
    def schema(self) -> Mapping[str, Any]:
        """As its file has it, with the topics' ids as the only values of ``topic``."""
        return self._schema

    @property
    def shared(self) -> Mapping[str, Any]:
        """Topics and examples: first in every call, so that servers may remember them."""
        return self._shared

    def given(self, reading: Reading) -> dict[str, Any]:
        return {"id": reading.id, "statements": numbered(reading.statement_texts())}

    def expected_tokens(self, text_tokens: int, statement_count: int) -> int:
        return _TOKENS_OF_ENTRY + _TOKENS_OF_TOPIC * statement_count

    def read(self, reading: Reading, entry: Mapping[str, Any]) -> Reading:
        said = read_entry(_Entry, entry)
        claims = []
        for one in said.topics:
            number = self._topics.number_of(one.topic)
            if number is None:
                raise UnusableEntryError(Problem.UNKNOWN_TOPIC)
            if not 1 <= one.statement <= len(reading.statements):
                raise UnusableEntryError(Problem.UNKNOWN_STATEMENT)
            claims.append(TopicClaim(number, one.statement - 1, one.sure))
        if claims:
            return replace(reading, claims=tuple(dict.fromkeys(claims)), other=None)
        # "None" beside no topic: it said that nothing fits, in its own way.
        return replace(reading, claims=(), other=_OTHER_REASONS.get(said.other, OtherReason.NOTHING_FITS))
