"""What taking in a whole set costs, and what a change of ten documents costs after it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from bench.data_sets import write_corpus
from bench.frontline import environment
from bench.machine import MIB
from bench.page import Figures, goals, percent, table
from bench.places import ROOT, Places

SET, TENANT = "medquad_small", "ingest"
CHANGED_DOCUMENTS = 10
ADDED = " Ask the pharmacist on duty when this does not answer the question."


def measure(places: Places) -> Figures:
    """Load and publish everything, then again with ten documents changed."""
    home = places.work / "ingest-home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    if (places.home / "models").is_dir():
        shutil.copytree(places.home / "models", home / "models")
    corpus = write_corpus(places.data, SET, places.work)
    first = _load(home, corpus)
    again = _load(home, _with_changes(corpus))
    return {"set": SET, "changed_documents": CHANGED_DOCUMENTS, "first": first, "again": again}


def _with_changes(corpus: Path) -> Path:
    lines = corpus.read_text(encoding="utf-8").splitlines()
    for row in range(0, len(lines), -(-len(lines) // CHANGED_DOCUMENTS)):
        values = json.loads(lines[row])
        lines[row] = json.dumps({**values, "text": values["text"] + ADDED}, ensure_ascii=False)
    changed = corpus.with_name(f"{corpus.stem}-changed.jsonl")
    changed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return changed


def _load(home: Path, corpus: Path) -> Figures:
    """Run ``load-knowledge --publish`` and watch its memory and that of its children."""
    arguments = ["load-knowledge", "--tenant", TENANT, "--publish", "--json", str(corpus)]
    started, before = time.perf_counter(), os.times()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *arguments], cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, text=True
    )
    peak = [0.0]
    watching = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watching.start()
    output, _ = process.communicate()
    wall, after = time.perf_counter() - started, os.times()
    if process.returncode != 0:
        raise RuntimeError(f"load-knowledge ended with {process.returncode}")
    report = json.loads(output)
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {
        "documents_loaded": report["loaded"],
        "documents_unchanged": report["unchanged"],
        "chunks": report["chunks"],
        "vectors_taken_over": report["reused_vectors"],
        "cpu_seconds": round(cpu, 1),
        "wall_seconds": round(wall, 1),
        "peak_mib": round(peak[0]),
    }


def _watch(process: int, peak: list[float]) -> None:
    try:
        watched = psutil.Process(process)
        while watched.is_running():
            family = [watched, *watched.children(recursive=True)]
            peak[0] = max(peak[0], sum(one.memory_info().rss for one in family) / MIB)
            time.sleep(0.2)
    except psutil.Error:
        return  # it has ended


def text(figures: Figures) -> str:
    """The section."""
    first, again = figures["first"], figures["again"]
    share = again["cpu_seconds"] / first["cpu_seconds"]
    goal = goals((("Publishing again after ten changes, of the first time", "< 5 %", percent(share), share < 0.05),))
    measured = table(
        ("", "Everything", f"{figures['changed_documents']} documents changed"),
        (
            ("Documents stored / unchanged", _documents(first), _documents(again)),
            ("Chunks", f"{first['chunks']:,}", f"{again['chunks']:,}"),
            ("Vectors taken over", f"{first['vectors_taken_over']:,}", f"{again['vectors_taken_over']:,}"),
            (
                "CPU seconds from the command to the published version",
                f"{first['cpu_seconds']:,.1f}",
                f"{again['cpu_seconds']:,.1f}",
            ),
            ("Chunks per CPU second", f"{first['chunks'] / first['cpu_seconds']:.1f}", "–"),
            ("Seconds by the clock", f"{first['wall_seconds']:,.0f}", f"{again['wall_seconds']:,.0f}"),
            ("Peak memory, child processes included, MiB", f"{first['peak_mib']:,}", f"{again['peak_mib']:,}"),
        ),
    )
    about = (
        f"`load-knowledge --publish` of {figures['set']} into an empty tenant, from the start of the program to the "
        "published version: reading, embedding, indexing, calibrating; then the same file with a sentence added to ten "
        "documents."
    )
    return f"{goal}\n\n{measured}\n\n{about}"


def _documents(one: Figures) -> str:
    return f"{one['documents_loaded']:,} / {one['documents_unchanged']:,}"
