"""The background work of a run: chunk by chunk, every different text is analyzed, whatever happens on the way."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from services.errors import ConflictError, NotFoundError
from services.jobs.models import Job, JobItem
from services.ports.files import FileStore
from services.ports.jobs import StageListener
from services.ports.model_calls import attributed
from services.ports.surveys import SurveyAnalyzer, SurveyRepository
from services.surveys.distinct_texts import DistinctTexts, distinct_texts
from services.surveys.findings import RunFindings
from services.surveys.findings_files import (
    decode_findings,
    encode_findings,
    facts_in,
    findings_of,
    joined_findings,
    nothing_found,
)
from services.surveys.models import Response, ResponseFinding, Taxonomy
from services.surveys.prepared import PreparedSurvey
from services.surveys.purpose import PURPOSE
from services.surveys.run_backends import RETRY_POLICY, ForgetCalls, SurveyBackends, calls_of_run
from services.surveys.run_files import RunFiles
from services.surveys.run_models import StepTrace, SurveyRun
from services.surveys.run_views import added_facts

ANALYZE_SURVEY = "analyze-survey"
VERSION = 1
"""Goes up whenever the same texts and findings of an analyzer would be kept otherwise; part of a run's version."""

_QUESTIONS_KEPT = 3
_ITEMS_AT_ONCE = 500

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class ItemLists(Protocol):
    """Lists the items of jobs, in pages: a JobRepository, or a JobService."""

    def list_items(self, tenant_id: str, job_id: str, *, offset: int, limit: int) -> list[JobItem]:
        """By position. Raises NotFoundError."""
        ...


class RunTexts:
    """The different texts of questions, and what runs learn from; the last few are kept. Safe for many threads.

    Args:
        open_survey: The survey of a tenant by its id. Raises NotFoundError.
    """

    def __init__(self, open_survey: Callable[[str, str], PreparedSurvey], files: FileStore) -> None:
        self._open_survey = open_survey
        self._files = files
        self._texts: OrderedDict[tuple[str, str, str], DistinctTexts] = OrderedDict()
        self._taxonomies: OrderedDict[str, Taxonomy] = OrderedDict()
        self._lock = threading.Lock()

    def of_question(self, tenant_id: str, survey_id: str, question: str) -> DistinctTexts:
        """Surveys never change, so what was read once holds."""
        with self._lock:  # also while one is read: a worker's places want the same one
            return _kept(
                self._texts,
                (tenant_id, survey_id, question),
                lambda: distinct_texts(self._open_survey(tenant_id, survey_id), question),
            )

    def ids(self, tenant_id: str, survey_id: str) -> Any:
        """The ids of the survey's responses by row, an Arrow array of strings."""
        return self._open_survey(tenant_id, survey_id).ids()

    def of_run(self, run: SurveyRun) -> DistinctTexts:
        """The texts that the run's chunks number."""
        return self.of_question(run.tenant_id, run.survey_id, run.question)

    def taxonomy_of(self, run: SurveyRun) -> Taxonomy:
        """The topics and examples that the run learns from. Raises NotFoundError."""
        with self._lock:
            return _kept(self._taxonomies, run.id, lambda: RunFiles(self._files, run).read_taxonomy())


class AnalyzeSurveyKind:
    """A :class:`services.ports.jobs.JobKind`: an item is a chunk of the different texts, from ``first`` to ``last``.

    What a chunk gave lies in the storage before its item ends. Done again, the item finds it there and analyzes
    nothing; calls that cost money are not made again within a chunk either, see
    :class:`services.ports.surveys.SurveyAnalyzer`.

    Args:
        forget_calls: What was paid for a run is forgotten with it.
        clock: Seconds that only grow, for tests.
    """

    kind = ANALYZE_SURVEY
    purpose = "surveys"
    retry_policy = RETRY_POLICY

    def __init__(
        self,
        repository: SurveyRepository,
        texts: RunTexts,
        files: FileStore,
        backends: SurveyBackends,
        items: ItemLists,
        *,
        forget_calls: ForgetCalls = lambda _tenant_id, _owner_prefix: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._repository = repository
        self._texts = texts
        self._files = files
        self._backends = backends
        self._items = items
        self._forget_calls = forget_calls
        self._clock = clock

    def lane(self, job: Job, item: JobItem) -> str | None:
        """Backends that may cost money are asked no faster than their limit, see :mod:`services.jobs.lanes`."""
        backend = str(job.arguments["backend"])
        return backend if self._backends.is_paid(backend) else None

    def run_item(self, job: Job, item: JobItem, report: StageListener) -> Mapping[str, Any]:
        run = self._run_of(job)
        kept = RunFiles(self._files, run)
        part = kept.read_part(item.position)
        if part is not None:
            with contextlib.suppress(ValueError):  # cut off by a crash of the machine: it is made anew
                return facts_in(part)
        analyzer = self._backends.analyzer(run.options.backend, run.tenant_id, f"{calls_of_run(run.id)}{item.position}")
        if run_version(analyzer) != run.backend_version:
            raise ConflictError(
                "The backend was changed since this run began, and one run is made by one backend.",
                code="backend-changed",
                remedy="Start the run again; calls that are the same are not paid for twice.",
            )
        started = self._clock()
        traces: list[StepTrace] = []
        taxonomy = self._texts.taxonomy_of(run)
        first, last = int(item.arguments["first"]), int(item.arguments["last"])
        chunk = self._texts.of_run(run).texts.slice(first, last - first + 1).to_pylist()
        report("analyzing", 0.0)
        with attributed(tenant_id=run.tenant_id, username=run.username, purpose=PURPOSE):
            found = analyzer.analyze(
                [Response(str(first + place), text) for place, text in enumerate(chunk)],
                taxonomy,
                lambda done, total: report("analyzing", done / max(total, 1)),
                traces.append if analyzer.paid else None,
            )
        result = {**_told(found, traces), "seconds": round(self._clock() - started, 3), "reused": False}
        report("keeping")
        try:
            self._run_of(job)
        except NotFoundError:  # a run that was deleted meanwhile must leave nothing behind
            self._forget_calls(run.tenant_id, calls_of_run(run.id))
            raise
        if traces:
            kept.write_traces(item.position, traces)
        # Last: where this file is, the chunk is complete.
        findings = findings_of(found, [topic.id for topic in taxonomy.topics])
        kept.write_part(item.position, encode_findings(findings, {**result, "reused": True}))
        return result

    def finish(self, job: Job, report: StageListener) -> Mapping[str, Any]:
        run = self._run_of(job)
        items = list(all_items(self._items, job))
        merge_parts(run, items, self._texts, self._files, report)
        return added_facts(items, run.distinct_count, job.round).values()

    def _run_of(self, job: Job) -> SurveyRun:
        return self._repository.get_run(job.tenant_id, str(job.arguments["run_id"]))


def run_version(analyzer: SurveyAnalyzer) -> str:
    """What decides the findings of a run beside its texts and its taxonomy."""
    return f"{analyzer.version}+{VERSION}"


def merge_parts(
    run: SurveyRun,
    items: list[JobItem],
    texts: RunTexts,
    files: FileStore,
    report: StageListener = lambda _stage, _progress=None: None,
) -> RunFindings:
    """Join what the chunks of a run gave, and keep it; where one gave nothing, nothing was found."""
    findings = joined_parts(run, items, texts, files, report)
    RunFiles(files, run).write_findings(encode_findings(findings))
    return findings


def joined_parts(
    run: SurveyRun,
    items: list[JobItem],
    texts: RunTexts,
    files: FileStore,
    report: StageListener = lambda _stage, _progress=None: None,
) -> RunFindings:
    """As :func:`merge_parts`, without keeping it: more may come of the run."""
    kept = RunFiles(files, run)
    topic_ids = [topic.id for topic in texts.taxonomy_of(run).topics]
    parts = []
    for item in items:
        report("joining", item.position / len(items))
        data = kept.read_part(item.position)
        count = int(item.arguments["last"]) - int(item.arguments["first"]) + 1
        parts.append(decode_findings(data) if data is not None else nothing_found(count, topic_ids))
    return joined_findings(parts, texts.of_run(run).of_row)


def all_items(lists: ItemLists, job: Job) -> Iterator[JobItem]:
    """Every item of a job by position."""
    offset = 0
    while True:
        items = lists.list_items(job.tenant_id, job.id, offset=offset, limit=_ITEMS_AT_ONCE)
        yield from items
        if len(items) < _ITEMS_AT_ONCE:
            return
        offset += len(items)


def _told(found: list[ResponseFinding], traces: list[StepTrace]) -> dict[str, Any]:
    """What came of a chunk and what it took."""
    calls = [trace for trace in traces if trace.model]
    made = [trace for trace in calls if not trace.reused]
    return {
        "texts": len(found),
        "other_texts": sum(not one.topics for one in found),
        "review_texts": sum(bool(one.needs_review) for one in found),
        "calls": len(made),
        "reused_calls": len(calls) - len(made),
        "input_tokens": sum(trace.input_tokens for trace in made),
        "output_tokens": sum(trace.output_tokens for trace in made),
        "cost_usd": None if any(trace.cost_usd is None for trace in made) else sum(t.cost_usd or 0.0 for t in made),
    }


def _kept(cache: OrderedDict[_Key, _Value], key: _Key, make: Callable[[], _Value]) -> _Value:
    """What the cache has, or what is made now; the oldest beyond a few is forgotten."""
    if key not in cache:
        cache[key] = make()
    cache.move_to_end(key)
    while len(cache) > _QUESTIONS_KEPT:
        cache.popitem(last=False)
    return cache[key]
