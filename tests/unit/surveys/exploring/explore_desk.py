"""A survey with made-up findings, explored through the real explorer."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np

from services.errors import NotFoundError
from services.jobs.models import Job, JobStatus
from services.privacy.models import PersonalDataSpan
from services.surveys.chosen_columns import SegmentColumn, SurveyColumns
from services.surveys.distinct_texts import distinct_texts
from services.surveys.exploring.explorer import SurveyExplorer
from services.surveys.exploring.run_view import RunView
from services.surveys.findings import RunFindings
from services.surveys.findings_files import findings_of
from services.surveys.label_models import LabeledTopic, LabelPurpose, ResponseLabel, key_of_text
from services.surveys.models import ResponseFinding, Sentiment, Taxonomy, Topic
from services.surveys.prepared import PreparedSurvey, prepare_survey, store_survey
from services.surveys.run_models import RunOptions, SurveyRun
from services.surveys.run_views import RunState
from services.surveys.survey_models import Survey
from services.surveys.taxonomies import resolution
from services.surveys.taxonomy_models import TaxonomyVersion
from tests.fakes import FakeFiles
from tests.survey_fakes import FakeSurveyRepository
from tests.unit.surveys.intake.table_files import csv_table

TENANT = "pharmacy"
QUESTION = "Why?"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMNS = SurveyColumns(
    texts=(QUESTION,),
    id="id",
    date="day",
    segments=(SegmentColumn("region"), SegmentColumn("devices", ";")),
    scores=("nps",),
)


@dataclass(frozen=True)
class Person:
    """One row of the survey; a score of None was not given."""

    text: str
    day: date | None = date(2026, 1, 1)
    region: str = ""
    devices: tuple[str, ...] = ()
    nps: float | None = None


class NoPersonalData:
    """Finds none."""

    def find(self, text: str) -> list[PersonalDataSpan]:
        return []

    def check_ready(self) -> None: ...


class ExploreDesk:
    """One survey with one run.

    Args:
        found: What the run found by text; a text that is missing was not analyzed.

    Attributes:
        opened, loaded: How often the survey was opened and findings were read.
    """

    def __init__(
        self,
        people: Sequence[Person],
        found: Mapping[str, ResponseFinding],
        topics: Sequence[Topic],
        *,
        name: str = "one",
        taxonomy_id: str = "coffee",
        repository: FakeSurveyRepository | None = None,
        columns: SurveyColumns = COLUMNS,
    ) -> None:
        self.people = people
        self.repository = repository or FakeSurveyRepository()
        self.prepared = _prepared(people, columns)
        self.opened = self.loaded = 0
        self.status, self.round = JobStatus.DONE, 1
        facts = self.prepared.facts
        self.survey = Survey(f"survey-{name}", TENANT, "ana", f"Wave {name}", NOW, "survey.parquet", facts)
        self.repository.insert_survey(self.survey)
        version = TaxonomyVersion(taxonomy_id, 1, Taxonomy(tuple(topics)), "", "ana", NOW)
        try:
            version = self.repository.get_version(TENANT, taxonomy_id, 1)
        except NotFoundError:
            self.repository.insert_taxonomy(TENANT, taxonomy_id, version)
        texts = distinct_texts(self.prepared, QUESTION)
        self.run = SurveyRun(
            id=f"run-{name}",
            tenant_id=TENANT,
            survey_id=self.survey.id,
            question=QUESTION,
            taxonomy_id=taxonomy_id,
            taxonomy_version=1,
            options=RunOptions(),
            backend_version="local-1",
            job_id=f"job-{name}",
            username="ana",
            created_at=NOW,
            response_count=len(people),
            distinct_count=len(texts.texts),
            example_count=0,
        )
        self.repository.insert_run(self.run)
        self.found_findings = _findings([found.get(text) for text in texts.texts.to_pylist()], topics, texts.of_row)
        self.explorer = SurveyExplorer(self, self, self, self.repository)  # type: ignore[arg-type]

    def view(self) -> RunView:
        """The run as it is looked at."""
        return self.explorer.open(TENANT, self.run.id)

    def correct(self, text: str, topics: Mapping[str, Sentiment | None], sentiment: Sentiment | None = None) -> None:
        """Say what is true of a text, in topics of the newest version."""
        label = ResponseLabel(
            LabelPurpose.CORRECTION,
            self.survey.id,
            QUESTION,
            key_of_text(text),
            self.run.taxonomy_id,
            self.repository.get_version(TENANT, self.run.taxonomy_id).number,
            tuple(LabeledTopic(topic_id, of_topic) for topic_id, of_topic in topics.items()),
            sentiment,
            "ana",
            NOW,
        )
        self.repository.save_labels(TENANT, [label])

    def change_topics(self, topics: Sequence[Topic], moved: Mapping[str, str | None]) -> None:
        """Keep a new version of the taxonomy."""
        before = self.repository.get_version(TENANT, self.run.taxonomy_id)
        self.repository.insert_version(
            TENANT, replace(before, number=before.number + 1, taxonomy=Taxonomy(tuple(topics)), moved=moved)
        )

    # What the explorer asks of surveys, runs and taxonomies. "get" is asked of surveys and of taxonomies.

    def get(self, tenant_id: str, wanted_id: str, number: int | None = None) -> Survey | TaxonomyVersion:
        if wanted_id == self.run.taxonomy_id:
            return self.repository.get_version(tenant_id, wanted_id, number)
        return self.repository.get_survey(tenant_id, wanted_id)

    def open(self, tenant_id: str, survey_id: str) -> PreparedSurvey:
        self.opened += 1
        return self.prepared

    def state(self, tenant_id: str, run_id: str) -> RunState:
        run = self.repository.get_run(tenant_id, run_id)
        return RunState(run, Job(run.job_id, "", tenant_id, "ana", "", {}, NOW, self.status, self.round))

    def findings(self, tenant_id: str, run_id: str) -> RunFindings:
        self.loaded += 1
        return self.found_findings

    def resolve(
        self, tenant_id: str, taxonomy_id: str, from_version: int, to_version: int | None = None
    ) -> dict[str, str | None]:
        return resolution(self.repository.list_versions(tenant_id, taxonomy_id), from_version, to_version)


def _prepared(people: Sequence[Person], columns: SurveyColumns) -> PreparedSurvey:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["id", "day", QUESTION, "region", "devices", "nps"])
    for number, one in enumerate(people):
        score = "" if one.nps is None else f"{one.nps:g}"
        writer.writerow([f"r{number}", one.day or "", one.text, one.region, ";".join(one.devices), score])
    data = prepare_survey(csv_table(text.getvalue()), columns, NoPersonalData())
    return store_survey(FakeFiles(), "survey.parquet", data)


def _findings(found: Sequence[ResponseFinding | None], topics: Sequence[Topic], text_of_row: np.ndarray) -> RunFindings:
    nothing = ResponseFinding("", (), Sentiment.NEUTRAL, 0.0)
    findings = findings_of([one or nothing for one in found], [topic.id for topic in topics])
    missing = np.array([one is None for one in found], np.bool_)
    overall = findings.overall.copy()
    overall[missing] = 0
    return replace(findings, text_of_row=text_of_row, overall=overall)
