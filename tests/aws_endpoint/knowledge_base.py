"""A knowledge base as the local endpoint keeps it: documents with attributes, filters that are evaluated, a ranking."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.aws_endpoint.faults import AwsFault

MOST_CONDITIONS = 5
MOST_VALUES = 1_000
MOST_ATTRIBUTE_BYTES = 1_024
_WORD = re.compile(r"[a-z0-9]+")
_UNDER_WAY = ("STARTING", "IN_PROGRESS")


@dataclass(slots=True)
class StoredDocument:
    """A document that was put in.

    Attributes:
        looks: How often it was looked at on its way to its final status.
    """

    id: str
    text: str
    attributes: dict[str, Any]
    status: str = "STARTING"
    looks: int = 0
    location: dict[str, Any] = field(default_factory=dict)

    @property
    def found_location(self) -> dict[str, Any]:
        return self.location or {"type": "CUSTOM", "customDocumentLocation": {"id": self.id}}


@dataclass(slots=True)
class LocalKnowledgeBase:
    """One knowledge base with one custom data source.

    Attributes:
        takes_hybrid: Whether its store has a text field.
        looks_until_indexed: How often a new document is asked about before it is indexed.
        fails: Says of which texts indexing fails.
        ingested: Ids in the order they were put in, again and again; each costs money.
        intervenes: Whether the guardrail stops the next drafts.
    """

    id: str = "KBKBKBKBKB"
    data_source: str = "DSDSDSDSDS"
    status: str = "ACTIVE"
    source_type: str = "CUSTOM"
    takes_hybrid: bool = True
    takes_temperature: bool = True
    looks_until_indexed: int = 1
    fails: Callable[[str], bool] = lambda _: False
    documents: dict[str, StoredDocument] = field(default_factory=dict)
    ingested: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    intervenes: bool = False

    def reset(self) -> None:
        """Forget everything."""
        fresh = LocalKnowledgeBase()
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def require(self, parameters: Mapping[str, Any]) -> None:
        if (
            parameters.get("knowledgeBaseId") != self.id
            or parameters.get("dataSourceId", self.data_source) != self.data_source
        ):
            raise AwsFault("ResourceNotFoundException", "There is no such knowledge base or data source.", status=404)

    def put(self, document_id: str, text: str, attributes: dict[str, Any]) -> StoredDocument:
        size = sum(len(key.encode()) + len(str(value).encode()) for key, value in attributes.items())
        if size > MOST_ATTRIBUTE_BYTES:
            raise AwsFault("ValidationException", "Metadata exceeds what the vector store takes.", status=400)
        self.ingested.append(document_id)
        stored = self.documents[document_id] = StoredDocument(document_id, text, attributes)
        return stored

    def look(self, document: StoredDocument) -> str:
        """The status of a document, which moves on when it is looked at."""
        if document.status in _UNDER_WAY:
            document.looks += 1
            document.status = "IN_PROGRESS"
            if document.looks >= self.looks_until_indexed:
                document.status = "FAILED" if self.fails(document.text) else "INDEXED"
        return document.status

    def found(self, question: str, search: Mapping[str, Any]) -> list[tuple[float, StoredDocument]]:
        """Documents that fit, best first, with their scores."""
        override = search.get("overrideSearchType")
        if override == "HYBRID" and not self.takes_hybrid:
            raise AwsFault(
                "ValidationException",
                "HYBRID search type is not supported for search operation on this vector store.",
                status=400,
            )
        chosen = search.get("filter")
        shown = [
            one
            for one in self.documents.values()
            if one.status == "INDEXED" and (chosen is None or matches(chosen, one.attributes))
        ]
        asked = _vector(question)
        by_words = override == "HYBRID" or (override is None and self.takes_hybrid)
        scored = []
        for one in shown:
            vector = _vector(one.text)
            score = _cosine(_grams(question), _grams(one.text))
            if by_words:
                score = (score + _cosine(asked, vector)) / 2
            scored.append((round(score, 6), one))
        scored.sort(key=lambda pair: (-pair[0], pair[1].id))
        return scored[: search.get("numberOfResults", 5)]


def matches(chosen: Mapping[str, Any], attributes: Mapping[str, Any], depth: int = 0) -> bool:
    """Whether attributes pass a filter; refuses filters that Bedrock refuses."""
    ((kind, body),) = chosen.items()
    if kind in {"andAll", "orAll"}:
        if not 2 <= len(body) <= MOST_CONDITIONS or depth > 1:
            raise AwsFault("ValidationException", "A group of filters takes two to five, one level deep.", status=400)
        passed = [matches(one, attributes, depth + 1) for one in body]
        return all(passed) if kind == "andAll" else any(passed)
    value, held = body["value"], attributes.get(body["key"])
    if kind in {"in", "notIn"}:
        if (
            not isinstance(value, list)
            or not 1 <= len(value) <= MOST_VALUES
            or not all(isinstance(one, str) for one in value)
        ):
            raise AwsFault("ValidationException", f"{kind} takes a list of texts.", status=400)
        return (held in value) == (kind == "in")
    if kind in {"equals", "notEquals"}:
        return bool(held == value) == (kind == "equals")
    if kind in {"lessThanOrEquals", "greaterThanOrEquals"}:
        if not isinstance(value, int | float):
            raise AwsFault("ValidationException", f"{kind} takes a number.", status=400)
        return held is not None and bool(held <= value if kind == "lessThanOrEquals" else held >= value)
    raise AwsFault("ValidationException", f"{kind} is not known here.", status=400)


def attributes_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the inline attributes of a document."""
    found = {}
    for one in document.get("metadata", {}).get("inlineAttributes", ()):
        value = one["value"]
        member = {
            "STRING": "stringValue",
            "NUMBER": "numberValue",
            "BOOLEAN": "booleanValue",
            "STRING_LIST": "stringListValue",
        }
        found[one["key"]] = value[member[value["type"]]]
    return found


def told(knowledge_base: LocalKnowledgeBase, document_id: str, status: str) -> dict[str, Any]:
    """A document as the control plane tells of it."""
    return {
        "knowledgeBaseId": knowledge_base.id,
        "dataSourceId": knowledge_base.data_source,
        "status": status,
        "identifier": {"dataSourceType": "CUSTOM", "custom": {"id": document_id}},
        "updatedAt": datetime(2026, 3, 2, tzinfo=UTC),
    }


def generated(
    results: list[tuple[float, StoredDocument]],
    question: str,
    reference_of: Callable[[StoredDocument], Mapping[str, Any]],
) -> tuple[str, list[dict[str, Any]]]:
    """A reply made of the sentences that share most words with the question, and its citations."""
    asked = _vector(question)
    sentences = [(sentence, one) for _, one in results for sentence in _sentences(one.text)]
    fitting = [pair for pair in sentences if _cosine(asked, _vector(pair[0])) > 0]
    fitting.sort(key=lambda pair: -_cosine(asked, _vector(pair[0])))
    text, citations = "", []
    for sentence, one in fitting[:2]:
        start = len(text)
        text += sentence + " "
        span = {"start": start, "end": start + len(sentence) - 1}
        citations.append(
            {
                "generatedResponsePart": {"textResponsePart": {"text": sentence, "span": span}},
                "retrievedReferences": [reference_of(one)],
            }
        )
    return text.strip(), citations


def _sentences(text: str) -> Iterator[str]:
    for line in text.split("\n")[1:]:  # the heading is no sentence
        for sentence in re.split(r"(?<=[.!?])\s+", line):
            if sentence.strip("- "):
                yield sentence.strip("- ")


def _vector(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower()))


def _grams(text: str) -> Counter[str]:
    joined = f" {' '.join(_WORD.findall(text.lower()))} "
    return Counter(joined[place : place + 4] for place in range(max(0, len(joined) - 3)))


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    product = sum(count * other[word] for word, count in one.items())
    length = math.sqrt(sum(c * c for c in one.values()) * sum(c * c for c in other.values()))
    return product / length if length else 0.0
