"""What the local analysis is measured against: keyword lists, and cosine to the topics' texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from bench.survey_sets import Matrix
from services.knowledge.tokens import keyword_tokens
from services.ports.knowledge import Embedder
from services.surveys.models import Response, Taxonomy, Topic

TERMS_FROM_EXAMPLES = 8


def by_topic_names(responses: Sequence[Response], taxonomy: Taxonomy) -> Matrix:
    """Keyword NLP as it is set up first: a topic is asserted where a word of its name occurs, in any inflection."""
    return _matches(responses, [_stems(_name(topic)) for topic in taxonomy.topics])


def by_keyword_lists(responses: Sequence[Response], taxonomy: Taxonomy) -> Matrix:
    """Keyword NLP with lists: words of name and description, and those that set a topic's examples apart."""
    lists = [_stems(f"{_name(topic)} {topic.description}") for topic in taxonomy.topics]
    shared = Counter(stem for stems in lists for stem in stems)
    lists = [
        {stem for stem in stems if shared[stem] <= 2} | _stems(_name(topic))
        for stems, topic in zip(lists, taxonomy.topics, strict=True)
    ]
    texts = [(_stems(example.text), set(example.topic_ids)) for example in taxonomy.examples]
    everywhere = Counter(stem for stems, _ in texts for stem in stems)
    for topic, stems in zip(taxonomy.topics, lists, strict=True):
        own = Counter(stem for found, topic_ids in texts if topic.id in topic_ids for stem in found)
        # A word is the topic's when most examples that use it have the topic, and several do.
        by_count = sorted(own.items(), key=lambda pair: (-pair[1], pair[0]))
        best = [stem for stem, count in by_count if count >= 2 and count / everywhere[stem] >= 0.6]
        stems.update(best[:TERMS_FROM_EXAMPLES])
    return _matches(responses, lists)


def by_cosine(responses: Sequence[Response], taxonomy: Taxonomy, embedder: Embedder) -> Matrix:
    """Plain zero-shot: the topic whose name and description are nearest to the whole response."""
    topics = embedder.embed([f"{_name(topic)}. {topic.description}".lower() for topic in taxonomy.topics])
    nearest = (embedder.embed([response.text.lower() for response in responses]) @ topics.T).argmax(axis=1)
    return np.asarray(np.eye(len(taxonomy.topics), dtype=np.bool_)[nearest])


def _name(topic: Topic) -> str:
    return topic.name.replace("_", " ")


def _stems(text: str) -> set[str]:
    return {token for token in keyword_tokens(text) if len(token) > 1}


def _matches(responses: Sequence[Response], lists: Sequence[set[str]]) -> Matrix:
    found = [_stems(response.text) for response in responses]
    return np.array([[bool(stems & words) for words in lists] for stems in found], dtype=np.bool_)
