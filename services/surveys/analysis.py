"""Analyzes responses in memory: nothing is kept, and what may pass by itself is waited for."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from services.errors import AppError
from services.jobs.retrying import wait_seconds
from services.ports.surveys import AnalysisListener, StepListener, SurveyAnalyzer
from services.surveys.models import Response, ResponseFinding, Taxonomy
from services.surveys.run_backends import RETRY_POLICY
from services.surveys.run_models import RunEstimate, StepTrace


@dataclass(frozen=True, slots=True)
class Analysis:
    """What came of an analysis in memory.

    Attributes:
        responses: As they were analyzed: a backend that sends them to a server gets them with personal data masked.
            Evidence is a part of these texts.
        findings: One per response, in the order given.
        estimate: What was expected beforehand.
        traces: What each step was given and made; empty unless asked for.
    """

    responses: tuple[Response, ...]
    findings: tuple[ResponseFinding, ...]
    estimate: RunEstimate
    traces: tuple[StepTrace, ...] = ()


def estimate_responses(analyzer: SurveyAnalyzer, responses: Sequence[Response], taxonomy: Taxonomy) -> RunEstimate:
    """What :func:`analyze_responses` would take. Raises InputError."""
    estimate = analyzer.estimate(list({response.text: None for response in responses}), taxonomy)
    return replace(estimate, response_count=len(responses))


def analyze_responses(
    analyzer: SurveyAnalyzer,
    responses: Sequence[Response],
    taxonomy: Taxonomy,
    on_progress: AnalysisListener | None = None,
    on_step: StepListener | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[float, float], float] = random.uniform,
) -> list[ResponseFinding]:
    """Findings in the order of the responses; each different text is read once.

    A backend that costs money is asked chunk by chunk, and one that is throttled or away for a while is asked again,
    as in a run: what it has answered by then is not lost.

    Args:
        sleep, draw: How to wait and for how long, for tests.

    Raises:
        InputError: see :meth:`SurveyAnalyzer.analyze`.
        BackendError: the backend failed for good.
    """
    if not analyzer.paid:
        return analyzer.analyze(responses, taxonomy, on_progress, on_step)
    firsts = {response.text: response for response in reversed(responses)}
    distinct = [response for response in responses if firsts[response.text] is response]
    counts: dict[str, int] = {}
    for response in responses:
        counts[response.text] = counts.get(response.text, 0) + 1
    found: dict[str, ResponseFinding] = {}
    done = 0
    for start in range(0, len(distinct), analyzer.chunk_texts):
        chunk = distinct[start : start + analyzer.chunk_texts]
        findings = _patiently(partial(analyzer.analyze, chunk, taxonomy, None, on_step), sleep, draw)
        found.update((response.text, finding) for response, finding in zip(chunk, findings, strict=True))
        done += sum(counts[response.text] for response in chunk)
        if on_progress is not None:
            on_progress(done, len(responses))
    return [replace(found[response.text], response_id=response.id) for response in responses]


def _patiently(
    ask: Callable[[], list[ResponseFinding]],
    sleep: Callable[[float], None],
    draw: Callable[[float, float], float],
) -> list[ResponseFinding]:
    failed_tries = 0
    while True:
        try:
            return ask()
        except AppError as error:
            wait = wait_seconds(RETRY_POLICY, failed_tries, error, draw)
            if wait is None:
                raise
            failed_tries += 1
            sleep(wait)
