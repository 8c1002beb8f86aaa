"""Reads the survey sets, draws examples from their training parts, and scores what was found in their test parts."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.surveys.models import Example, Response, ResponseFinding, Taxonomy, Topic

SETS = ("anes_terrorism", "banking77", "mams_acsa")
Matrix = NDArray[np.bool_]


@dataclass(frozen=True)
class GoldRow:
    """A response with the topics that a person gave it, and their sentiments where known."""

    id: str
    text: str
    topic_ids: tuple[str, ...]
    split: str
    sentiments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SurveySet:
    """One set: its topics and rows. Rows without a topic are answers such as "don't know"."""

    name: str
    topics: tuple[Topic, ...]
    rows: tuple[GoldRow, ...]

    @property
    def topic_ids(self) -> list[str]:
        """In the taxonomy's order."""
        return [topic.id for topic in self.topics]

    def test_rows(self, *, with_topics: bool = True) -> list[GoldRow]:
        """The test rows that have topics, or those that have none."""
        return [row for row in self.rows if row.split == "test" and bool(row.topic_ids) == with_topics]

    def examples(self, per_topic: int, seed: int) -> tuple[Example, ...]:
        """So many training rows for each topic, drawn independently; a row with two topics may be drawn for both."""
        draw = random.Random(seed)
        chosen: set[int] = set()
        for topic in self.topics:
            places = [
                place for place, row in enumerate(self.rows) if row.split == "train" and topic.id in row.topic_ids
            ]
            chosen.update(draw.sample(places, min(per_topic, len(places))))
        return tuple(Example(self.rows[place].text, self.rows[place].topic_ids) for place in sorted(chosen))

    def without(self, topic_ids: set[str]) -> SurveySet:
        """The set as if its taxonomy lacked some topics; rows that had only those have none left."""
        rows = tuple(
            GoldRow(row.id, row.text, tuple(one for one in row.topic_ids if one not in topic_ids), row.split)
            for row in self.rows
        )
        return SurveySet(self.name, tuple(topic for topic in self.topics if topic.id not in topic_ids), rows)


def read_set(data: Path, name: str) -> SurveySet:
    """A set of the folder ``survey``."""
    folder = data / "survey" / name
    topics = tuple(
        Topic(entry["id"], entry["name"], entry["description"])
        for entry in json.loads((folder / "topics.json").read_text(encoding="utf-8"))
    )
    known = {topic.id for topic in topics}
    with gzip.open(folder / "data.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = tuple(_row(json.loads(line), known) for line in file)
    return SurveySet(name, topics, rows)


def _row(values: dict[str, Any], known: set[str]) -> GoldRow:
    sentiments = {aspect["topic"]: aspect["sentiment"] for aspect in values.get("aspects", ())}
    topic_ids = tuple(topic for topic in values["topics"] if topic in known)
    return GoldRow(values["id"], values["text"], topic_ids, values["split"], sentiments)


def responses_of(rows: Sequence[GoldRow]) -> list[Response]:
    """The rows as the analyzer gets them."""
    return [Response(row.id, row.text) for row in rows]


def taxonomy_of(one: SurveySet, examples: tuple[Example, ...]) -> Taxonomy:
    """The taxonomy with examples."""
    return Taxonomy(one.topics, examples)


def gold_matrix(rows: Sequence[GoldRow], topic_ids: Sequence[str]) -> Matrix:
    """Shape (rows, topics)."""
    return np.array([[topic in row.topic_ids for topic in topic_ids] for row in rows], dtype=np.bool_)


def found_matrix(findings: Sequence[ResponseFinding], topic_ids: Sequence[str]) -> Matrix:
    """Shape (responses, topics)."""
    found = [{topic.topic_id for topic in finding.topics} for finding in findings]
    return np.array([[topic in one for topic in topic_ids] for one in found], dtype=np.bool_)


def topic_scores(found: Matrix, gold: Matrix) -> dict[str, float]:
    """Micro and macro F1 (over topics that occur), precision, recall, and correct assertions per 1,000 responses."""
    right = (found & gold).sum(axis=0)
    asserted, wanted = found.sum(axis=0), gold.sum(axis=0)
    f1 = 2 * right / np.maximum(1, asserted + wanted)
    return {
        "micro_f1": float(2 * right.sum() / max(1, asserted.sum() + wanted.sum())),
        "macro_f1": float(f1[wanted > 0].mean()),
        "precision": float(right.sum() / max(1, asserted.sum())),
        "recall": float(right.sum() / max(1, wanted.sum())),
        "correct_per_1000": float(1000 * right.sum() / len(gold)),
    }


def mean_scores(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each score over runs, rounded."""
    return {name: round(float(np.mean([run[name] for run in runs])), 4) for name in runs[0]}


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """How often something inside has the larger value than something outside, ties counted half."""
    values = np.concatenate([inside, outside])
    order = values.argsort(kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(1, len(values) + 1)
    for value in np.unique(values):
        ranks[values == value] = ranks[values == value].mean()
    count = len(inside)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(outside)))
