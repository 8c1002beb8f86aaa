"""Topics in responses beside keyword NLP, plain zero-shot, BERTopic and SetFit, on the same responses and examples."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.page import Figures
from bench.places import ROOT, Places
from bench.survey_rivals import by_cosine, by_keyword_lists, by_topic_names
from bench.survey_sets import (
    SETS,
    GoldRow,
    Matrix,
    SurveySet,
    found_matrix,
    gold_matrix,
    read_set,
    responses_of,
    taxonomy_of,
    topic_scores,
)
from bench.surveys import RememberingEmbedder
from services.surveys.models import Response, Taxonomy

PER_TOPIC = (0, 5, 16)
SEED = 0
# What the peers may do is bounded, so that a run ends; the page says so.
SETFIT_STEPS = 100
POOL_TEXTS = 1_500
HELD_OUT = 400
AT_A_TIME = 2
RESAMPLES = 2_000
# A topic was found again when so many of the texts that stand for a group have it.
ALIKE_SHARE = 2 / 3
PEERS = {"bertopic": "bertopic", "setfit": "setfit", "setfit_head": "setfit"}
INSTALL = "`pip install -r bench/requirements-peers.txt` in the peers' environment"

# System and number of examples per topic -> record of bench/peers/run_survey_peer.py.
Records = dict[tuple[str, int], Figures | None]


def measure(places: Places) -> Figures:
    """Every system on the test parts, with the same examples."""
    embedder = RememberingEmbedder(places.home)
    figures: Figures = {"installed": installed_peers(places), "sets": {}, "seconds": 0}
    started = time.monotonic()
    for name in SETS:
        one = read_set(places.data, name)
        figures["sets"][name] = measure_set(places, one, embedder, figures["installed"])
        print(name, figures["sets"][name], flush=True)
    figures["seconds"] = round(time.monotonic() - started)
    return figures


def measure_set(
    places: Places, one: SurveySet, embedder: RememberingEmbedder, installed: dict[str, str | None], *, most: int = 0
) -> Figures:
    """All systems on one set.

    Args:
        most: So many test responses; all of them when 0.
    """
    rows = one.test_rows()[: most or None]
    gold = gold_matrix(rows, one.topic_ids)
    found: dict[str, dict[int, Matrix]] = {}
    figures: Figures = {"responses": len(rows), "topics": len(one.topics), "systems": {}, "discovery": {}}
    records = _peer_records(places, one, rows, installed)
    for count in PER_TOPIC:
        taxonomy = taxonomy_of(one, one.examples(count, SEED))
        for system, finder in _own_systems(embedder, count).items():
            started = time.process_time()
            matrix = finder(responses_of(rows), taxonomy)
            seconds = round(time.process_time() - started, 1)
            found.setdefault(system, {})[count] = matrix
            figures["systems"].setdefault(system, {})[str(count)] = {"cpu_seconds": seconds}
    for (system, count), record in records.items():
        if record is not None and "found" in record:
            found.setdefault(system, {})[count] = np.array(record["found"], dtype=np.bool_).reshape(gold.shape)
            kept = {name: record[name] for name in ("cpu_seconds", "options", "version")}
            figures["systems"].setdefault(system, {})[str(count)] = kept
    for system, by_count in found.items():
        for count, matrix in by_count.items():
            scores = {name: round(value, 4) for name, value in topic_scores(matrix, gold).items()}
            scored = figures["systems"][system][str(count)] | scores
            if system != "frontline":
                scored["behind"] = difference(found["frontline"][count], matrix, gold)
            figures["systems"][system][str(count)] = scored
    figures["discovery"] = _discovery(rows, embedder, records.get(("bertopic_discovery", 0)))
    return figures


def installed_peers(places: Places) -> dict[str, str | None]:
    """The version of each peer in the peers' environment; None where it is not installed."""
    versions: dict[str, str | None] = {}
    for package in sorted(set(PEERS.values())):
        code = f"from importlib.metadata import version; print(version({package!r}))"
        found = None
        if places.peer_python.is_file():
            found = subprocess.run([str(places.peer_python), "-c", code], capture_output=True, text=True, check=False)
        versions[package] = found.stdout.strip() if found is not None and found.returncode == 0 else None
    return versions


def difference(one: Matrix, other: Matrix, gold: Matrix) -> list[float]:
    """By how much the micro-F1 of the first is above the other's, with a paired bootstrap interval of 95 %."""
    draw = np.random.default_rng(SEED)
    weights = np.stack(
        [np.bincount(draw.integers(0, len(gold), len(gold)), minlength=len(gold)) for _ in range(RESAMPLES)]
    ).astype(np.float64)
    weights = np.concatenate([np.ones((1, len(gold))), weights])
    values = _micro_f1(one, gold, weights) - _micro_f1(other, gold, weights)
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return [round(float(value), 4) for value in (values[0], low, high)]


def _micro_f1(found: Matrix, gold: Matrix, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    right, asserted, wanted = (weights @ matrix.sum(axis=1) for matrix in (found & gold, found, gold))
    scores: NDArray[np.float64] = 2 * right / np.maximum(1, asserted + wanted)
    return scores


def _own_systems(
    embedder: RememberingEmbedder, count: int
) -> dict[str, Callable[[Sequence[Response], Taxonomy], Matrix]]:
    """What runs in this process."""
    from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer

    def frontline(responses: Sequence[Response], taxonomy: Taxonomy) -> Matrix:
        findings = LocalSurveyAnalyzer(embedder).analyze(responses, taxonomy)
        return found_matrix(findings, [topic.id for topic in taxonomy.topics])

    systems: dict[str, Callable[[Sequence[Response], Taxonomy], Matrix]] = {
        "frontline": frontline,
        "keyword_lists": by_keyword_lists,
    }
    if not count:
        systems["keyword_names"] = by_topic_names
        systems["cosine"] = lambda responses, taxonomy: by_cosine(responses, taxonomy, embedder)
    return systems


def _peer_records(places: Places, one: SurveySet, rows: Sequence[GoldRow], installed: dict[str, str | None]) -> Records:
    """What the peers found, side by side in processes of their own; kept results are taken where there are some."""
    wanted = [("bertopic", count) for count in PER_TOPIC] + [("bertopic_discovery", 0)]
    wanted += [(system, count) for system in ("setfit", "setfit_head") for count in PER_TOPIC if count]

    def record(system: str, count: int) -> Figures | None:
        output = (places.peer_outputs or places.work) / f"{system}_{one.name}_{count}.json"
        if places.peer_outputs is None and installed[system.partition("_")[0]] is not None:
            task = places.work / f"{one.name}_{count}.task.json"
            # One thread each: two at a time fill two cores, and threads that wait for each other cost time.
            completed = subprocess.run(
                [str(places.peer_python), "bench/peers/run_survey_peer.py", system, str(task), str(output)],
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            if completed.returncode:
                print(f"{system} failed on {one.name}:\n{completed.stderr[-2_000:]}", flush=True)
        return json.loads(output.read_text(encoding="utf-8")) if output.is_file() else None

    for count in PER_TOPIC:
        write_task(places.work / f"{one.name}_{count}.task.json", one, rows, count)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        found = list(pool.map(lambda pair: record(*pair), wanted))
    return dict(zip(wanted, found, strict=True))


def write_task(path: Path, one: SurveySet, rows: Sequence[GoldRow], count: int) -> None:
    """What a peer is given: examples, further training texts without labels, and training rows to choose options by."""
    examples = one.examples(count, SEED)
    taken = {example.text for example in examples}
    rest = [row for row in one.rows if row.split == "train" and row.topic_ids and row.text not in taken]
    random.Random(SEED).shuffle(rest)
    held_out, pool = rest[:HELD_OUT], rest[HELD_OUT : HELD_OUT + POOL_TEXTS]
    values = {
        "steps": SETFIT_STEPS,
        "topics": [f"{topic.name.replace('_', ' ')}. {topic.description}".lower() for topic in one.topics],
        "texts": [example.text for example in examples],
        "gold": [[int(topic in example.topic_ids) for topic in one.topic_ids] for example in examples],
        "pool": [row.text for row in pool],
        "held_out": [row.text for row in held_out],
        "held_out_gold": gold_matrix(held_out, one.topic_ids).astype(int).tolist(),
        "test": [row.text for row in rows],
    }
    path.write_text(json.dumps(values), encoding="utf-8")


def _discovery(rows: Sequence[GoldRow], embedder: RememberingEmbedder, record: Figures | None) -> Figures:
    """How many of the topics that people used are found with no taxonomy at all."""
    from services.backends.local.surveys.suggester import LocalTopicSuggester

    started = time.process_time()
    suggested = LocalTopicSuggester(embedder).suggest(responses_of(rows))
    seconds = round(time.process_time() - started, 1)
    ours = [[response.text for response in group.representative] for group in suggested]
    figures: Figures = {"frontline": {**found_again(ours, rows), "cpu_seconds": seconds}}
    if record is not None:
        figures["bertopic"] = {**found_again(record["representative"], rows), "cpu_seconds": record["cpu_seconds"]}
    return figures


def found_again(groups: Sequence[Sequence[str]], rows: Sequence[GoldRow]) -> Figures:
    """A topic is found again by a group most of whose representative texts have it."""
    topics_of = {row.text: set(row.topic_ids) for row in rows}
    again: set[str] = set()
    for texts in groups:
        for topic in set().union(*(topics_of.get(text, set()) for text in texts)):
            share = sum(topic in topics_of.get(text, set()) for text in texts) / len(texts)
            if share >= ALIKE_SHARE:
                again.add(topic)
    return {"groups": len(groups), "found_again": len(again)}


def text(figures: Figures) -> str:
    """The section."""
    from bench.survey_peers_text import peers_text

    return peers_text(figures)
