"""What a job suggested, as it lies in the storage."""

from __future__ import annotations

import json
from dataclasses import dataclass

from services.jobs.models import Job
from services.surveys.models import Response, Topic
from services.surveys.run_files import survey_folder
from services.surveys.suggestions import SuggestedTopic


@dataclass(frozen=True, slots=True)
class TopicSuggestions:
    """What a job suggested.

    Attributes:
        topics: The largest first.
        read_count: Responses that were read; ``response_count`` of a topic is among these.
        response_count: Responses to the question that are not empty, or those of the topic to be split.
        model: The language model that named them; empty when the names are the responses' own words.
        notes: What did not work, a sentence each.
    """

    topics: tuple[SuggestedTopic, ...]
    read_count: int
    response_count: int
    model: str = ""
    notes: tuple[str, ...] = ()


def suggestions_file(job: Job) -> str:
    """Where the suggestions of a job lie: with the survey, so that they are deleted with it."""
    return f"{survey_folder(job.tenant_id, job.arguments['survey_id'])}/suggestions/{job.id}.json"


def suggestions_to_json(found: TopicSuggestions) -> bytes:
    """As JSON, UTF-8."""
    values = {
        "topics": [
            {
                "id": one.topic.id,
                "name": one.topic.name,
                "description": one.topic.description,
                "keywords": list(one.topic.keywords),
                "response_count": one.response_count,
                "representative": [[response.id, response.text] for response in one.representative],
            }
            for one in found.topics
        ],
        "read_count": found.read_count,
        "response_count": found.response_count,
        "model": found.model,
        "notes": list(found.notes),
    }
    return json.dumps(values).encode()


def suggestions_from_json(data: bytes) -> TopicSuggestions:
    """What :func:`suggestions_to_json` wrote."""
    values = json.loads(data)
    topics = tuple(
        SuggestedTopic(
            Topic(one["id"], one["name"], one["description"], tuple(one["keywords"])),
            one["response_count"],
            tuple(Response(*response) for response in one["representative"]),
        )
        for one in values["topics"]
    )
    return TopicSuggestions(
        topics, values["read_count"], values["response_count"], values["model"], tuple(values["notes"])
    )
