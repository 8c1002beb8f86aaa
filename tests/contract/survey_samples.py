"""Surveys, runs, taxonomies and labels to try stores of surveys with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from services.privacy.models import PersonalDataKind
from services.surveys.chosen_columns import SegmentColumn, SurveyColumns
from services.surveys.label_models import LabeledTopic, LabelPurpose, ResponseLabel, key_of_text
from services.surveys.marks import Mark
from services.surveys.models import Example, Sentiment, Taxonomy, Topic
from services.surveys.prepared_facts import QuestionFacts, ScoreFacts, SurveyFacts
from services.surveys.response_tables import TableWarning
from services.surveys.run_models import RunOptions, SurveyRun
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import TaxonomyVersion

TENANT, OTHER_TENANT = "pharmacy", "clinic"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUESTION = "What is the main reason for your score?"
FACTS = SurveyFacts(
    source_name="Frühling.xlsx",
    row_count=3,
    columns=SurveyColumns(
        texts=(QUESTION, "Und sonst?"),
        id="Id",
        date="Day",
        segments=(SegmentColumn("Region"), SegmentColumn("Features", "; ")),
        scores=("NPS", "CSAT"),
    ),
    questions=(
        QuestionFacts(QUESTION, {Mark.EMPTY: 1, Mark.JUNK: 2}, 2, {PersonalDataKind.EMAIL: 1}, 1),
        QuestionFacts("Und sonst?", {}, 0, {}, 0),
    ),
    scores=(ScoreFacts("NPS", 0.0, 9.5, 1), ScoreFacts("CSAT", None, None, 3)),
    first_day=date(2026, 2, 28),
    last_day=date(2026, 3, 1),
    unread_dates=1,
    dates_are_ambiguous=True,
    hidden_ids=2,
    warnings=(TableWarning("no-header", "No row names the columns.", "Add one."),),
)
TAXONOMY = Taxonomy(
    (
        Topic("ordering", "Ordering", "Getting what was ordered"),
        Topic("wait", "Waiting “time”", "How long", ("wait", "línea"), "ordering"),
    ),
    (
        Example("It took ages\nand ages", ("wait", "ordering"), Sentiment.NEGATIVE),
        Example("Nothing", (), None),
    ),
)


def new_survey(number: int = 1, **changes: object) -> Survey:
    """A survey; a higher number is a later one."""
    at = START + timedelta(hours=number)
    made = Survey(f"s{number}", TENANT, "ana", f"Spring {number}", at, f"surveys/pharmacy/s{number}/f", FACTS)
    return replace(made, **changes)  # type: ignore[arg-type]


def new_version(number: int = 1, **changes: object) -> TaxonomyVersion:
    """A version of taxonomy ``t1``."""
    at = START + timedelta(minutes=number)
    return replace(TaxonomyVersion("t1", number, TAXONOMY, "Made.", "ana", at), **changes)  # type: ignore[arg-type]


def new_run(number: int = 1, **changes: object) -> SurveyRun:
    """A run of survey 1 with taxonomy ``t1``; a higher number is a later one."""
    made = SurveyRun(
        id=f"r{number}",
        tenant_id=TENANT,
        survey_id="s1",
        question=QUESTION,
        taxonomy_id="t1",
        taxonomy_version=1,
        options=RunOptions("openai", use_corrections=False),
        backend_version="chain-1 · été",
        job_id=f"job{number}",
        username="ana",
        created_at=START + timedelta(minutes=number),
        response_count=500_000,
        distinct_count=300_000,
        example_count=12,
        correction_count=5,
        title="With more examples",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def new_label(text: str = "Slow", **changes: object) -> ResponseLabel:
    """A correction in survey 1."""
    made = ResponseLabel(
        purpose=LabelPurpose.CORRECTION,
        survey_id="s1",
        question=QUESTION,
        text_key=key_of_text(text),
        taxonomy_id="t1",
        taxonomy_version=1,
        topics=(LabeledTopic("wait", Sentiment.NEGATIVE), LabeledTopic("ordering")),
        sentiment=Sentiment.MIXED,
        username="ana",
        labeled_at=START,
    )
    return replace(made, **changes)  # type: ignore[arg-type]
