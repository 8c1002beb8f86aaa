"""How long a question takes among 100,000 chunks, what approximate search misses, how fast texts are taken in."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench.build_probe import SAMPLED_CHUNKS
from bench.data_sets import questions_path, write_corpus
from bench.frontline import environment, load_set
from bench.page import Figures, goals, percent, table
from bench.places import ROOT, Places

SET = "medquad_small"
CHUNKS = 100_000
INGESTED_CHUNKS = 2_000
INGEST_RUNS = 2
ENGINES = ("frontline", "sentence-transformers")


def measure(places: Places) -> Figures:
    """Build, search, take in."""
    load_set(places, SET)
    built, searched = build_and_search(places, CHUNKS)
    return {"built": built, "searched": searched, "ingest": _ingest(places)}


def build_and_search(places: Places, chunks: int) -> tuple[Figures, Figures]:
    """A snapshot of so many chunks, made once per work folder, and what a question costs in it."""
    storage = places.work / f"large-{chunks}"
    if not (storage / "built.json").is_file():
        probe(places, "bench.build_probe", str(storage), SET, str(chunks))
    built = json.loads((storage / "built.json").read_text(encoding="utf-8"))
    return built, probe(places, "bench.search_probe", str(storage), str(questions_path(places.data, SET)))


def _ingest(places: Places) -> Figures:
    corpus = write_corpus(places.data, SET, places.work)
    runs: dict[str, list[Figures]] = {engine: [] for engine in ENGINES}
    for _ in range(INGEST_RUNS):
        for engine in ENGINES:
            runs[engine].append(probe(places, "bench.ingest_probe", engine, str(corpus), str(INGESTED_CHUNKS)))
    best = {engine: min(values, key=lambda one: float(one["cpu_seconds"])) for engine, values in runs.items()}
    ratio = best[ENGINES[1]]["cpu_seconds"] / best[ENGINES[0]]["cpu_seconds"]
    return {"engines": best, "runs": runs, "ratio": round(ratio, 2)}


def probe(places: Places, module: str, *arguments: str) -> Figures:
    """Run a measurement in a process of its own, with one thread for every library."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    completed = subprocess.run(
        [sys.executable, "-m", module, str(places.home), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment(places.home), **threads},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: Figures = json.loads(completed.stdout.splitlines()[-1])
    print(module, *arguments[:1], figures, flush=True)
    return figures


def text(figures: Figures) -> str:
    """The section."""
    built, searched, ingest = figures["built"], figures["searched"], figures["ingest"]
    cpu = searched["cpu_ms"]
    reached = goals(
        (
            ("CPU per question, median", "≤ 25 ms", f"{cpu['p50']:.1f} ms", cpu["p50"] <= 25),
            ("CPU per question, 95th percentile", "≤ 60 ms", f"{cpu['p95']:.1f} ms", cpu["p95"] <= 60),
            ("Chunks per CPU-second against torch", "≥ 1.8", f"{ingest['ratio']:.2f}", ingest["ratio"] >= 1.8),
        )
    )
    rows = (
        ("CPU ms per question, median / 95th percentile", _pair(cpu)),
        ("of these, embedding the question", _pair(searched["embedding_cpu_ms"])),
        ("Wall-clock ms per question, median / 95th percentile", _pair(searched["wall_ms"])),
        ("First question, which opens the snapshot, CPU ms", f"{searched['first_cpu_ms']:.0f}"),
        ("Recall@10 of the inverted file against exact cosine", f"{searched['neighbor_recall']:.3f}"),
        ("Documents of the hybrid search's top 10 that exact search gives too", percent(searched["hybrid_overlap"])),
        ("Resident memory before / after", f"{searched['before_mib']:.0f} / {searched['after_mib']:.0f} MiB"),
        ("of this, not files", f"{searched['private_mib']:.0f} MiB"),
    )
    engines = table(
        ("", "Chunks per CPU-second", "CPU seconds", "of these, embedding"),
        (
            (
                "Frontline (int8, onnxruntime)" if engine == ENGINES[0] else "sentence-transformers (fp32, torch)",
                f"{one['chunks'] / one['cpu_seconds']:.1f}",
                f"{one['cpu_seconds']:.1f}",
                f"{one['embedding_cpu_seconds']:.1f}",
            )
            for engine, one in ingest["engines"].items()
        ),
    )
    chunks = next(iter(ingest["engines"].values()))["chunks"]
    return "\n\n".join(
        (
            reached,
            f"**Search among {built['chunks']:,} chunks**, {searched['questions']} questions of {SET}\n",
            table(("", "Measured"), rows),
            _about(built),
            f"**Taking in {chunks:,} chunks of {SET}**\n",
            engines,
        )
    )


def _about(built: Figures) -> str:
    return (
        f"The snapshot holds the {built['real_chunks']:,} chunks of {SET} and copies of them in which "
        f"{percent(built['changed_words'])} of the words are replaced by other words of the set. **The vectors of the "
        f"copies are not embedded**: each is its original's, moved at random to a cosine of {built['likeness']:.2f}, "
        f"which is how far changing the words moves real vectors (mean of {SAMPLED_CHUNKS} chunks). Writing them "
        f"took {built['cpu_seconds_without_embedding']} CPU-seconds, embedding of chunks aside."
    )


def _pair(values: Figures) -> str:
    return f"{values['p50']:.1f} / {values['p95']:.1f}"
