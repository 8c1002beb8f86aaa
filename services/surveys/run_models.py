"""A run: one analysis of all responses to one question, with one taxonomy, by one backend. It never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a person chooses for a run.

    Attributes:
        backend: Name of the analyzer, such as ``local`` or ``bedrock``.
        use_corrections: Whether corrections of the question become examples.
    """

    backend: str = "local"
    use_corrections: bool = True


@dataclass(frozen=True, slots=True)
class SurveyRun:
    """One run; how far it is stands in its job.

    Attributes:
        backend_version: Changes whenever the same responses may be analyzed otherwise: method, prompts and model.
        job_id: The job whose items are chunks of different texts.
        response_count: Rows of the survey.
        distinct_count: Different texts among them, the empty one included; each is analyzed once.
        example_count: Examples that the run learned from, corrections included.
        correction_count: Corrections among them.
    """

    id: str
    tenant_id: str
    survey_id: str
    question: str
    taxonomy_id: str
    taxonomy_version: int
    options: RunOptions
    backend_version: str
    job_id: str
    username: str
    created_at: datetime
    response_count: int
    distinct_count: int
    example_count: int
    correction_count: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class RunEstimate:
    """What a run would take.

    Attributes:
        response_count: Rows.
        distinct_count: Different texts, each analyzed once.
        readable_count: Different texts that say something: only these are sent to a model.
        calls: Calls of a model; 0 for a backend without one.
        input_tokens, output_tokens: About; 0 without a model.
        cost_usd: None when the price is not known; 0 for a backend that costs nothing.
        seconds: About; None when nothing is known of the backend's speed.
        warnings: What to know before starting, a sentence each.
    """

    response_count: int
    distinct_count: int
    readable_count: int
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    seconds: float | None = None
    warnings: tuple[str, ...] = ()


class Step(StrEnum):
    """The steps of an analysis, in their order."""

    CLEAN = "clean"
    SPLIT = "split"
    TOPICS = "topics"
    SENTIMENT = "sentiment"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class StepTrace:
    """What one step was given and what came of it, for one response or for the many that shared a call.

    Attributes:
        version: Of the prompt or method, such as ``topics-2``.
        response_ids: Responses that it was about.
        given: What went in: the prompt of a call, or the text that a local step read.
        made: What came out, as it came.
        input_tokens, output_tokens: 0 without a model.
        seconds: How long it took.
        note: What was wrong with the reply and what was done about it; empty when nothing was.
    """

    step: Step
    version: str
    response_ids: tuple[str, ...]
    given: str
    made: str
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost_usd: float | None = 0.0
    reused: bool = False
    note: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
