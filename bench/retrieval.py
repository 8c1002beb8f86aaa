"""How well the right documents are found, beside three libraries with the same embedding model."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from bench import ranking
from bench.data_sets import SETS, corpus_path, judgements, questions_path, results_of
from bench.frontline import load_set, run_command
from bench.metrics import mean, ndcg_at_k, paired_bootstrap, recall_at_k
from bench.page import Figures, goals, table
from bench.places import ROOT, Places

SEARCH_TYPES = ("hybrid", "semantic", "keyword")
PEERS = ("txtai_hybrid", "haystack_rrf", "langchain_ensemble")
NAMES = {
    "hybrid": "**Frontline, hybrid**",
    "semantic": "Frontline, semantic",
    "keyword": "Frontline, keyword",
    "txtai_hybrid": "txtai, hybrid",
    "haystack_rrf": "Haystack, reciprocal rank fusion",
    "langchain_ensemble": "LangChain, ensemble",
}
DEPTH = 10


def measure(places: Places) -> Figures:
    """Run every system on every set."""
    return {
        "sets": {name: _measure_set(places, name) for name in SETS},
        "weights": ranking.measure_weights(places),
        "bm25": ranking.measure_bm25(places),
    }


def _measure_set(places: Places, name: str) -> Figures:
    indexing_cpu_seconds = load_set(places, name)
    grades = judgements(places.data, name)
    systems: dict[str, Figures] = {}
    ndcg: dict[str, list[float]] = {}
    for system in (*SEARCH_TYPES, *PEERS):
        found, figures = (_frontline if system in SEARCH_TYPES else _peer)(places, name, system)
        ndcg[system] = [ndcg_at_k(found.get(question, []), judged, DEPTH) for question, judged in grades.items()]
        systems[system] = {
            "ndcg_at_10": round(mean(ndcg[system]), 4),
            "recall_at_1": round(_recall(found, grades, 1), 4),
            "recall_at_10": round(_recall(found, grades, DEPTH), 4),
            **figures,
        }
        print(name, system, systems[system], flush=True)
    best_peer = max(PEERS, key=lambda peer: float(systems[peer]["ndcg_at_10"]))
    interval = paired_bootstrap(ndcg["hybrid"], ndcg[best_peer])
    return {
        "questions": len(grades),
        "systems": systems,
        "indexing_cpu_seconds": indexing_cpu_seconds,
        "peers_run_before": places.peer_outputs is not None,
        "best_peer": best_peer,
        "difference": round(interval.mean, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
    }


def _recall(found: dict[str, list[str]], grades: dict[str, dict[str, float]], k: int) -> float:
    return mean([recall_at_k(found.get(question, []), judged, k) for question, judged in grades.items()])


def _frontline(places: Places, name: str, search_type: str) -> tuple[dict[str, list[str]], Figures]:
    output = places.work / f"{search_type}_{name}.jsonl"
    printed, _ = run_command(
        places.home,
        *("retrieve", "--tenant", SETS[name], "--questions", str(questions_path(places.data, name))),
        *("--output", str(output), "--k", str(DEPTH), "--search-type", search_type),
    )
    times = re.search(r"median ([\d.]+) ms, 95th percentile ([\d.]+) ms", printed)
    assert times is not None, printed
    return results_of(output), {"question_cpu_ms": float(times[1])}


def _peer(places: Places, name: str, peer: str) -> tuple[dict[str, list[str]], Figures]:
    folder = places.peer_outputs or places.work
    output, printed = folder / f"{peer}_{name}.jsonl", folder / f"{peer}_{name}.out"
    if places.peer_outputs is None:
        _run_peer(places, name, peer, output, printed)
    report = json.loads(printed.read_text(encoding="utf-8").splitlines()[-1])
    found = results_of(output)
    return found, {
        "question_cpu_ms": round(1000 * report["query_cpu_seconds"] / len(found), 1),
        "indexing_cpu_seconds": round(report["index_cpu_seconds"], 1),
        "peak_resident_mib": round(report["peak_rss_bytes"] / 1024 / 1024),
        "version": report["version"],
    }


def _run_peer(places: Places, name: str, peer: str, output: Path, printed: Path) -> None:
    command = [str(places.peer_python), "bench/peers/run_peer.py", "--peer", peer, "--k", str(DEPTH)]
    command += ["--corpus", str(corpus_path(places.data, name)), "--questions", str(questions_path(places.data, name))]
    completed = subprocess.run(
        [*command, "--output", str(output)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    printed.write_text(completed.stdout, encoding="utf-8")


def text(figures: Figures) -> str:
    """The section."""
    sets: dict[str, Figures] = figures["sets"]
    parts = [
        goals(
            (
                f"Hybrid above every peer on {name}",
                "difference > 0",
                _difference(one),
                float(one["difference"]) > 0,
            )
            for name, one in sets.items()
        )
    ]
    for name, one in sets.items():
        rows = [
            (
                NAMES[system],
                f"{values['ndcg_at_10']:.3f}",
                f"{values['recall_at_1']:.3f}",
                f"{values['recall_at_10']:.3f}",
                f"{values['question_cpu_ms']:.1f}",
            )
            for system, values in one["systems"].items()
        ]
        parts.append(f"**{name}**, {one['questions']} questions\n")
        parts.append(table(("System", "nDCG@10", "R@1", "R@10", "CPU ms per question"), rows))
    parts.append(_notes(sets))
    parts.append(ranking.text(figures["weights"], figures["bm25"]))
    return "\n\n".join(parts)


def _notes(sets: dict[str, Figures]) -> str:
    first = next(iter(sets.values()))
    versions = "; ".join(first["systems"][peer]["version"] for peer in PEERS)
    source = (
        "The peers' results were made earlier on the same machine by `bench/peers/run_peer.py`, and scored in this run."
        if first["peers_run_before"]
        else "The peers ran in this run, through `bench/peers/run_peer.py`."
    )
    return f"{source} Versions: {versions}."


def _difference(one: Figures) -> str:
    interval = f"{_signed(one['low'])} to {_signed(one['high'])}"
    return f"{_signed(one['difference'])} against {NAMES[one['best_peer']]} (95 % interval {interval})"


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
