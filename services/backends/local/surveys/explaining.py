"""Says in words what each local step was given and made, for whoever wants to look at a response."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.backends.local.surveys.judging import Judgement
from services.backends.local.surveys.reading import ReadResponse
from services.backends.local.surveys.sentiment_head import CLASSES
from services.surveys.models import OtherReason, ResponseFinding, Taxonomy
from services.surveys.run_models import Step, StepTrace

METHOD = "local-2"
"""Changes whenever the same responses may be analyzed otherwise by the same embedder."""

_MOST_OTHER_TOPICS = 5
_SURE_WORDS = ((0.75, "surely"), (0.5, "probably"), (0.35, "perhaps"), (0.0, "hardly"))
_REASON_WORDS = {
    OtherReason.NOTHING_FITS: "no topic fits",
    OtherReason.TOO_SHORT: "it is too short to tell",
    OtherReason.JUNK: "it says nothing",
    OtherReason.EMPTY: "it is empty",
    OtherReason.NOT_UNDERSTOOD: "it is in another language",
}


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the models said of one response.

    Attributes:
        feelings: Sentiment probabilities of its texts: the whole first, then its statements.
        compound: VADER's of the whole.
        seconds: Its share of the time that its chunk took.
    """

    judgement: Judgement
    feelings: NDArray[np.float32]
    compound: float
    seconds: float = 0.0

    @property
    def statement_feelings(self) -> NDArray[np.float32]:
        """Those of the statements; of the whole when it is the only one."""
        return self.feelings[1:] if len(self.feelings) > 1 else self.feelings


def explain(
    ids: tuple[str, ...],
    text: str,
    read: ReadResponse,
    judged: Judged | None,
    finding: ResponseFinding,
    taxonomy: Taxonomy,
    seconds: float = 0.0,
) -> Iterator[StepTrace]:
    """The steps of one text in their order; only the first when there was nothing to read.

    Args:
        ids: Of all responses with this text.
        seconds: How long cleaning and splitting took.
    """
    if read.reason is not None or judged is None:
        made = f"Other: {_REASON_WORDS[read.reason or OtherReason.EMPTY]}."
        yield StepTrace(Step.CLEAN, METHOD, ids, text, made, seconds=seconds)
        return
    note = "Its end was not read: it is very long." if read.is_cut else ""
    yield StepTrace(Step.CLEAN, METHOD, ids, text, read.whole, seconds=seconds / 2, note=note)
    quotes = [f"“{text[start:end]}”" for start, end in read.spans]
    statements = "\n".join(quotes)
    yield StepTrace(Step.SPLIT, METHOD, ids, read.whole, statements, seconds=seconds / 2)
    yield StepTrace(
        Step.TOPICS,
        METHOD,
        ids,
        statements,
        "\n".join(_topic_lines(judged.judgement, quotes, taxonomy)),
        seconds=judged.seconds,
        details={
            taxonomy.topics[topic].name: f"{judged.judgement.statement_scores[:, topic].max():.2f}"
            for topic in _best_first(judged.judgement)
        },
    )
    feelings = [CLASSES[int(row.argmax())].value for row in judged.statement_feelings]
    yield StepTrace(
        Step.SENTIMENT,
        METHOD,
        ids,
        statements,
        "\n".join(
            [
                *(f"{quote}: {feeling}" for quote, feeling in zip(quotes, feelings, strict=True)),
                f"As a whole: {finding.sentiment.value}",
            ]
        ),
    )
    given = "\n".join(_name(taxonomy, topic) for topic, _ in judged.judgement.topics)
    yield StepTrace(Step.CHECK, METHOD, ids, given, _checked(text, finding, taxonomy))


def _topic_lines(judgement: Judgement, quotes: Sequence[str], taxonomy: Taxonomy) -> Iterator[str]:
    chosen = {topic for topic, _ in judgement.topics}
    for topic, confidence in judgement.topics:
        best = quotes[int(judgement.statement_scores[:, topic].argmax())]
        yield f"{_name(taxonomy, topic)}: {_how_sure(confidence)}, most in {best}"
    others = [topic for topic in _best_first(judgement) if topic not in chosen][:_MOST_OTHER_TOPICS]
    if others:
        yield "Next best, not chosen: " + ", ".join(_name(taxonomy, topic) for topic in others)
    yield f"One of the topics fits: {_how_sure(judgement.belonging)}"


def _checked(text: str, finding: ResponseFinding, taxonomy: Taxonomy) -> str:
    names = {topic.id: topic.name for topic in taxonomy.topics}
    lines = [f"{names[one.topic_id]}: {one.sentiment.value}, “{text[one.start : one.end]}”" for one in finding.topics]
    if finding.other_reason is not None:
        lines.append(f"Other: {_REASON_WORDS[finding.other_reason]}.")
    if finding.needs_review:
        lines.append("A person should look: " + ", ".join(finding.needs_review))
    return "\n".join(lines)


def _best_first(judgement: Judgement) -> list[int]:
    return [int(topic) for topic in np.argsort(-judgement.statement_scores.max(axis=0), kind="stable")]


def _name(taxonomy: Taxonomy, topic: int) -> str:
    return taxonomy.topics[topic].name


def _how_sure(confidence: float) -> str:
    return next(word for least, word in _SURE_WORDS if confidence >= least)
