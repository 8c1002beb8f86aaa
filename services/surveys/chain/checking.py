"""The last step: every claim is verified once more, and becomes a finding."""

from __future__ import annotations

from collections.abc import Sequence

from services.surveys.chain.readings import Reading, Sure
from services.surveys.chain.step_prompts import CHECK_VERSION
from services.surveys.models import OtherReason, ResponseFinding, Sentiment, Taxonomy, TopicFinding
from services.surveys.review_reasons import ReviewReason
from services.surveys.run_models import Step, StepTrace

_CONFIDENCES = {Sure.HIGH: 0.9, Sure.MEDIUM: 0.7, Sure.LOW: 0.4}
_OTHER_CONFIDENCE = 0.1
_UNREAD_CONFIDENCE = 0.0
_REASON_WORDS = {
    OtherReason.NOTHING_FITS: "no topic fits",
    OtherReason.TOO_SHORT: "it is too short to tell",
    OtherReason.JUNK: "it says nothing",
    OtherReason.EMPTY: "it is empty",
    OtherReason.NOT_UNDERSTOOD: "it was not understood",
}
_UNREAD = frozenset({OtherReason.JUNK, OtherReason.EMPTY, OtherReason.NOT_UNDERSTOOD})


def finding_of(reading: Reading, taxonomy: Taxonomy) -> ResponseFinding:
    """The finding of a response that went through all steps, or that was given up: then ``overall`` is None.

    The response's id is left empty.
    """
    review = [ReviewReason.VERY_LONG] if reading.clean.is_cut else []
    topics = _topics(reading, taxonomy)
    if not topics:
        reason = reading.other or OtherReason.NOT_UNDERSTOOD
        if reason is OtherReason.NOT_UNDERSTOOD:
            review.insert(0, ReviewReason.CLOSE_TO_OTHER)
        return ResponseFinding(
            "",
            (),
            reading.overall or Sentiment.NEUTRAL,
            _UNREAD_CONFIDENCE if reason in _UNREAD else _OTHER_CONFIDENCE,
            reason,
            tuple(one.value for one in review),
        )
    overall = reading.overall or Sentiment.NEUTRAL
    felt = {topic.sentiment for topic in topics}
    if {Sentiment.POSITIVE, Sentiment.NEGATIVE} <= felt:
        overall = Sentiment.MIXED
    elif felt | {overall} >= {Sentiment.POSITIVE, Sentiment.NEGATIVE}:
        # Every topic is praised and the whole is a complaint, or the other way round.
        review.insert(0, ReviewReason.UNCLEAR_SENTIMENT)
    if topics[0].confidence <= _CONFIDENCES[Sure.LOW]:
        review.insert(0, ReviewReason.WEAK_TOPIC)
    return ResponseFinding("", topics, overall, topics[0].confidence, needs_review=tuple(one.value for one in review))


def cleaned_trace(reading: Reading, version: str, seconds: float) -> StepTrace:
    """What the first step made of a text, and what it decided without asking anybody."""
    made = f"Other: {_REASON_WORDS[reading.other]}." if reading.other is not None else reading.clean.text
    note = "Only its beginning is read: it is very long." if reading.clean.is_cut else ""
    return StepTrace(Step.CLEAN, version, reading.response_ids, reading.written, made, seconds=seconds, note=note)


def checked_trace(reading: Reading, finding: ResponseFinding, taxonomy: Taxonomy, seconds: float) -> StepTrace:
    """What was claimed, and what of it is the finding."""
    names = [topic.name for topic in taxonomy.topics]
    name_of = {topic.id: topic.name for topic in taxonomy.topics}
    statements = reading.statement_texts()
    claimed = [
        f"{names[one.topic]}: {_feeling(reading, one.topic)}, “{statements[one.statement]}”, sure: {one.sure.value}"
        for one in reading.claims
    ]
    if reading.other is not None:
        claimed.append(f"Other: {_REASON_WORDS[reading.other]}.")
    claimed.append(f"As a whole: {reading.overall.value if reading.overall else 'not said'}")
    made = [
        f"{name_of[one.topic_id]}: {one.sentiment.value}, “{reading.written[one.start : one.end]}”"
        for one in finding.topics
    ]
    if finding.other_reason is not None:
        made.append(f"Other: {_REASON_WORDS[finding.other_reason]}.")
    made.append(f"As a whole: {finding.sentiment.value}")
    return StepTrace(
        Step.CHECK,
        CHECK_VERSION,
        reading.response_ids,
        "\n".join(claimed),
        "\n".join(made),
        seconds=seconds,
        note=" ".join(reading.notes),
    )


def _feeling(reading: Reading, topic: int) -> str:
    sentiment = reading.sentiments.get(topic)
    return "not said" if sentiment is None else sentiment.value


def _topics(reading: Reading, taxonomy: Taxonomy) -> tuple[TopicFinding, ...]:
    """The topics whose every claim holds, the surest first; each with the statement that is surest of it."""
    best: dict[int, tuple[float, int]] = {}
    for claim in reading.claims:
        confidence = _CONFIDENCES[claim.sure]
        if claim.topic not in best or confidence > best[claim.topic][0]:
            best[claim.topic] = confidence, claim.statement
    found = []
    for topic, (confidence, statement) in best.items():
        sentiment = reading.sentiments.get(topic)
        span = _evidence(reading, reading.statements, statement)
        if sentiment is None or span is None:
            continue
        found.append(TopicFinding(taxonomy.topics[topic].id, sentiment, confidence, *span))
    return tuple(sorted(found, key=lambda one: -one.confidence))


def _evidence(reading: Reading, statements: Sequence[tuple[int, int]], number: int) -> tuple[int, int] | None:
    """Where a statement stands in what was written; None unless it stands there with something to see."""
    start, end = reading.clean.original_span(*statements[number])
    return (start, end) if reading.written[start:end].strip() else None
