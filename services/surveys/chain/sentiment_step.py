"""The fourth step: how somebody feels about each topic, and overall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from services.surveys.chain.chain_steps import numbered
from services.surveys.chain.readings import Reading
from services.surveys.chain.replies import EntryModel, Problem, UnusableEntryError, read_entry
from services.surveys.chain.step_prompts import StepPrompt, prompt_of
from services.surveys.chain.topic_list import TopicList
from services.surveys.models import Sentiment
from services.surveys.run_models import Step

_TOKENS_OF_ENTRY = 25
_TOKENS_OF_TOPIC = 18


class _Topic(EntryModel):
    topic: str
    sentiment: Sentiment


class _Entry(EntryModel):
    topics: list[_Topic]
    overall: Sentiment


class SentimentStep:
    """See :class:`services.surveys.chain.chain_steps.ChainStep`."""

    def __init__(self, topics: TopicList) -> None:
        self._topics = topics
        self._shared = {"examples": topics.sentiment_examples} if topics.sentiment_examples else {}

    @property
    def prompt(self) -> StepPrompt:
        """The prompt in use."""
        return prompt_of(Step.SENTIMENT)

    @property
    def schema(self) -> Mapping[str, Any]:
        """As its file has it."""
        return self.prompt.schema

    @property
    def shared(self) -> Mapping[str, Any]:
        """Examples that have a sentiment."""
        return self._shared

    def given(self, reading: Reading) -> dict[str, Any]:
        topics = [
            {
                "topic": self._topics.ids[topic],
                "name": self._topics.names[topic],
                "statements": [statement + 1 for statement in statements],
            }
            for topic, statements in reading.topic_statements().items()
        ]
        return {"id": reading.id, "statements": numbered(reading.statement_texts()), "topics": topics}

    def expected_tokens(self, text_tokens: int, statement_count: int) -> int:
        return _TOKENS_OF_ENTRY + _TOKENS_OF_TOPIC * statement_count

    def read(self, reading: Reading, entry: Mapping[str, Any]) -> Reading:
        said = read_entry(_Entry, entry)
        sentiments: dict[int, Sentiment] = {}
        for one in said.topics:
            number = self._topics.number_of(one.topic)
            if number is None or number in sentiments:
                raise UnusableEntryError(Problem.WRONG_TOPICS)
            if one.sentiment is Sentiment.MIXED:
                raise UnusableEntryError(Problem.BAD_SHAPE)
            sentiments[number] = one.sentiment
        if set(sentiments) != set(reading.topic_statements()):
            raise UnusableEntryError(Problem.WRONG_TOPICS)
        return replace(reading, overall=said.overall, sentiments=MappingProxyType(sentiments))
