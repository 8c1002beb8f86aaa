"""Between the rows of surveys and what the use cases speak of."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from services.errors import NotFoundError
from services.storage.survey_tables import (
    ResponseLabelRow,
    SurveyRow,
    SurveyRunRow,
    SurveyTaxonomyRow,
    SurveyTaxonomyVersionRow,
)
from services.surveys.label_models import LabeledTopic, LabelPurpose, ResponseLabel, key_of_text
from services.surveys.models import Sentiment
from services.surveys.prepared_facts import facts_from_json, facts_to_json
from services.surveys.run_models import RunOptions, SurveyRun
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_models import StoredTaxonomy, TaxonomyVersion
from services.surveys.taxonomy_values import taxonomy_from, taxonomy_values


def survey_row(survey: Survey) -> SurveyRow:
    """The row of a new survey."""
    return SurveyRow(
        id=survey.id,
        tenant_id=survey.tenant_id,
        username=survey.username,
        title=survey.title,
        created_at=survey.created_at,
        file=survey.file,
        facts=json.loads(facts_to_json(survey.facts)),
        earlier_wave_id=survey.earlier_wave_id,
    )


def survey_of(row: SurveyRow) -> Survey:
    """The survey of this row."""
    return Survey(
        id=row.id,
        tenant_id=row.tenant_id,
        username=row.username,
        title=row.title,
        created_at=row.created_at,
        file=row.file,
        facts=facts_from_json(json.dumps(row.facts)),
        earlier_wave_id=row.earlier_wave_id,
    )


def run_row(run: SurveyRun) -> SurveyRunRow:
    """The row of a new run."""
    return SurveyRunRow(
        id=run.id,
        tenant_id=run.tenant_id,
        survey_id=run.survey_id,
        question=run.question,
        taxonomy_id=run.taxonomy_id,
        taxonomy_version=run.taxonomy_version,
        options=asdict(run.options),
        backend_version=run.backend_version,
        job_id=run.job_id,
        username=run.username,
        created_at=run.created_at,
        response_count=run.response_count,
        distinct_count=run.distinct_count,
        example_count=run.example_count,
        correction_count=run.correction_count,
        title=run.title,
    )


def run_of(row: SurveyRunRow) -> SurveyRun:
    """The run of this row."""
    return SurveyRun(
        id=row.id,
        tenant_id=row.tenant_id,
        survey_id=row.survey_id,
        question=row.question,
        taxonomy_id=row.taxonomy_id,
        taxonomy_version=row.taxonomy_version,
        options=RunOptions(**row.options),
        backend_version=row.backend_version,
        job_id=row.job_id,
        username=row.username,
        created_at=row.created_at,
        response_count=row.response_count,
        distinct_count=row.distinct_count,
        example_count=row.example_count,
        correction_count=row.correction_count,
        title=row.title,
    )


def stored_taxonomy_of(row: SurveyTaxonomyRow) -> StoredTaxonomy:
    """The taxonomy of this row."""
    return StoredTaxonomy(row.id, row.tenant_id, row.name, row.latest_version, row.topic_count, row.changed_at)


def version_row(version: TaxonomyVersion) -> SurveyTaxonomyVersionRow:
    """The row of a new version."""
    return SurveyTaxonomyVersionRow(
        taxonomy_id=version.taxonomy_id,
        number=version.number,
        content=taxonomy_values(version.taxonomy),
        moved=dict(version.moved),
        note=version.note,
        username=version.username,
        created_at=version.created_at,
    )


def version_of(row: SurveyTaxonomyVersionRow) -> TaxonomyVersion:
    """The version of this row."""
    return TaxonomyVersion(
        taxonomy_id=row.taxonomy_id,
        number=row.number,
        taxonomy=taxonomy_from(row.content),
        note=row.note,
        username=row.username,
        created_at=row.created_at,
        moved=row.moved,
    )


def name_key(name: str) -> str:
    """Names with the same key are the same name."""
    return key_of_text(name.casefold())


def label_values(label: ResponseLabel) -> dict[str, Any]:
    """The columns of a label."""
    return {
        "survey_id": label.survey_id,
        "question_key": key_of_text(label.question),
        "purpose": label.purpose.value,
        "text_key": label.text_key,
        "taxonomy_id": label.taxonomy_id,
        "taxonomy_version": label.taxonomy_version,
        "topics": [[topic.topic_id, topic.sentiment and topic.sentiment.value] for topic in label.topics],
        "sentiment": label.sentiment and label.sentiment.value,
        "username": label.username,
        "labeled_at": label.labeled_at,
    }


def label_of(row: ResponseLabelRow, question: str) -> ResponseLabel:
    """The label of this row, which knows its question by key alone."""
    return ResponseLabel(
        purpose=LabelPurpose(row.purpose),
        survey_id=row.survey_id,
        question=question,
        text_key=row.text_key,
        taxonomy_id=row.taxonomy_id,
        taxonomy_version=row.taxonomy_version,
        topics=tuple(LabeledTopic(topic_id, _sentiment(sentiment)) for topic_id, sentiment in row.topics),
        sentiment=_sentiment(row.sentiment),
        username=row.username,
        labeled_at=row.labeled_at,
    )


def survey_missing() -> NotFoundError:
    """The error for a survey that is not there or another tenant's."""
    return NotFoundError("This survey does not exist in this tenant.", code="survey-missing")


def taxonomy_missing() -> NotFoundError:
    """The error for a taxonomy, or a version of it, that is not there or another tenant's."""
    return NotFoundError("This taxonomy does not exist in this tenant.", code="taxonomy-missing")


def _sentiment(value: str | None) -> Sentiment | None:
    return None if value is None else Sentiment(value)
