"""The tables of surveys: what was loaded, runs, taxonomies with their versions, and what people said of responses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.storage.tables import Base


class SurveyRow(Base):
    """A loaded survey; its responses are in a file."""

    __tablename__ = "survey"
    __table_args__ = (
        Index("ix_survey_tenant_created", "tenant_id", "created_at"),
        Index("ix_survey_earlier_wave", "earlier_wave_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    username: Mapped[str] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    file: Mapped[str] = mapped_column(String(300))
    facts: Mapped[dict[str, Any]]
    earlier_wave_id: Mapped[str | None] = mapped_column(ForeignKey("survey.id", ondelete="SET NULL"))


class SurveyTaxonomyRow(Base):
    """A taxonomy; its topics are in its versions."""

    __tablename__ = "survey_taxonomy"
    __table_args__ = (UniqueConstraint("tenant_id", "name_key", name="uq_survey_taxonomy_name"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    # Names differ when these do: of any length, and without their letters' case in every language.
    name_key: Mapped[str] = mapped_column(String(32))
    latest_version: Mapped[int] = mapped_column(Integer)
    topic_count: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime]


class SurveyTaxonomyVersionRow(Base):
    """One version of a taxonomy; it never changes."""

    __tablename__ = "survey_taxonomy_version"

    taxonomy_id: Mapped[str] = mapped_column(ForeignKey("survey_taxonomy.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[dict[str, Any]]
    moved: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(Text)
    username: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]


class SurveyRunRow(Base):
    """One analysis of a question; how far it is stands in its job."""

    __tablename__ = "survey_run"
    __table_args__ = (
        # A version that a run was made with cannot go while the run is there.
        ForeignKeyConstraint(
            ["taxonomy_id", "taxonomy_version"],
            ["survey_taxonomy_version.taxonomy_id", "survey_taxonomy_version.number"],
        ),
        Index("ix_survey_run_tenant_created", "tenant_id", "created_at"),
        Index("ix_survey_run_survey_created", "survey_id", "created_at"),
        Index("ix_survey_run_taxonomy", "taxonomy_id", "taxonomy_version"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    survey_id: Mapped[str] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"))
    question: Mapped[str] = mapped_column(Text)
    taxonomy_id: Mapped[str] = mapped_column(String(32))
    taxonomy_version: Mapped[int] = mapped_column(Integer)
    options: Mapped[dict[str, Any]]
    backend_version: Mapped[str] = mapped_column(Text)
    job_id: Mapped[str] = mapped_column(String(32))
    username: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    response_count: Mapped[int] = mapped_column(Integer)
    distinct_count: Mapped[int] = mapped_column(Integer)
    example_count: Mapped[int] = mapped_column(Integer)
    correction_count: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)


class ResponseLabelRow(Base):
    """What a person said of a text; the text itself is in the survey's file alone."""

    __tablename__ = "response_label"

    survey_id: Mapped[str] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"), primary_key=True)
    # Questions are as long as people make the names of columns; a key in an index must be short.
    question_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16), primary_key=True)
    text_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    taxonomy_id: Mapped[str] = mapped_column(String(32))
    taxonomy_version: Mapped[int] = mapped_column(Integer)
    topics: Mapped[list[Any]]
    sentiment: Mapped[str | None] = mapped_column(String(16))
    username: Mapped[str] = mapped_column(String(128))
    labeled_at: Mapped[datetime]


class LabelRevisionRow(Base):
    """How often the labels of a question changed; whoever changes them holds this row first."""

    __tablename__ = "response_label_revision"

    survey_id: Mapped[str] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"), primary_key=True)
    question_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
