"""A taxonomy as values for JSON, and back; nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.surveys.models import Example, Sentiment, Taxonomy, Topic


def taxonomy_values(taxonomy: Taxonomy) -> dict[str, Any]:
    """The topics and examples as values for JSON."""
    return {
        "topics": [{**asdict(topic), "keywords": list(topic.keywords)} for topic in taxonomy.topics],
        "examples": [
            {
                "text": example.text,
                "topic_ids": list(example.topic_ids),
                "sentiment": example.sentiment.value if example.sentiment else None,
            }
            for example in taxonomy.examples
        ],
    }


def taxonomy_from(values: Mapping[str, Any]) -> Taxonomy:
    """The taxonomy that :func:`taxonomy_values` wrote."""
    return Taxonomy(
        tuple(Topic(**{**topic, "keywords": tuple(topic["keywords"])}) for topic in values["topics"]),
        tuple(
            Example(
                example["text"],
                tuple(example["topic_ids"]),
                Sentiment(example["sentiment"]) if example["sentiment"] else None,
            )
            for example in values["examples"]
        ),
    )
