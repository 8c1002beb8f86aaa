"""Topics and sentiment by a language model, in a chain of steps that can each be looked at."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.errors import InputError
from services.ports.language_models import LanguageModel
from services.ports.surveys import AnalysisListener, StepListener
from services.surveys.chain.asking import Asking, fixed_tokens
from services.surveys.chain.batches import RESPONSES_PER_CALL, call_room, longest_text_tokens
from services.surveys.chain.checking import checked_trace, cleaned_trace, finding_of
from services.surveys.chain.cleaning_step import CleaningStep
from services.surveys.chain.estimating import TOKENS_PER_STATEMENT, estimate_of
from services.surveys.chain.paid_calls import PaidModelCalls
from services.surveys.chain.readings import Reading
from services.surveys.chain.replies import Problem
from services.surveys.chain.sentiment_step import SentimentStep
from services.surveys.chain.split_step import SplitStep, as_one_statement, is_one_statement
from services.surveys.chain.step_prompts import CHAIN_VERSION, CLEAN_VERSION
from services.surveys.chain.topic_list import TopicList
from services.surveys.chain.topics_step import TopicsStep
from services.surveys.models import OtherReason, Response, ResponseFinding, Taxonomy
from services.surveys.readable_texts import readable_texts
from services.surveys.run_models import RunEstimate, Step, StepTrace
from services.surveys.taxonomy_checks import assignable_part, check_taxonomy

# One call per step where nothing goes wrong: about a minute.
CHUNK_TEXTS = RESPONSES_PER_CALL
LONGEST_VERSION = 120

# What a model cannot take apart it may still be able to judge as a whole.
_STILL_ONE_STATEMENT = frozenset({Problem.NOT_QUOTED, Problem.NO_STATEMENT, Problem.LEFT_OUT})


class ModelChainAnalyzer:
    """See :class:`services.ports.surveys.SurveyAnalyzer` and decision 0012.

    Args:
        model: Whose name and limits count; it is asked through ``calls`` alone.
    """

    paid = True
    chunk_texts = CHUNK_TEXTS

    def __init__(self, model: LanguageModel, calls: PaidModelCalls) -> None:
        self._model = model
        self._calls = calls

    @property
    def name(self) -> str:
        """The model's backend."""
        return self._model.name

    @property
    def version(self) -> str:
        """The versions of all steps, and the model."""
        version = f"{CHAIN_VERSION} {self._model.model}"
        if len(version) <= LONGEST_VERSION:
            return version
        digest = hashlib.sha256(version.encode()).hexdigest()[:12]
        return f"{version[: LONGEST_VERSION - len(digest) - 1]} {digest}"

    def analyze(
        self,
        responses: Sequence[Response],
        taxonomy: Taxonomy,
        on_progress: AnalysisListener | None = None,
        on_step: StepListener | None = None,
    ) -> list[ResponseFinding]:
        check_taxonomy(taxonomy)
        taxonomy = assignable_part(taxonomy)
        chain = self._chain(taxonomy)
        rows: dict[str, list[int]] = {}
        for row, response in enumerate(responses):
            rows.setdefault(response.text, []).append(row)
        texts = list(rows)
        asking = Asking(self._model, self._calls, on_step)
        findings: dict[int, ResponseFinding] = {}
        for first in range(0, len(texts), self.chunk_texts):
            readings = []
            for number, text in enumerate(texts[first : first + self.chunk_texts], start=1):
                started = time.perf_counter()
                reading = chain.cleaning.read(number, text, [responses[row].id for row in rows[text]])
                _tell(on_step, cleaned_trace(reading, CLEAN_VERSION, time.perf_counter() - started))
                readings.append(reading)
            read = chain.read(readings, asking, on_step)
            for reading in readings:
                finding = self._checked(read[reading.id], taxonomy, on_step)
                for row in rows[reading.written]:
                    findings[row] = replace(finding, response_id=responses[row].id)
            if on_progress is not None:
                on_progress(len(findings), len(responses))
        return [findings[row] for row in range(len(responses))]

    def estimate(self, texts: Sequence[str], taxonomy: Taxonomy) -> RunEstimate:
        check_taxonomy(taxonomy)
        chain = self._chain(assignable_part(taxonomy))
        readable = readable_texts(texts, chain.cleaning.says_something)
        return estimate_of(len(texts), readable, chain.asking_steps, self.chunk_texts, self._model.limits)

    def check_ready(self) -> None:
        self._model.check_ready()

    def _chain(self, taxonomy: Taxonomy) -> _Chain:
        chain = _Chain(taxonomy, self._model)
        chain.check_fits(self._model)
        return chain

    @staticmethod
    def _checked(reading: Reading, taxonomy: Taxonomy, on_step: StepListener | None) -> ResponseFinding:
        started = time.perf_counter()
        finding = finding_of(reading, taxonomy)
        if reading.statements or reading.notes:
            _tell(on_step, checked_trace(reading, finding, taxonomy, time.perf_counter() - started))
        return finding


class _Chain:
    """The steps for one taxonomy."""

    def __init__(self, taxonomy: Taxonomy, model: LanguageModel) -> None:
        topics = TopicList(taxonomy, model.limits)
        self.cleaning = CleaningStep(taxonomy, longest_text_tokens(model.limits))
        self._split = SplitStep()
        self._topics = TopicsStep(topics)
        self._sentiment = SentimentStep(topics)
        self.asking_steps = (self._split, self._topics, self._sentiment)
        self._topic_count = len(taxonomy.topics)

    def check_fits(self, model: LanguageModel) -> None:
        """See that the topics leave room for the longest response. Raises InputError (``taxonomy-too-large``)."""
        longest = longest_text_tokens(model.limits)
        statements = 1 + longest // TOKENS_PER_STATEMENT
        for step in self.asking_steps:
            needed = fixed_tokens(step) + longest + 8 * statements + step.expected_tokens(longest, statements)
            if needed > call_room(model.limits):
                raise InputError(
                    f"The {self._topic_count} topics with their descriptions are too much for the model: a call would "
                    f"take about {needed:,} tokens, and {model.limits.context_tokens:,} are allowed.",
                    code="taxonomy-too-large",
                    remedy="Shorten descriptions, remove keywords or use fewer topics; or have an administrator raise "
                    f"FRONTLINE_{model.name.upper()}_SURVEY_CONTEXT_TOKENS, if the model takes more.",
                )

    def read(self, readings: Sequence[Reading], asking: Asking, on_step: StepListener | None) -> Mapping[str, Reading]:
        """The readings by id after every step that asks."""
        done = {reading.id: reading for reading in readings}
        to_split = []
        for reading in readings:
            if reading.other is not None:
                continue
            if is_one_statement(reading.clean.text):
                done[reading.id] = as_one_statement(reading)
                _tell(on_step, _unsplit_trace(reading, "So short that it is one statement: nobody was asked."))
            else:
                to_split.append(reading)
        split = asking.ask(self._split, to_split)
        done.update(split.readings)
        for name, problem in split.failures.items():
            if problem in _STILL_ONE_STATEMENT:
                note = f"It was not split: {_lower(problem)} It was judged as one statement."
                done[name] = replace(as_one_statement(done[name]), notes=(note,))
                _tell(on_step, _unsplit_trace(done[name], note))
            else:
                done[name] = _given_up(done[name], "split", problem)
        for step, what in ((self._topics, "given topics"), (self._sentiment, "given a sentiment")):
            asked = asking.ask(step, [one for one in done.values() if one.statements and _goes_on(one)])
            done.update(asked.readings)
            for name, problem in asked.failures.items():
                done[name] = _given_up(done[name], what, problem)
        return done


def _goes_on(reading: Reading) -> bool:
    return reading.other not in {OtherReason.JUNK, OtherReason.NOT_UNDERSTOOD}


def _given_up(reading: Reading, what: str, problem: Problem) -> Reading:
    note = f"It could not be {what}: {_lower(problem)} Somebody should look."
    return replace(reading, claims=(), other=OtherReason.NOT_UNDERSTOOD, notes=(*reading.notes, note))


def _lower(problem: Problem) -> str:
    return problem.value[0].lower() + problem.value[1:]


def _unsplit_trace(reading: Reading, note: str) -> StepTrace:
    text = reading.clean.text
    return StepTrace(Step.SPLIT, CLEAN_VERSION, reading.response_ids, text, text, note=note)


def _tell(on_step: StepListener | None, trace: StepTrace) -> None:
    if on_step is not None:
        on_step(trace)
