"""The second step: a response is split into statements, each a part of its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.surveys.chain.quotes import QuotedText
from services.surveys.chain.readings import Reading, Span
from services.surveys.chain.replies import EntryModel, Problem, UnusableEntryError, read_entry
from services.surveys.chain.step_prompts import StepPrompt, prompt_of
from services.surveys.run_models import Step

# Two words and a connection between them is the least that says two things.
MOST_WORDS_OF_ONE_STATEMENT = 3
LEAST_COVERED_SHARE = 0.5
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_BREAK = re.compile(r"[.,;:!?/|]\s*\S")
# What a quote does not need: only words count as covered.
_TOKENS_OF_ENTRY = 12
_TOKENS_OF_STATEMENT = 4
_COPY_FACTOR = 1.2


class _Entry(EntryModel):
    statements: list[str]


class SplitStep:
    """See :class:`services.surveys.chain.chain_steps.ChainStep`."""

    @property
    def prompt(self) -> StepPrompt:
        """The prompt in use."""
        return prompt_of(Step.SPLIT)

    @property
    def schema(self) -> Mapping[str, Any]:
        """As its file has it."""
        return self.prompt.schema

    @property
    def shared(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def given(self, reading: Reading) -> dict[str, Any]:
        return {"id": reading.id, "text": reading.clean.text}

    def expected_tokens(self, text_tokens: int, statement_count: int) -> int:
        return int(_COPY_FACTOR * text_tokens) + _TOKENS_OF_STATEMENT * statement_count + _TOKENS_OF_ENTRY

    def read(self, reading: Reading, entry: Mapping[str, Any]) -> Reading:
        quotes = read_entry(_Entry, entry).statements
        if not any(quote.strip() for quote in quotes):
            raise UnusableEntryError(Problem.NO_STATEMENT)
        text = QuotedText(reading.clean.text)
        spans: list[Span] = []
        for quote in quotes:
            span = text.find(quote, spans[-1][1] if spans else 0)
            if span is None:
                raise UnusableEntryError(Problem.NOT_QUOTED)
            if span not in spans:
                spans.append(span)
        if _covered_share(reading.clean.text, spans) < LEAST_COVERED_SHARE:
            raise UnusableEntryError(Problem.LEFT_OUT)
        return replace(reading, statements=tuple(spans))


def is_one_statement(text: str) -> bool:
    """Whether a text is so short that nobody needs to be asked."""
    return len(_WORD.findall(text)) <= MOST_WORDS_OF_ONE_STATEMENT and not _BREAK.search(text)


def as_one_statement(reading: Reading) -> Reading:
    """The whole text as its only statement."""
    return replace(reading, statements=((0, len(reading.clean.text)),))


def _covered_share(text: str, spans: list[Span]) -> float:
    words = [(found.start(), found.end()) for found in _WORD.finditer(text)]
    if not words:
        return 1.0
    covered = sum(any(start < right and end > left for left, right in spans) for start, end in words)
    return covered / len(words)
