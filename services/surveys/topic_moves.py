"""Topics of any version of a taxonomy as its newest version has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from services.surveys.exploring.assignments import unite
from services.surveys.findings import SENTIMENT_CODES
from services.surveys.label_models import LabeledTopic
from services.surveys.models import Sentiment

SENTIMENT_OF_CODE: dict[int, Sentiment] = {code: sentiment for sentiment, code in SENTIMENT_CODES.items()}

# Tenant, taxonomy, version, another version or None for the newest -> every id of the first version as the second one
# has it; None for topics that were removed.
TopicResolver = Callable[[str, str, int, int | None], Mapping[str, str | None]]


class TopicMoves:
    """What became of the topics of one taxonomy.

    Args:
        resolve: Asked once per version.
    """

    def __init__(self, resolve: TopicResolver, tenant_id: str, taxonomy_id: str) -> None:
        self._resolve = resolve
        self._tenant_id = tenant_id
        self._taxonomy_id = taxonomy_id
        self._known: dict[int, Mapping[str, str | None]] = {}

    def now(self, topic_id: str, version: int) -> str | None:
        """The topic in the newest version; None when it was removed, or never was in that version."""
        if version not in self._known:
            self._known[version] = self._resolve(self._tenant_id, self._taxonomy_id, version, None)
        return self._known[version].get(topic_id)

    def labeled(self, topics: tuple[LabeledTopic, ...], version: int) -> tuple[LabeledTopic, ...]:
        """Labeled topics without the removed ones; those that became one are united."""
        moved = ((self.now(topic.topic_id, version), topic.sentiment) for topic in topics)
        return merged(LabeledTopic(topic_id, sentiment) for topic_id, sentiment in moved if topic_id is not None)


def merged(topics: Iterable[LabeledTopic]) -> tuple[LabeledTopic, ...]:
    """Each topic once, in the order given; what was said of it more than once is united as in the charts."""
    codes: dict[str, int] = {}
    for topic in topics:
        code = SENTIMENT_CODES[topic.sentiment] if topic.sentiment else 0
        codes[topic.topic_id] = unite(codes[topic.topic_id], code) if topic.topic_id in codes else code
    return tuple(LabeledTopic(topic_id, SENTIMENT_OF_CODE.get(code)) for topic_id, code in codes.items())
