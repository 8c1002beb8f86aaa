"""Names and descriptions for suggested topics by a language model; where it fails, topics keep their own words."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from services.errors import AppError
from services.ports.language_models import ModelLimits, ModelReply, ModelRequest, StopReason
from services.surveys.chain.tokens import compact_json, json_tokens, text_tokens
from services.surveys.suggestions import SuggestedTopic
from services.surveys.topic_words import name_key, new_topic_id, one_line

VERSION, AGAIN_VERSION = "name_topics-1", "name_topics_again-1"
MOST_TOPICS_PER_CALL = 25
MOST_ATTEMPTS = 3
LONGEST_NAME, MOST_WORDS, LONGEST_DESCRIPTION = 60, 8, 300
_LONGEST_RESPONSE = 300
_TOKENS_PER_REPLY = 120  # of a topic: its id, name and description, and what JSON takes
_TOKENS_PER_NAME = 20  # of a topic that has its name already
# No name of a topic holds an address, markup or a placeholder.
_REFUSED = re.compile(r"https?:|www\.|[<>{}\[\]`|]")
_FOLDER = Path(__file__).with_name("prompts")

# Hears how many topics have their name, and how many there are.
NamingListener = Callable[[int, int], None]


class NamingModel(Protocol):
    """What naming needs of a :class:`services.ports.language_models.LanguageModel`.

    Waiting for a busy server, and paying once for the same request, are up to who makes the calls.
    """

    @property
    def model(self) -> str: ...

    @property
    def limits(self) -> ModelLimits: ...

    def complete(self, request: ModelRequest) -> ModelReply: ...


@dataclass(frozen=True, slots=True)
class NamedTopics:
    """Suggested topics with their names.

    Attributes:
        model: Which model named them; empty when none of the names is its own.
        notes: What did not work, a sentence each.
    """

    topics: tuple[SuggestedTopic, ...]
    model: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Topics of one call by the ids that they have in it; ``attempt`` makes asking again another request."""

    topics: Mapping[str, SuggestedTopic]
    attempt: int = 1


class TopicNamer:
    """Asks a language model for names, many topics per call, and checks what comes back."""

    def __init__(self, model: NamingModel) -> None:
        self._model = model
        self._system = (_FOLDER / f"{VERSION}.txt").read_text(encoding="utf-8")
        self._again = (_FOLDER / f"{AGAIN_VERSION}.txt").read_text(encoding="utf-8")
        self._schema: dict[str, Any] = json.loads((_FOLDER / f"{VERSION}.json").read_text(encoding="utf-8"))

    def name(self, suggestions: Sequence[SuggestedTopic], on_progress: NamingListener | None = None) -> NamedTopics:
        """Name topics. A topic without a usable name keeps its own words, and a note says so.

        Nothing is raised but what ``on_progress`` raises.
        """
        topics = {f"t{number}": one for number, one in enumerate(suggestions, start=1)}
        named: dict[str, tuple[str, str]] = {}
        notes: list[str] = []
        queue = deque(self._batches(topics))
        while queue:
            batch = queue.popleft()
            try:
                reply = self._model.complete(self._request(batch, [name for name, _ in named.values()]))
            except AppError as error:
                notes.append(
                    f"The language model could not be asked: {error.message_for_user} Topics that it did not name are "
                    "called by the responses’ own words."
                )
                break
            found = _usable(reply, batch.topics, {name_key(name) for name, _ in named.values()})
            named |= found
            rest = {topic_id: one for topic_id, one in batch.topics.items() if topic_id not in found}
            if batch.attempt < MOST_ATTEMPTS:
                queue.extend(_Batch(part, batch.attempt + 1) for part in _smaller(rest, halve=not found))
            else:
                notes += [
                    f"“{one.topic.name}” keeps its own words: the language model gave it no usable name."
                    for one in rest.values()
                ]
            if on_progress is not None:
                on_progress(len(named), len(topics))
        return NamedTopics(_with_names(topics, named), self._model.model if named else "", tuple(notes))

    def _batches(self, topics: Mapping[str, SuggestedTopic]) -> Iterator[_Batch]:
        """Parts that fit into the model's window with their reply, and leave room for the names in use."""
        limits = self._model.limits
        fixed = text_tokens(self._system + self._again) + json_tokens(self._schema) + _TOKENS_PER_NAME * len(topics)
        part: dict[str, SuggestedTopic] = {}
        used = fixed
        for topic_id, one in topics.items():
            needed = json_tokens(_shown(topic_id, one)) + _TOKENS_PER_REPLY
            is_full = (
                used + needed > limits.context_tokens
                or (len(part) + 1) * _TOKENS_PER_REPLY > limits.most_output_tokens
                or len(part) == MOST_TOPICS_PER_CALL
            )
            if part and is_full:
                yield _Batch(part)
                part, used = {}, fixed
            part[topic_id] = one
            used += needed
        if part:
            yield _Batch(part)

    def _request(self, batch: _Batch, in_use: Sequence[str]) -> ModelRequest:
        topics = [_shown(topic_id, one) for topic_id, one in batch.topics.items()]
        again = self._again.format(attempt=batch.attempt) if batch.attempt > 1 else ""
        return ModelRequest(
            system=self._system + again,
            user=compact_json({"topics": topics, "names_in_use": list(in_use)}),
            schema_name="topic_names",
            schema=self._schema,
            most_output_tokens=min(self._model.limits.most_output_tokens, (len(topics) + 1) * _TOKENS_PER_REPLY),
        )


def _shown(topic_id: str, one: SuggestedTopic) -> dict[str, Any]:
    """What the model sees of a topic; responses are masked already."""
    return {
        "id": topic_id,
        "words": list(one.topic.keywords),
        "responses": [one_line(response.text)[:_LONGEST_RESPONSE] for response in one.representative],
    }


def _usable(reply: ModelReply, batch: Mapping[str, SuggestedTopic], taken: set[str]) -> dict[str, tuple[str, str]]:
    """Name and description by id, where the reply has exactly one for it and nothing is wrong with the name."""
    if reply.stop_reason is StopReason.REFUSED:
        return {}
    entries = list(_entries(reply.text))
    ids = [entry.get("id") for entry in entries]
    found: dict[str, tuple[str, str]] = {}
    taken = set(taken)
    for entry in entries:
        topic_id, name, description = entry.get("id"), entry.get("name"), entry.get("description")
        if not isinstance(topic_id, str) or not isinstance(name, str):
            continue
        if topic_id not in batch or ids.count(topic_id) != 1:
            continue
        name = one_line(name).strip("\"'“”.")
        if not 0 < len(name) <= LONGEST_NAME or len(name.split()) > MOST_WORDS or _REFUSED.search(name):
            continue
        if name_key(name) in taken or not re.search(r"[^\W\d_]", name):
            continue
        taken.add(name_key(name))
        said = one_line(description) if isinstance(description, str) else ""
        usable = len(said) <= LONGEST_DESCRIPTION and not _REFUSED.search(said)
        found[topic_id] = name, said if usable else ""
    return found


def _entries(text: str) -> Iterator[dict[str, Any]]:
    """The entries of a reply, also of one with prose around it; of one that breaks off, those before the break."""
    begins = re.search(r'"topics"\s*:\s*\[', text)
    place = begins.end() if begins else len(text)
    decoder = json.JSONDecoder()
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        try:
            entry, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        if isinstance(entry, dict):
            yield entry


def _smaller(rest: dict[str, SuggestedTopic], *, halve: bool) -> list[dict[str, SuggestedTopic]]:
    """What to ask again."""
    if not rest:
        return []
    ids = list(rest)
    middle = (len(ids) + 1) // 2 if halve else len(ids)
    return [{topic_id: rest[topic_id] for topic_id in part} for part in (ids[:middle], ids[middle:]) if part]


def _with_names(
    topics: Mapping[str, SuggestedTopic], named: Mapping[str, tuple[str, str]]
) -> tuple[SuggestedTopic, ...]:
    taken = {name_key(name) for name, _ in named.values()}
    ids: set[str] = set()
    found = []
    for key, one in topics.items():
        name, description = named.get(key, ("", ""))
        if not name:
            name = _free(one.topic.name, taken)
            taken.add(name_key(name))
        topic_id = new_topic_id(name, ids)
        ids.add(topic_id)
        topic = replace(one.topic, id=topic_id, name=name, description=description or one.topic.description)
        found.append(replace(one, topic=topic))
    return tuple(found)


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while name_key(free) in taken:
        free, number = f"{name} ({number})", number + 1
    return free
