"""What people see of runs: how far they are, what they took, and which backends there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.jobs.models import ItemStatus, Job, JobItem
from services.surveys.run_models import SurveyRun


@dataclass(frozen=True, slots=True)
class BackendChoice:
    """A backend that runs may use.

    Attributes:
        name: As ``RunOptions.backend`` has it.
        label: What people call it.
        paid: Whether a run may cost money and sends responses to a server.
        model: Which model it asks; empty when it has none.
        ready: Whether a run would work now.
        problem: Why not, and what to do; empty when it is ready.
        note: What else to know before using it, whole sentences.
    """

    name: str
    label: str
    paid: bool
    model: str
    ready: bool
    problem: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What came of a run and what it took, added up over its chunks.

    Attributes:
        texts: Different texts that were analyzed.
        missing_texts: Different texts that were not, because their chunk failed or was canceled.
        other_texts: Of the analyzed ones, those without any topic.
        review_texts: Of the analyzed ones, those that a person should look at.
        calls: Calls of a model that were made for this run; stored replies that it used again are not among them.
        cost_usd: None when the price is not known.
        seconds: Work on all chunks, added up; with several places, runs take less.
        round: 1, and one more for every retry: findings of the same run and round are the same.
    """

    texts: int = 0
    missing_texts: int = 0
    other_texts: int = 0
    review_texts: int = 0
    calls: int = 0
    reused_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    seconds: float = 0.0
    round: int = 1

    def values(self) -> dict[str, Any]:
        """As the result of a job."""
        return {name: getattr(self, name) for name in _NAMES}

    @staticmethod
    def from_values(values: Mapping[str, Any]) -> RunFacts:
        """What :meth:`values` wrote."""
        return RunFacts(**{name: values[name] for name in _NAMES if name in values})


_NAMES = tuple(RunFacts.__slots__)
_ADDED = ("other_texts", "review_texts", "calls", "reused_calls", "input_tokens", "output_tokens", "seconds")


@dataclass(frozen=True, slots=True)
class RunState:
    """A run with how far it is.

    Attributes:
        facts: What came of it so far as chunks have ended; None while it is live.
    """

    run: SurveyRun
    job: Job
    facts: RunFacts | None = None

    @property
    def is_retried(self) -> bool:
        """Whether what failed is analyzed again, while the findings of the rest stand."""
        return self.job.status.live and self.job.round > 1 and self.job.counts[ItemStatus.DONE] > 0

    @property
    def has_findings(self) -> bool:
        """Whether there is something to look at."""
        ended_with_some = not self.job.status.live and self.facts is not None and self.facts.texts > 0
        return ended_with_some or self.is_retried


def added_facts(items: Iterable[JobItem], distinct_count: int, job_round: int) -> RunFacts:
    """Add up what the chunks of a run told."""
    sums: dict[str, Any] = dict.fromkeys(_ADDED, 0)
    texts, cost = 0, 0.0
    price_known = True
    for item in items:
        if item.status is not ItemStatus.DONE:
            continue
        texts += int(item.result["texts"])
        for name in _ADDED:
            sums[name] += item.result[name]
        price_known = price_known and item.result["cost_usd"] is not None
        cost += item.result["cost_usd"] or 0.0
    sums["seconds"] = round(float(sums["seconds"]), 3)
    return RunFacts(
        texts=texts,
        missing_texts=distinct_count - texts,
        cost_usd=round(cost, 6) if price_known else None,
        round=job_round,
        **sums,
    )
