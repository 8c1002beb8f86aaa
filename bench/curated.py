"""What curated phrasings do: R@1 on questions held out, before and after answers get phrasings of other questions."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.data_sets import corpus_path, judgements, set_questions
from bench.frontline import services_of
from bench.metrics import Interval, mean, paired_bootstrap
from bench.page import Figures, goals, table
from bench.peers.peer import Question, read_lines
from bench.places import ROOT, Places

if TYPE_CHECKING:
    from services.knowledge.models import Document
    from services.ports.knowledge import Embedder

COUNTS = (0, 1, 3, 5)
"""At most so many phrasings are added to an answer."""

PEER_COUNTS = (COUNTS[0], COUNTS[-1])
"""The peer is there for before and after; every run of it loads its model anew."""

FOLDS = 3
BANKING_QUESTIONS = 1000
SEED = 0
SYSTEMS = {
    "hybrid": "**Frontline, hybrid**",
    "semantic": "Frontline, semantic",
    "langchain_dense": "LangChain, vectors alone",
}
PEER = "langchain_dense"


@dataclass(frozen=True, slots=True)
class Answer:
    """A document of the set, before anything was added."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """Questions that are searched, and the phrasings that answers may get meanwhile, none of which is searched.

    Attributes:
        right: The answer of each question, by id.
        phrasings: By the answer's id, in the order in which they are added.
    """

    questions: Sequence[Question]
    right: Mapping[str, str]
    phrasings: Mapping[str, Sequence[str]]


def measure(places: Places) -> Figures:
    """Run both sets."""
    sets = {
        "covid_faq": (_covid_answers(places.data), _covid_trials(places.data)),
        "banking77": (_banking_answers(places.data), _banking_trials(places.data)),
    }
    figures: Figures = {}
    with services_of(places.home) as services:
        for name, (answers, trials) in sets.items():
            figures[name] = _measure_set(places, services.embedder, name, answers, trials)
    return {"sets": figures, "peer_version": _peer_version(places)}


def trials_of(
    questions: Sequence[Question], right: Mapping[str, str], folds: int = FOLDS, seed: int = SEED
) -> list[Trial]:
    """Every question of an answer that has several is searched once, while the others are its phrasings.

    An answer's questions are dealt out over the folds, so that each of them is held out in one; questions that are
    the only one of their answer are left out.
    """
    by_answer: dict[str, list[Question]] = {}
    for question in questions:
        by_answer.setdefault(right[question.id], []).append(question)
    draw = random.Random(seed)
    shuffled = {answer: draw.sample(own, len(own)) for answer, own in by_answer.items() if len(own) > 1}
    trials = []
    for fold in range(folds):
        held_out = [own[place] for own in shuffled.values() for place in range(fold, len(own), folds)]
        ids = {question.id for question in held_out}
        phrasings = {
            answer: [question.text for question in own if question.id not in ids] for answer, own in shuffled.items()
        }
        trials.append(Trial(held_out, {question.id: right[question.id] for question in held_out}, phrasings))
    return trials


def _covid_answers(data: Path) -> list[Answer]:
    return [
        Answer(record["id"], record["title"], record["text"]) for record in read_lines(corpus_path(data, "covid_faq"))
    ]


def _covid_trials(data: Path) -> list[Trial]:
    right = {
        question: max(grades, key=lambda one: grades[one]) for question, grades in judgements(data, "covid_faq").items()
    }
    return trials_of([one for one in set_questions(data, "covid_faq") if one.id in right], right)


def _banking_answers(data: Path) -> list[Answer]:
    topics = json.loads((data / "survey" / "banking77" / "topics.json").read_text(encoding="utf-8"))
    return [Answer(topic["id"], topic["name"], topic["name"]) for topic in topics]


def _banking_trials(data: Path) -> list[Trial]:
    records = list(read_lines(data / "survey" / "banking77" / "data.jsonl.gz"))
    draw = random.Random(SEED)
    draw.shuffle(records)
    searched = [record for record in records if record["split"] == "test"][:BANKING_QUESTIONS]
    phrasings: dict[str, list[str]] = {}
    for record in records:
        if record["split"] == "train":
            phrasings.setdefault(record["topics"][0], []).append(record["text"])
    questions = [Question(record["id"], record["text"]) for record in searched]
    return [Trial(questions, {record["id"]: record["topics"][0] for record in searched}, phrasings)]


def _measure_set(
    places: Places, embedder: Embedder, name: str, answers: Sequence[Answer], trials: Sequence[Trial]
) -> Figures:
    hits: dict[str, dict[int, list[float]]] = {system: {count: [] for count in COUNTS} for system in SYSTEMS}
    added: dict[int, list[int]] = {count: [] for count in COUNTS}
    frontline = _Frontline(places.work / "curated" / name, embedder)
    for number, trial in enumerate(trials):
        for count in COUNTS:
            added[count] += [len(trial.phrasings.get(answer, ())[:count]) for answer in trial.right.values()]
            frontline.build(answers, trial, count)
            for system in ("hybrid", "semantic"):
                hits[system][count] += _first(trial, frontline.search(trial, system))
            if count in PEER_COUNTS:
                hits[PEER][count] += _first(trial, _peer(places, f"{name}_{number}_{count}", answers, trial, count))
            print(name, number, count, {system: round(mean(hits[system][count]), 3) for system in SYSTEMS}, flush=True)
    return {
        "answers": len(answers),
        "questions": sum(len(trial.questions) for trial in trials),
        "added": {str(count): round(mean(added[count]), 2) for count in COUNTS},
        "systems": {
            system: {str(count): round(mean(values[count]), 4) for count in COUNTS if values[count]}
            for system, values in hits.items()
        },
        "gains": {
            str(count): _interval(paired_bootstrap(hits["hybrid"][count], hits["hybrid"][0])) for count in COUNTS[1:]
        },
    }


def _first(trial: Trial, found: Mapping[str, str]) -> list[float]:
    return [float(found.get(question.id) == trial.right[question.id]) for question in trial.questions]


class _Frontline:
    """The index of Frontline; each build takes over the vectors of the one before."""

    def __init__(self, root: Path, embedder: Embedder) -> None:
        from services.backends.local.faiss_index import FaissIndex
        from services.storage.files import SnapshotFolders

        shutil.rmtree(root, ignore_errors=True)
        self._index = FaissIndex(SnapshotFolders(str(root), root / "cache"), embedder)
        self._number = 0

    def build(self, answers: Sequence[Answer], trial: Trial, count: int) -> None:
        """Index the answers with at most so many phrasings each."""
        from services.knowledge.models import DocumentVersion

        loaded_at = datetime.now(UTC)
        documents = (document_of(answer, trial.phrasings.get(answer.id, ())[:count]) for answer in answers)
        versions = (DocumentVersion(document, 1, loaded_at) for document in documents)
        self._index.build("curated", self._number + 1, versions, self._number or None)
        self._number += 1

    def search(self, trial: Trial, search_type: str) -> dict[str, str]:
        """The first document of each question."""
        from services.knowledge.models import SearchType

        found: dict[str, str] = {}
        for question in trial.questions:
            passages = self._index.search_documents(
                "curated", self._number, question.text, limit=1, search_type=SearchType(search_type)
            ).passages
            if passages:
                found[question.id] = passages[0].document_id
        return found


def document_of(answer: Answer, phrasings: Sequence[str]) -> Document:
    """The answer as a document; a title that is a question stays a phrasing of its own, as it is without others."""
    from services.knowledge.models import Document, Section

    title = (answer.title,) if answer.title.rstrip().endswith("?") else ()
    section = Section((), 0, len(answer.text), questions=(*title, *phrasings))
    return Document(answer.id, answer.title, answer.text, (section,), "application/jsonl")


def _peer(places: Places, name: str, answers: Sequence[Answer], trial: Trial, count: int) -> dict[str, str]:
    """The same with the peer; phrasings are put in front of the text, where its splitter finds them."""
    corpus, questions, output = (places.work / f"{name}.{part}.jsonl" for part in ("corpus", "questions", "found"))
    _write(
        corpus,
        (
            {
                "id": answer.id,
                "title": answer.title,
                "text": "\n".join((*trial.phrasings.get(answer.id, ())[:count], answer.text)),
            }
            for answer in answers
        ),
    )
    _write(questions, ({"id": question.id, "text": question.text} for question in trial.questions))
    completed = subprocess.run(
        [
            *(str(places.peer_python), "bench/peers/run_peer.py", "--peer", PEER, "--k", "1"),
            *("--corpus", str(corpus), "--questions", str(questions), "--output", str(output)),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    (places.work / "curated_peer.out").write_text(completed.stdout, encoding="utf-8")
    return {record["id"]: record["results"][0]["document_id"] for record in read_lines(output) if record["results"]}


def _peer_version(places: Places) -> str:
    printed = (places.work / "curated_peer.out").read_text(encoding="utf-8")
    return str(json.loads(printed.splitlines()[-1])["version"])


def _write(path: Path, records: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _interval(interval: Interval) -> Figures:
    return {"mean": round(interval.mean, 4), "low": round(interval.low, 4), "high": round(interval.high, 4)}


def text(figures: Figures) -> str:
    """The section."""
    sets: dict[str, Figures] = figures["sets"]
    parts = [
        goals(
            (
                f"{name}: phrasings find more answers first",
                "gain > 0",
                _gain(one["gains"]["5"]),
                float(one["gains"]["5"]["low"]) > 0,
            )
            for name, one in sets.items()
        )
    ]
    for name, one in sets.items():
        parts.append(f"**{name}**, {one['questions']} questions held out, {one['answers']} answers, R@1\n")
        rows = [
            (SYSTEMS[system], *(f"{values[str(count)]:.3f}" if str(count) in values else "" for count in COUNTS))
            for system, values in one["systems"].items()
        ]
        added = ("Phrasings that there were, mean", *(f"{one['added'][str(count)]:.2f}" for count in COUNTS))
        parts.append(table(("System", "as it is", *(f"up to {count} added" for count in COUNTS[1:])), [*rows, added]))
    parts.append(f"The peer ran in this run: {figures['peer_version']}.")
    return "\n\n".join(parts)


def _gain(interval: Figures) -> str:
    mean_gain, low, high = (f"{interval[name]:+.3f}".replace("-", "−") for name in ("mean", "low", "high"))
    return f"{mean_gain} with up to 5 (95 % interval {low} to {high})"
