"""Taxonomies as they are kept: versions that never change, and what became of topics from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.surveys.models import Taxonomy


@dataclass(frozen=True, slots=True)
class StoredTaxonomy:
    """A taxonomy with a name of its own in its tenant; surveys, questions and waves may share one.

    Attributes:
        latest_version: Number of its newest version, from 1.
        topic_count: Topics of the newest version.
        changed_at: When the newest version was made.
    """

    id: str
    tenant_id: str
    name: str
    latest_version: int
    topic_count: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class TaxonomyVersion:
    """One version.

    Attributes:
        note: What changed, in a sentence.
        moved: What became of topics of the version before that this one does not have: the id of the topic that took
            them in, or None for those that were removed. A renamed topic keeps its id and is not among them.
    """

    taxonomy_id: str
    number: int
    taxonomy: Taxonomy
    note: str
    username: str
    created_at: datetime
    moved: Mapping[str, str | None] = field(default_factory=dict)
