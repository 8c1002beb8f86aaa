"""A service for taxonomies on stand-ins, and findings to try it with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.access.models import Account, Role
from services.backends.local.personal_data import LocalPersonalDataDetector
from services.errors import ConflictError
from services.privacy.audit import AuditTrail
from services.surveys.findings import RunFindings
from services.surveys.models import Taxonomy
from services.surveys.run_models import SurveyRun
from services.surveys.taxonomies import TaxonomyService
from services.surveys.taxonomy_edits import TaxonomyEdit, start
from services.surveys.taxonomy_models import TaxonomyVersion
from tests.contract.survey_samples import TENANT, new_run
from tests.fakes import FakeAuditRepository, FakeClock
from tests.survey_fakes import FakeSurveyRepository

NIA = Account("nia", "Nia Abara", Role.ANALYST, (TENANT,))
GRACE = Account("grace", "Grace Lin", Role.ADMIN, (TENANT,))
MIA = Account("mia", "Mia Wong", Role.MARKETER, (TENANT,))
STRANGER = Account("sam", "Sam Ott", Role.ANALYST, ("clinic",))


def findings_of(topic_ids: Sequence[str], rows: Sequence[int], texts: Sequence[Sequence[str]]) -> RunFindings:
    """Findings of a run.

    Args:
        rows: Per row of the survey the number of its text.
        texts: Per text its topics.
    """
    counts = [len(topics) for topics in texts]
    total, number = sum(counts), len(texts)
    return RunFindings(
        topic_ids=tuple(topic_ids),
        text_of_row=np.array(rows, np.int32),
        overall=np.ones(number, np.int8),
        other=np.zeros(number, np.int8),
        confidence=np.ones(number, np.float32),
        review=np.zeros(number, np.uint16),
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        topics=np.array([topic_ids.index(topic) for topics in texts for topic in topics], np.int16),
        sentiments=np.ones(total, np.int8),
        topic_confidence=np.ones(total, np.float32),
        evidence_starts=np.zeros(total, np.int32),
        evidence_ends=np.ones(total, np.int32),
    )


class TaxonomyDesk:
    """The service with everything below it within reach.

    Attributes:
        findings: By id of a run; a run without any is not finished.
    """

    def __init__(self) -> None:
        self.repository = FakeSurveyRepository()
        self.events = FakeAuditRepository()
        self.clock = FakeClock()
        self.findings: dict[str, RunFindings] = {}
        self.service = TaxonomyService(
            self.repository,
            AuditTrail(self.events, now=self.clock),
            self._load,
            LocalPersonalDataDetector(),
            now=self.clock,
        )

    def create(self, taxonomy: Taxonomy, name: str = "Shop") -> TaxonomyVersion:
        return self.service.create(NIA, TENANT, name, taxonomy)

    def edit(self, taxonomy_id: str) -> TaxonomyEdit:
        return start(self.service.get(TENANT, taxonomy_id).taxonomy)

    def save(self, version: TaxonomyVersion, edit: TaxonomyEdit) -> TaxonomyVersion:
        return self.service.save(NIA, TENANT, version.taxonomy_id, edit, "", version.number)

    def run(self, version: TaxonomyVersion, number: int, findings: RunFindings | None, **changes: object) -> SurveyRun:
        """A run with a version; a higher number is a later one."""
        run = new_run(number, taxonomy_id=version.taxonomy_id, taxonomy_version=version.number, **changes)
        self.repository.insert_run(run)
        if findings is not None:
            self.findings[run.id] = findings
        return run

    def _load(self, run: SurveyRun) -> RunFindings:
        if run.id not in self.findings:
            raise ConflictError("The run is not finished.", code="run-not-finished")
        return self.findings[run.id]
