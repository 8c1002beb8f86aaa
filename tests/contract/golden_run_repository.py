"""What every GoldenRunRepository holds; a test class for one adapter inherits it and gives the fixture."""

from __future__ import annotations

import uuid
from datetime import timedelta

from services.answers.golden_models import GoldenOutcome, GoldenRun
from services.answers.models import Band
from services.ports.golden_runs import GoldenRunRepository
from tests.contract.knowledge_samples import LOADED_AT

TENANT, OTHER_TENANT = "pharmacy", "clinic"
OUTCOMES = (
    GoldenOutcome("q1", Band.DRAFT, 1, quote_found=True),
    GoldenOutcome("q2", Band.SOURCES_ONLY, None, quote_found=False),
    GoldenOutcome("q3", Band.NOT_FOUND),
)


def run(snapshot: int = 1, *, minutes: int = 0, tenant: str = TENANT) -> GoldenRun:
    """A run on a snapshot, so many minutes after the first."""
    at = LOADED_AT + timedelta(minutes=minutes)
    return GoldenRun(uuid.uuid4().hex, tenant, snapshot, at, f"print-{minutes}", OUTCOMES)


class GoldenRunRepositoryContract:
    """Give a fixture ``runs`` that is empty and knows snapshots 1 and 2 of both tenants."""

    def test_run_comes_back_as_it_was_saved(self, runs: GoldenRunRepository) -> None:
        saved = run()
        runs.save_run(saved)
        assert runs.latest_run(TENANT, 1) == saved

    def test_newest_run_of_a_snapshot_counts_whatever_the_order_of_saving(self, runs: GoldenRunRepository) -> None:
        newest = run(minutes=9)
        for one in (run(minutes=1), newest, run(minutes=5)):
            runs.save_run(one)
        assert runs.latest_run(TENANT, 1) == newest

    def test_newest_run_stays_however_many_there_are(self, runs: GoldenRunRepository) -> None:
        for minutes in range(30):
            runs.save_run(run(minutes=minutes))
        latest = runs.latest_run(TENANT, 1)
        assert latest is not None
        assert latest.fingerprint == "print-29"

    def test_snapshots_and_tenants_are_kept_apart(self, runs: GoldenRunRepository) -> None:
        runs.save_run(run(1))
        assert runs.latest_run(TENANT, 2) is None
        assert runs.latest_run(OTHER_TENANT, 1) is None

    def test_run_without_a_question_can_be_kept(self, runs: GoldenRunRepository) -> None:
        empty = GoldenRun(uuid.uuid4().hex, TENANT, 2, LOADED_AT, "none", ())
        runs.save_run(empty)
        assert runs.latest_run(TENANT, 2) == empty
