"""What it takes to look at a run of 100,000 responses: to open it, filter it, read it, and export it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from bench.page import Figures, goals, table
from bench.places import ROOT, Places
from bench.survey_intake import COLUMNS, composed_rows
from services.backends.local.personal_data import LocalPersonalDataDetector
from services.storage.files import RootedFiles
from services.surveys.chosen_columns import choose_columns
from services.surveys.columns import guess_columns
from services.surveys.distinct_texts import distinct_texts
from services.surveys.findings import OTHER_CODES, REVIEW_BITS, RunFindings
from services.surveys.findings_files import encode_findings
from services.surveys.models import OtherReason
from services.surveys.prepared import PreparedSurvey, prepare_survey, store_survey
from services.surveys.response_files import read_table

ROWS = int(os.environ.get("SURVEY_EXPLORE_ROWS", "100000"))  # fewer to see whether it works
TOPICS = 30
SEED = 20_260_101
TOPICS_EACH = ([0, 1, 2, 3, 4], [0.12, 0.46, 0.28, 0.1, 0.04])
GOAL_SECONDS = 1.0


def measure(places: Places) -> Figures:
    """Make a survey and its findings, then explore them in a process of its own."""
    folder = places.work / "survey_explore"
    folder.mkdir(exist_ok=True)
    source = folder / "survey.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(composed_rows(ROWS))
    responses = read_table(source, source.name)
    data = prepare_survey(responses, choose_columns(responses, guess_columns(responses)), LocalPersonalDataDetector())
    prepared = store_survey(RootedFiles(str(folder)), "survey.parquet", data)
    topics = [(f"topic-{number}", f"Topic number {number}") for number in range(1, TOPICS + 1)]
    (folder / "topics.json").write_text(json.dumps(topics), encoding="utf-8")
    findings = made_up_findings(prepared, [topic_id for topic_id, _ in topics])
    (folder / "findings.parquet").write_bytes(encode_findings(findings))
    return _explored(folder)


def text(figures: Figures) -> str:
    """The section of docs/benchmarks.md."""
    sizes = figures["export_megabytes"]
    labels = {
        "open": "Open a run from the storage and draw the page",
        "charts": "Another filter: totals, topics with impact, coverage, trend, a cross-tab, pairs, 50 verbatims",
        "verbatims": "A page of 50 verbatims of a new filter, in one of four orders",
        "cross_tab": "A cross-tab of all responses",
        "search": "Search the texts: totals and 50 verbatims",
        "corrected": "Open it again after corrections and draw the page",
        "report": f"Export the report, {sizes['report']:g} MB",
        "csv": f"Export all responses as CSV, {sizes['csv']:g} MB",
        "jsonl": f"Export them as JSON lines, {sizes['jsonl']:g} MB",
        "workbook": f"Export the workbook, {sizes['workbook']:g} MB",
    }
    rows = []
    for name, label in labels.items():
        action = figures["actions"][name]
        rows.append((label, *(f"{action[kind][part]:.3f}" for kind in ("cpu", "wall") for part in ("p50", "p95"))))
    slowest = max(figures["actions"][name]["wall"]["p95"] for name in ("charts", "verbatims", "cross_tab", "search"))
    reached = goals(
        [("Explore, p95 of every action", f"< {GOAL_SECONDS:g} s", f"{slowest:.2f} s", slowest < GOAL_SECONDS)]
    )
    about = (
        f"{figures['rows']:,} rows x {len(COLUMNS)} columns, composed as the sample survey is, with "
        f"{figures['texts']:,} different responses; {figures['topics']} topics, assigned {figures['assignments']:,} "
        "times by chance, some far commoner than others. One process, one thread; filters never came twice. The page's "
        "own drawing and the database are not in these figures. Peak memory was "
        f"{figures['explored_mib']:,} MiB while exploring and {figures['peak_mib']:,} MiB with the exports, "
        f"{figures['libraries_mib']:,} MiB of it before anything was opened."
    )
    heads = ("Action", "CPU s, p50", "CPU s, p95", "Wall-clock s, p50", "Wall-clock s, p95")
    return f"{reached}\n\n{table(heads, rows)}\n\n{about}"


def made_up_findings(prepared: PreparedSurvey, topic_ids: list[str]) -> RunFindings:
    """Findings of chance: common and rare topics, doubts and Others about as often as in a real run."""
    chance = np.random.default_rng(SEED)
    texts = distinct_texts(prepared, prepared.facts.columns.texts[0])
    count = len(texts.texts)
    lengths = np.array([len(one) for one in texts.texts.to_pylist()])
    each = np.where(lengths > 2, chance.choice(TOPICS_EACH[0], count, p=TOPICS_EACH[1]), 0)
    weights = 1 / np.arange(2, len(topic_ids) + 2)
    # The largest of random numbers raised to 1 / weight: a draw without repeats.
    keys = chance.random((count, len(topic_ids))) ** (1 / weights)
    order = np.argsort(-keys, axis=1)[:, : max(TOPICS_EACH[0])]
    topics = order[np.arange(order.shape[1]) < each[:, None]]
    of_text = np.repeat(np.arange(count), each)
    starts = (chance.random(len(topics)) * lengths[of_text] * 0.5).astype(np.int32)
    reasons = [OTHER_CODES[OtherReason.NOTHING_FITS], OTHER_CODES[OtherReason.JUNK], OTHER_CODES[OtherReason.TOO_SHORT]]
    other = np.where(each > 0, 0, chance.choice(reasons, count))
    other[lengths == 0] = OTHER_CODES[OtherReason.EMPTY]
    bits = list(REVIEW_BITS.values())
    return RunFindings(
        topic_ids=tuple(topic_ids),
        text_of_row=texts.of_row,
        overall=chance.choice([1, 2, 3, 4], count, p=[0.4, 0.15, 0.35, 0.1]).astype(np.int8),
        other=other.astype(np.int8),
        confidence=chance.random(count).astype(np.float32),
        review=np.where(chance.random(count) < 0.15, chance.choice(bits, count), 0).astype(np.uint16),
        offsets=np.concatenate([[0], np.cumsum(each)]),
        topics=topics.astype(np.int16),
        sentiments=chance.choice([1, 2, 3, 4], len(topics), p=[0.42, 0.12, 0.42, 0.04]).astype(np.int8),
        topic_confidence=chance.random(len(topics)).astype(np.float32),
        evidence_starts=starts,
        evidence_ends=np.minimum(starts + 40, lengths[of_text]).astype(np.int32),
    )


def _explored(folder: Path) -> Figures:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "bench.survey_explore_probe", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))
