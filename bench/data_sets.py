"""Reads the development data: corpora, questions, judgements, and questions that are out of scope."""

from __future__ import annotations

import json
from pathlib import Path

from bench.peers.peer import Question, read_lines, read_questions

SETS = {"covid_faq": "covid", "medquad_small": "medquad"}
"""The sets that retrieval is measured on, each with the tenant that holds it."""

INDEXED = ("id", "title", "text", "url")
"""Fields that are loaded; `question`, where there is one, would give the test away."""


def corpus_path(data: Path, name: str) -> Path:
    """The corpus of a set, gzipped or not."""
    folder = data / "qa" / name
    return next(path for path in (folder / "corpus.jsonl", folder / "corpus.jsonl.gz") if path.is_file())


def questions_path(data: Path, name: str) -> Path:
    """The questions of a set."""
    return data / "qa" / name / "queries.jsonl"


def set_questions(data: Path, name: str) -> list[Question]:
    """The questions of a set."""
    return read_questions(questions_path(data, name))


def judgements(data: Path, name: str) -> dict[str, dict[str, float]]:
    """For each question the grade of every relevant document."""
    grades: dict[str, dict[str, float]] = {}
    for line in (data / "qa" / name / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if len(fields) == 3:
            grades.setdefault(fields[0], {})[fields[1]] = float(fields[2])
    return grades


def write_corpus(data: Path, name: str, work: Path) -> Path:
    """The corpus as a file that `load-knowledge` reads, with nothing in it but what is to be indexed."""
    path = work / f"{name}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for record in read_lines(corpus_path(data, name)):
            values = {field: record[field] for field in INDEXED if record.get(field)}
            file.write(json.dumps(values, ensure_ascii=False) + "\n")
    return path


def foreign_questions(data: Path) -> list[str]:
    """The out-of-scope test questions of clinc_oos, which nothing here is tuned on."""
    values = json.loads((data / "qa" / "clinc_oos" / "clinc.json").read_text(encoding="utf-8"))
    return [entry if isinstance(entry, str) else entry[0] for entry in values["oos_test"]]


def results_of(path: Path) -> dict[str, list[str]]:
    """For each question the documents found, best first; the file is a peer's or that of `retrieve`."""
    return {record["id"]: [hit["document_id"] for hit in record["results"]] for record in read_lines(path)}
