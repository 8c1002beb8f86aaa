"""A taxonomy that was written as JSON comes back as it was."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from services.surveys.models import Example, Sentiment, Taxonomy, Topic
from services.surveys.taxonomy_values import taxonomy_from, taxonomy_values

TEXTS = st.text(st.characters(), max_size=20)  # halves of characters too: pasted texts hold them
TOPICS = st.builds(Topic, TEXTS, TEXTS, TEXTS, st.lists(TEXTS, max_size=3).map(tuple), st.none() | TEXTS)
EXAMPLES = st.builds(Example, TEXTS, st.lists(TEXTS, max_size=3).map(tuple), st.none() | st.sampled_from(Sentiment))
TAXONOMIES = st.builds(Taxonomy, st.lists(TOPICS, max_size=4).map(tuple), st.lists(EXAMPLES, max_size=4).map(tuple))


@given(TAXONOMIES)
def test_taxonomy_comes_back_from_json_as_it_was(taxonomy: Taxonomy) -> None:
    assert taxonomy_from(json.loads(json.dumps(taxonomy_values(taxonomy)))) == taxonomy


def test_topics_and_examples_of_json_have_the_types_of_the_models() -> None:
    taxonomy = Taxonomy((Topic("a", "A", keywords=("x",)),), (Example("t", ("a",), Sentiment.MIXED),))
    restored = taxonomy_from(json.loads(json.dumps(taxonomy_values(taxonomy))))
    assert isinstance(restored.examples[0].sentiment, Sentiment)
    assert isinstance(restored.topics[0].keywords, tuple)
