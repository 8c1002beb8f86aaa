"""Labels and evaluation on a small survey whose runs are written down by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]

from services.access.models import Account, Role
from services.errors import ConflictError, NotFoundError
from services.privacy.audit import AuditTrail
from services.privacy.models import PersonalDataKind, PersonalDataSpan
from services.surveys.chosen_columns import SurveyColumns
from services.surveys.distinct_texts import distinct_texts
from services.surveys.evaluation import EvaluationService
from services.surveys.findings import OTHER_CODES, SENTIMENT_CODES, RunFindings
from services.surveys.label_models import LabeledTopic, ResponseLabel, key_of_text
from services.surveys.labels import LabelService
from services.surveys.models import Example, OtherReason, Sentiment, Taxonomy, Topic
from services.surveys.prepared import PreparedSurvey, prepare_survey, store_survey
from services.surveys.response_tables import ResponseTable, TableFormat
from services.surveys.run_models import RunOptions, SurveyRun
from services.surveys.run_sources import RunSources
from services.surveys.survey_models import Survey
from services.surveys.taxonomies import resolution
from services.surveys.taxonomy_models import TaxonomyVersion
from services.surveys.text_index import TextIndexes
from tests.fakes import FakeAuditRepository, FakeClock, FakeFiles
from tests.survey_fakes import FakeSurveyRepository

TENANT, SURVEY, QUESTION, TAXONOMY = "cafe", "s1", "Why?", "t1"
ANALYST = Account("omar", "Omar", Role.ANALYST, (TENANT,))
AGENT = Account("ann", "Ann", Role.AGENT, (TENANT,))
START = datetime(2026, 3, 1, tzinfo=UTC)
TOPICS = tuple(Topic(name.lower(), name) for name in ("Prices", "Staff", "Waiting", "App"))
SIGNS = {
    "+": Sentiment.POSITIVE,
    "0": Sentiment.NEUTRAL,
    "-": Sentiment.NEGATIVE,
    "~": Sentiment.MIXED,
    "?": None,
}
# Responses of the survey: id and text.
ROWS = (
    ("r1", "Too expensive"),
    ("r2", "Friendly people but slow"),
    ("r3", "Too expensive"),
    ("r4", ""),
    ("r5", "The app crashes"),
    ("r6", "asdf"),
    ("r7", "Ann was great"),
    ("r8", "Too expensive"),
)
MASKED = "[name] was great"
# What the first run found: topics with their sentiments, and the sentiment of the whole. Empty: not analyzed.
FOUND = {
    "Too expensive": "prices- -",
    "Friendly people but slow": "staff+ prices- ~",
    "": "0",
    "The app crashes": "app- -",
    "asdf": "0",
    MASKED: "staff+ +",
}


class NameDetector:
    """Finds one name."""

    def find(self, text: str) -> list[PersonalDataSpan]:
        place = text.find("Ann")
        return [PersonalDataSpan(PersonalDataKind.NAME, place, place + 3)] if place >= 0 else []

    def check_ready(self) -> None: ...


class LabelDesk:
    """The two services with all that they read from.

    Attributes:
        labels, evaluation: What is tested.
        repository, audit: Where both write to.
    """

    def __init__(self, rows: Sequence[tuple[str, str]] = ROWS, topics: Sequence[Topic] = TOPICS) -> None:
        self.repository = FakeSurveyRepository()
        self.audit = FakeAuditRepository()
        self.clock = FakeClock(START)
        self.prepared = _prepared(rows)
        self._findings: dict[str, RunFindings] = {}
        self._frozen: dict[str, Taxonomy] = {}
        survey = Survey(SURVEY, TENANT, "omar", "Café", START, "survey.parquet", self.prepared.facts)
        self.repository.insert_survey(survey)
        version = TaxonomyVersion(TAXONOMY, 1, Taxonomy(tuple(topics)), "", "omar", START)
        self.repository.insert_taxonomy(TENANT, "Café topics", version)
        sources = RunSources(
            repository=self.repository,
            indexes=TextIndexes(self.open_survey),
            open_survey=self.open_survey,
            load_findings=self._load_findings,
            taxonomy_of=lambda _tenant_id, run_id: self._frozen[run_id],
            resolve=self.resolve,
        )
        audit = AuditTrail(self.audit, now=self.clock)
        self.labels = LabelService(sources, NameDetector(), audit, now=self.clock)
        self.evaluation = EvaluationService(sources)

    def open_survey(self, tenant_id: str, survey_id: str) -> PreparedSurvey:
        """The one that there is."""
        if (tenant_id, survey_id) != (TENANT, SURVEY):
            raise NotFoundError("There is no such survey.", code="survey-missing")
        return self.prepared

    def resolve(
        self, tenant_id: str, taxonomy_id: str, from_version: int, to_version: int | None
    ) -> dict[str, str | None]:
        """By the versions that are kept."""
        return dict(resolution(self.repository.list_versions(tenant_id, taxonomy_id), from_version, to_version))

    def add_run(
        self,
        run_id: str = "run",
        found: Mapping[str, str] = FOUND,
        *,
        version: int = 1,
        taxonomy_id: str = TAXONOMY,
        examples: Sequence[Example] = (),
        backend: str = "local",
        backend_version: str = "1",
    ) -> SurveyRun:
        """A finished run; texts that ``found`` lacks were not analyzed."""
        topics = self.repository.get_version(TENANT, taxonomy_id, version).taxonomy.topics
        run = SurveyRun(
            id=run_id,
            tenant_id=TENANT,
            survey_id=SURVEY,
            question=QUESTION,
            taxonomy_id=taxonomy_id,
            taxonomy_version=version,
            options=RunOptions(backend),
            backend_version=backend_version,
            job_id=f"job-{run_id}",
            username="omar",
            created_at=START,
            response_count=self.prepared.row_count,
            distinct_count=len(found),
            example_count=len(examples),
        )
        self.repository.insert_run(run)
        self._findings[run_id] = findings_of(self.prepared, [topic.id for topic in topics], found)
        self._frozen[run_id] = Taxonomy(topics, tuple(examples))
        return run

    def add_version(self, topics: Sequence[Topic], moved: Mapping[str, str | None]) -> None:
        """The next version of the taxonomy."""
        number = self.repository.get_taxonomy(TENANT, TAXONOMY).latest_version + 1
        version = TaxonomyVersion(TAXONOMY, number, Taxonomy(tuple(topics)), "", "omar", START, moved)
        self.repository.insert_version(TENANT, version)

    def gold(self, text: str, said: str, run_id: str = "run") -> int:
        """Label a text; ``said`` is written as in ``FOUND``."""
        topics, sentiment = read(said)
        return self.labels.label_gold(ANALYST, TENANT, run_id, key_of_text(text), topics, sentiment)

    def correction(self, text: str) -> ResponseLabel | None:
        """The correction of a text."""
        found = [
            label for label in self.labels.corrections(TENANT, SURVEY, QUESTION) if label.text_key == key_of_text(text)
        ]
        return found[0] if found else None

    def _load_findings(self, tenant_id: str, run_id: str) -> RunFindings:
        self.repository.get_run(tenant_id, run_id)
        if run_id not in self._findings:
            raise ConflictError("The run is not finished.", code="run-not-finished")
        return self._findings[run_id]

    def unfinish(self, run_id: str) -> None:
        """As if the run still went on."""
        del self._findings[run_id]


def keys(*texts: str) -> list[str]:
    """The keys of texts."""
    return [key_of_text(text) for text in texts]


def read(said: str) -> tuple[tuple[LabeledTopic, ...], Sentiment | None]:
    """Topics with a sign each, then the sign of the whole: ``prices- staff? ~``."""
    *topics, overall = said.split()
    return tuple(LabeledTopic(topic[:-1], SIGNS[topic[-1]]) for topic in topics), SIGNS[overall]


def findings_of(survey: PreparedSurvey, topic_ids: Sequence[str], found: Mapping[str, str]) -> RunFindings:
    """The findings that are written down for each text."""
    texts = distinct_texts(survey, QUESTION)
    overall, other, offsets = [], [], [0]
    topics: list[int] = []
    sentiments: list[int] = []
    for text in texts.texts.to_pylist():
        said, feeling = read(found[text]) if text in found else ((), None)
        topics += [topic_ids.index(topic.topic_id) for topic in said]
        sentiments += [SENTIMENT_CODES[topic.sentiment] if topic.sentiment else 0 for topic in said]
        overall.append(SENTIMENT_CODES[feeling] if feeling else 0)
        other.append(OTHER_CODES[OtherReason.NOTHING_FITS] if feeling and not said else 0)
        offsets.append(len(topics))
    return RunFindings(
        topic_ids=tuple(topic_ids),
        text_of_row=texts.of_row,
        overall=np.array(overall, np.int8),
        other=np.array(other, np.int8),
        confidence=np.full(len(overall), 0.9, np.float32),
        review=np.zeros(len(overall), np.uint16),
        offsets=np.array(offsets, np.int64),
        topics=np.array(topics, np.int16),
        sentiments=np.array(sentiments, np.int8),
        topic_confidence=np.full(len(topics), 0.9, np.float32),
        evidence_starts=np.zeros(len(topics), np.int32),
        evidence_ends=np.ones(len(topics), np.int32),
    )


def _prepared(rows: Sequence[tuple[str, str]]) -> PreparedSurvey:
    data = pa.table({"id": [one for one, _ in rows], QUESTION: [text for _, text in rows]})
    table = ResponseTable("survey.csv", TableFormat.CSV, ("id", QUESTION), data)
    columns = SurveyColumns(texts=(QUESTION,), id="id")
    return store_survey(FakeFiles(), "survey.parquet", prepare_survey(table, columns, NameDetector()))
