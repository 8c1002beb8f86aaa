"""What holds for a text before a person changes it: the correction that stands, or else what a run found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.surveys.findings import RunFindings
from services.surveys.label_models import LabelChange, LabeledTopic, ResponseLabel
from services.surveys.models import Sentiment
from services.surveys.topic_moves import SENTIMENT_OF_CODE, TopicMoves, merged


@dataclass(frozen=True, slots=True)
class TextLabel:
    """Topics and sentiment of one text; a sentiment of None was not said, or not found."""

    topics: tuple[LabeledTopic, ...]
    sentiment: Sentiment | None


class FoundLabels:
    """What a run found, in topics of the newest version of its taxonomy.

    Args:
        version: Of the taxonomy that the run was made with.
    """

    def __init__(self, findings: RunFindings, moves: TopicMoves, version: int) -> None:
        self._findings = findings
        self._topics_now = [moves.now(topic_id, version) for topic_id in findings.topic_ids]

    def of_text(self, number: int) -> TextLabel | None:
        """What was found in a text, the surest topic first; None when it was not analyzed."""
        findings = self._findings
        overall = SENTIMENT_OF_CODE.get(int(findings.overall[number]))
        if overall is None:
            return None
        span = slice(int(findings.offsets[number]), int(findings.offsets[number + 1]))
        topics = []
        for place, code in zip(findings.topics[span].tolist(), findings.sentiments[span].tolist(), strict=True):
            topic_id = self._topics_now[place]
            if topic_id is not None:
                topics.append(LabeledTopic(topic_id, SENTIMENT_OF_CODE.get(code)))
        return TextLabel(merged(topics), overall)


def said_before(label: ResponseLabel | None, found: TextLabel | None, moves: TopicMoves) -> TextLabel:
    """The topics that hold now, with the sentiments that a person said: what was only found stays unsaid.

    So a correction of the topics alone leaves sentiment to the runs, also to those that come later.
    """
    if label is not None:
        return TextLabel(moves.labeled(label.topics, label.taxonomy_version), label.sentiment)
    if found is None:
        return TextLabel((), None)
    return TextLabel(tuple(LabeledTopic(topic.topic_id) for topic in found.topics), None)


def overridden(said: TextLabel, found: TextLabel | None) -> TextLabel:
    """What a person said, with what was found in place of what the person did not say.

    The sentiment of a topic that the run did not find is that of the whole response.
    """
    if found is None:
        return said
    sentiment = said.sentiment or found.sentiment
    of_topics = {topic.topic_id: topic.sentiment for topic in found.topics}
    return TextLabel(
        tuple(
            LabeledTopic(topic.topic_id, topic.sentiment or of_topics.get(topic.topic_id) or sentiment)
            for topic in said.topics
        ),
        sentiment,
    )


def changed(before: TextLabel, change: LabelChange) -> TextLabel:
    """The label after a change; topics that stay keep their place."""
    topics: Sequence[LabeledTopic] = before.topics
    if change.topics is not None:
        sentiments = {topic.topic_id: topic.sentiment for topic in before.topics}
        topics = [
            LabeledTopic(topic.topic_id, topic.sentiment or sentiments.get(topic.topic_id)) for topic in change.topics
        ]
    gone = set(change.remove)
    said = {topic.topic_id: topic.sentiment for topic in change.add if topic.sentiment is not None}
    kept = [
        LabeledTopic(topic.topic_id, said.get(topic.topic_id, topic.sentiment))
        for topic in topics
        if topic.topic_id not in gone
    ]
    return TextLabel(merged([*kept, *change.add]), change.sentiment or before.sentiment)


def same(one: TextLabel, other: TextLabel) -> bool:
    """Whether two labels say the same; the order of topics says nothing."""
    return one.sentiment == other.sentiment and set(one.topics) == set(other.topics)
