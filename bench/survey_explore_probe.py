"""Explores a run and prints what each action cost, as JSON; a process of its own for bench.survey_explore.

    python -m bench.survey_explore_probe FOLDER

FOLDER holds ``survey.parquet``, ``findings.parquet`` and ``topics.json``, as bench.survey_explore made them.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from bench.page import Figures, spread
from services.jobs.models import Job, JobStatus
from services.storage.files import RootedFiles
from services.surveys.distinct_texts import distinct_texts
from services.surveys.exploring.explorer import RunView, SurveyExplorer
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import VerbatimOrder
from services.surveys.exports.service import SurveyExports
from services.surveys.findings import RunFindings
from services.surveys.findings_files import decode_findings
from services.surveys.label_models import LabeledTopic, LabelPurpose, ResponseLabel, key_of_text
from services.surveys.models import Sentiment, Taxonomy, Topic
from services.surveys.prepared import PreparedSurvey, load_survey
from services.surveys.run_models import RunOptions, SurveyRun
from services.surveys.run_views import RunState
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import TaxonomyVersion

TENANT = "bench"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = 40
COLD_TIMES = 5
CORRECTIONS = 200
SEARCHES = ("app", "coffee", "CRASH", "too slow", "rewards points", "not in any response", "reward")
SENTIMENTS = tuple(Sentiment)


class StoredRun:
    """What the explorer asks for, read from the folder as the real storage does; the database is left out."""

    def __init__(self, folder: Path) -> None:
        self.files = RootedFiles(str(folder))
        self.labels: list[ResponseLabel] = []
        topics = [Topic(*one) for one in json.loads(self.files.read("topics.json"))]
        self.version = TaxonomyVersion("topics", 1, Taxonomy(tuple(topics)), "", "", NOW)
        prepared = load_survey(self.files, "survey.parquet")
        facts = prepared.facts
        self.survey = Survey("survey", TENANT, "", "Coffee shop's app", NOW, "survey.parquet", facts)
        question = facts.columns.texts[0]
        self.run = SurveyRun(
            id="run",
            tenant_id=TENANT,
            survey_id="survey",
            question=question,
            taxonomy_id="topics",
            taxonomy_version=1,
            options=RunOptions(),
            backend_version="local",
            job_id="job",
            username="",
            created_at=NOW,
            response_count=facts.row_count,
            distinct_count=len(distinct_texts(prepared, question).texts),
            example_count=0,
        )

    def get(self, _tenant_id: str, wanted_id: str, _number: int | None = None) -> Any:
        return self.survey if wanted_id == "survey" else self.version

    def open(self, _tenant_id: str, _survey_id: str) -> PreparedSurvey:
        return load_survey(self.files, "survey.parquet")

    def state(self, _tenant_id: str, _run_id: str) -> RunState:
        return RunState(self.run, Job("job", "", TENANT, "", "", {}, NOW, JobStatus.DONE))

    def findings(self, tenant_id: str, survey_id: str) -> RunFindings:
        of_row = distinct_texts(self.open(tenant_id, survey_id), self.run.question).of_row
        return decode_findings(self.files.read("findings.parquet"), of_row)

    def resolve(self, *_: object) -> dict[str, str | None]:
        return {topic.id: topic.id for topic in self.version.taxonomy.topics}

    def labels_revision(self, *_: object) -> str:
        return str(len(self.labels))

    def list_labels(self, *_: object, **__: object) -> list[ResponseLabel]:
        return self.labels

    def correct(self, view: RunView, count: int) -> None:
        """Say of some more responses that they are about the first topic."""
        topics = (LabeledTopic(view.topics[0].id, Sentiment.NEGATIVE),)
        self.labels += [
            ResponseLabel(
                LabelPurpose.CORRECTION,
                "survey",
                self.run.question,
                key_of_text(one.text),
                "topics",
                1,
                topics,
                None,
                "",
                NOW,
            )
            for one in view.verbatims(offset=len(self.labels), limit=count, distinct=True)
        ]


class Clock:
    """What each action took, by its name."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        """Measure what is done inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu.setdefault(name, []).append(time.process_time() - cpu)
        self.wall.setdefault(name, []).append(time.perf_counter() - wall)

    def figures(self) -> Figures:
        """Median and 95th percentile of wall-clock and CPU seconds per action."""
        return {
            name: {"times": len(values), "wall": spread(values), "cpu": spread(self.cpu[name])}
            for name, values in self.wall.items()
        }


def main(folder: Path) -> Figures:
    """Do everything that the page does, again and again with other filters."""
    libraries = peak_mib()
    stored, clock, chance = StoredRun(folder), Clock(), random.Random(0)

    def explorer() -> SurveyExplorer:
        return SurveyExplorer(stored, stored, stored, stored)  # type: ignore[arg-type]

    for _ in range(COLD_TIMES):
        with clock.measured("open"):
            opened = explorer()
            view = opened.open(TENANT, "run")
            draw_charts(view, ResponseFilter())
    for number in range(TIMES):
        # Other numbers each time, so that nothing is counted already.
        chosen = replace(some_filter(view, chance), scores=((view.score_names[0], None, 10 + number),))
        with clock.measured("charts"):
            draw_charts(view, chosen)
    for number in range(TIMES):
        chosen = replace(some_filter(view, chance), scores=((view.score_names[0], None, 100 + number),))
        with clock.measured("verbatims"):
            offset = chance.randrange(2_000)
            view.verbatims(chosen, offset, 50, chance.choice(list(VerbatimOrder)))
            view.count(chosen)
    for number in range(TIMES):
        chosen = ResponseFilter(scores=((view.score_names[0], None, 200 + number),))
        with clock.measured("cross_tab"):
            view.cross_tab(chosen, chance.choice(view.segment_names))
    for number in range(TIMES):
        chosen = ResponseFilter(search=chance.choice(SEARCHES), scores=((view.score_names[0], None, 300 + number),))
        with clock.measured("search"):
            view.totals(chosen)
            view.verbatims(chosen)
    for _ in range(COLD_TIMES):
        stored.correct(view, CORRECTIONS)
        with clock.measured("corrected"):
            view = opened.open(TENANT, "run")
            draw_charts(view, ResponseFilter())
    explored = peak_mib()
    exports = SurveyExports()
    sizes = {}
    actions: dict[str, Callable[[], int]] = {
        "report": lambda: len(exports.report_html(view, score=view.score_names[0])),
        "csv": lambda: written(lambda file: exports.csv(file, view)),
        "jsonl": lambda: written(lambda file: exports.jsonl(file, view)),
        "workbook": lambda: written(lambda file: exports.workbook(file, view, score=view.score_names[0])),
    }
    for name, export in actions.items():
        with clock.measured(name):
            sizes[name] = round(export() / 1e6, 1)
    return {
        "rows": view.row_count,
        "texts": stored.run.distinct_count,
        "topics": len(view.topics),
        "assignments": view.totals().assignments,
        "actions": clock.figures(),
        "export_megabytes": sizes,
        "libraries_mib": libraries,
        "explored_mib": explored,
        "peak_mib": peak_mib(),
    }


def written(export: Callable[[BinaryIO], None]) -> int:
    """Bytes of an export, which goes to the disk as on the page."""
    with tempfile.TemporaryFile() as file:
        export(file)
        return file.tell()


def draw_charts(view: RunView, chosen: ResponseFilter) -> None:
    """All figures of the page, and its first verbatims."""
    view.totals(chosen)
    summaries = view.topic_summaries(chosen, view.score_names[0])
    view.coverage(chosen)
    view.trend(chosen, topics=[one.topic_id for one in summaries[:6]])
    view.cross_tab(chosen, view.segment_names[0])
    view.co_occurrence(chosen)
    view.verbatims(chosen, limit=50)


def some_filter(view: RunView, chance: random.Random) -> ResponseFilter:
    """Conditions as people combine them."""
    start = date(2026, 1, 1) + timedelta(days=chance.randrange(100))
    segment = chance.choice(view.segment_names)
    values = tuple(one.value for one in view.segment_values(segment))
    return ResponseFilter(
        topics=tuple(topic.id for topic in chance.sample(view.topics, chance.choice([0, 0, 1, 2]))),
        sentiments=tuple(chance.sample(SENTIMENTS, chance.choice([0, 0, 1, 2]))),
        segments=((segment, tuple(chance.sample(values, 2))),) if chance.random() < 0.4 else (),
        first_day=start if chance.random() < 0.3 else None,
        search=chance.choice(SEARCHES[:4]) if chance.random() < 0.3 else "",
    )


def peak_mib() -> int:
    """The most memory that this process ever held; what getrusage tells may be its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return round(int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
