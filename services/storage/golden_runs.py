"""Golden runs in the database."""

from __future__ import annotations

from sqlalchemy import delete, select

from services.answers.golden_models import GoldenOutcome, GoldenRun
from services.answers.models import Band
from services.storage.database import Database
from services.storage.golden_run_tables import GoldenRunRow

# Older runs of a snapshot say nothing that the newest does not; a few stay for somebody who looks into a change.
KEPT_RUNS = 5


class SqlGoldenRuns:
    """See :class:`services.ports.golden_runs.GoldenRunRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_run(self, run: GoldenRun) -> None:
        own = (GoldenRunRow.tenant_id == run.tenant_id, GoldenRunRow.snapshot == run.snapshot)
        with self._database.transaction() as session:
            session.add(
                GoldenRunRow(
                    id=run.id,
                    tenant_id=run.tenant_id,
                    snapshot=run.snapshot,
                    at=run.at,
                    fingerprint=run.fingerprint,
                    outcomes=[
                        {"id": one.question_id, "band": one.band.value, "rank": one.rank, "quote": one.quote_found}
                        for one in run.outcomes
                    ],
                )
            )
            session.flush()
            ids = session.scalars(select(GoldenRunRow.id).where(*own).order_by(GoldenRunRow.at.desc())).all()
            session.execute(delete(GoldenRunRow).where(GoldenRunRow.id.in_(ids[KEPT_RUNS:])))

    def latest_run(self, tenant_id: str, snapshot: int) -> GoldenRun | None:
        with self._database.transaction() as session:
            row = session.scalar(
                select(GoldenRunRow)
                .where(GoldenRunRow.tenant_id == tenant_id, GoldenRunRow.snapshot == snapshot)
                .order_by(GoldenRunRow.at.desc(), GoldenRunRow.id)
                .limit(1)
            )
        if row is None:
            return None
        outcomes = tuple(
            GoldenOutcome(values["id"], Band(values["band"]), values["rank"], values["quote"])
            for values in row.outcomes
        )
        return GoldenRun(row.id, row.tenant_id, row.snapshot, row.at, row.fingerprint, outcomes)
