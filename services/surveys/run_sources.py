"""Where labels and evaluation read runs and surveys from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.ports.surveys import SurveyRepository
from services.surveys.findings import RunFindings
from services.surveys.models import Taxonomy
from services.surveys.text_index import SurveyOpener, TextIndexes
from services.surveys.topic_moves import TopicMoves, TopicResolver

# Tenant and run -> what the run found; raises ConflictError ``run-not-finished``.
FindingsLoader = Callable[[str, str], RunFindings]
# Tenant and run -> the taxonomy that the run was made with, its examples included.
FrozenTaxonomy = Callable[[str, str], Taxonomy]


@dataclass(frozen=True, slots=True)
class RunSources:
    """What is there to read.

    Attributes:
        indexes: Shared by all that use them, so that a large survey is indexed once.
    """

    repository: SurveyRepository
    indexes: TextIndexes
    open_survey: SurveyOpener
    load_findings: FindingsLoader
    taxonomy_of: FrozenTaxonomy
    resolve: TopicResolver

    def moves(self, tenant_id: str, taxonomy_id: str) -> TopicMoves:
        """What became of the topics of a taxonomy."""
        return TopicMoves(self.resolve, tenant_id, taxonomy_id)
