"""Records of snapshots and of what was published when."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from services.errors import ConflictError, NotFoundError
from services.knowledge.models import BandCuts, Publication, Ranking, Snapshot, SnapshotStatus
from services.storage.database import Database
from services.storage.tables import PublicationRow, SnapshotRow, TenantRow

_UNFINISHED = (SnapshotStatus.BUILDING.value, SnapshotStatus.FAILED.value)
# Others reserve a number at the same moment at most a few times in a row.
_ATTEMPTS = 20


class SqlSnapshots:
    """See :class:`services.ports.snapshots.SnapshotRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve_snapshot(self, snapshot: Snapshot, *, build_id: str) -> Snapshot:
        for _ in range(_ATTEMPTS):
            with self._database.transaction() as session:
                begun = session.scalar(
                    select(SnapshotRow.number).where(
                        SnapshotRow.tenant_id == snapshot.tenant,
                        SnapshotRow.build_id == build_id,
                        SnapshotRow.status == SnapshotStatus.BUILDING.value,
                    )
                )
                if begun is not None:
                    return replace(snapshot, number=begun, status=SnapshotStatus.BUILDING)
                highest = session.scalar(
                    select(func.max(SnapshotRow.number)).where(SnapshotRow.tenant_id == snapshot.tenant)
                )
            reserved = replace(snapshot, number=(highest or 0) + 1, status=SnapshotStatus.BUILDING)
            try:
                with self._database.transaction() as session:
                    session.add(_row(reserved, build_id))
            except IntegrityError:
                continue
            return reserved
        raise ConflictError(
            "Too many versions of this knowledge base are being built at this moment.",
            code="snapshot-busy",
            remedy="Wait until the others are done, then build again.",
        )

    def complete_snapshot(self, snapshot: Snapshot) -> None:
        with self._database.transaction() as session:
            row = session.get(SnapshotRow, (snapshot.tenant, snapshot.number))
            if row is None:
                raise _missing(snapshot.number)
            session.merge(_row(replace(snapshot, status=SnapshotStatus.DRAFT), row.build_id))

    def fail_snapshot(self, tenant: str, number: int, failure: str) -> None:
        with self._database.transaction() as session:
            session.execute(
                update(SnapshotRow)
                .where(
                    SnapshotRow.tenant_id == tenant,
                    SnapshotRow.number == number,
                    # A builder that was taken for dead must not undo what its successor completed.
                    SnapshotRow.status == SnapshotStatus.BUILDING.value,
                )
                .values(status=SnapshotStatus.FAILED.value, failure=failure)
            )

    def delete_snapshot(self, tenant: str, number: int) -> None:
        with self._database.transaction() as session:
            live = session.scalar(select(TenantRow.published_snapshot).where(TenantRow.id == tenant))
            if live == number:
                raise _live()
            deleted = session.execute(
                delete(SnapshotRow).where(
                    SnapshotRow.tenant_id == tenant,
                    SnapshotRow.number == number,
                    # Asked of the row itself: it may be published at this very moment.
                    SnapshotRow.status != SnapshotStatus.PUBLISHED.value,
                )
            )
            if deleted.rowcount == 0 and session.get(SnapshotRow, (tenant, number)) is not None:  # type: ignore[attr-defined]
                raise _live()

    def list_snapshots(self, tenant: str, *, unfinished: bool = False) -> list[Snapshot]:
        query = select(SnapshotRow).where(SnapshotRow.tenant_id == tenant).order_by(SnapshotRow.number.desc())
        if not unfinished:
            query = query.where(SnapshotRow.status.not_in(_UNFINISHED))
        with self._database.transaction() as session:
            return [_snapshot(row) for row in session.scalars(query)]

    def get_snapshot(self, tenant: str, number: int) -> Snapshot:
        with self._database.transaction() as session:
            row = session.get(SnapshotRow, (tenant, number))
        if row is None:
            raise _missing(number)
        return _snapshot(row)

    def published_snapshot(self, tenant: str) -> Snapshot | None:
        with self._database.transaction() as session:
            row = session.scalar(
                select(SnapshotRow)
                .join(TenantRow, TenantRow.id == SnapshotRow.tenant_id)
                .where(
                    TenantRow.id == tenant,
                    TenantRow.archived_at.is_(None),
                    SnapshotRow.number == TenantRow.published_snapshot,
                )
            )
        return _snapshot(row) if row is not None else None

    def is_archived(self, tenant: str) -> bool:
        with self._database.transaction() as session:
            return session.scalar(select(TenantRow.archived_at).where(TenantRow.id == tenant)) is not None

    def publish(
        self,
        tenant: str,
        number: int,
        *,
        at: datetime,
        username: str | None = None,
        reason: str = "",
        expected_live: int | None = -1,
    ) -> None:
        with self._database.transaction() as session:
            row = session.get(SnapshotRow, (tenant, number))
            if row is None or row.status in _UNFINISHED:
                raise _missing(number)
            replaced = session.scalar(select(TenantRow.published_snapshot).where(TenantRow.id == tenant))
            if expected_live not in {-1, replaced}:
                raise _published_meanwhile(replaced)
            # Compared again in the statement itself: of two admins who publish at once, one changes no row.
            unchanged = (
                TenantRow.published_snapshot.is_(None) if replaced is None else TenantRow.published_snapshot == replaced
            )
            changed = session.execute(
                update(TenantRow).where(TenantRow.id == tenant, unchanged).values(published_snapshot=number)
            )
            if changed.rowcount != 1:  # type: ignore[attr-defined]
                raise _published_meanwhile(None)
            session.execute(
                update(SnapshotRow)
                .where(SnapshotRow.tenant_id == tenant, SnapshotRow.status == SnapshotStatus.PUBLISHED.value)
                .values(status=SnapshotStatus.RETIRED.value)
            )
            raised = session.execute(
                update(SnapshotRow)
                .where(SnapshotRow.tenant_id == tenant, SnapshotRow.number == number)
                .values(status=SnapshotStatus.PUBLISHED.value, published_at=at)
            )
            if raised.rowcount != 1:  # type: ignore[attr-defined]
                raise _missing(number)  # it was deleted at this very moment
            if replaced != number:
                session.add(
                    PublicationRow(
                        tenant_id=tenant, number=number, replaced=replaced, at=at, username=username, reason=reason
                    )
                )

    def list_publications(self, tenant: str, *, limit: int = 50) -> list[Publication]:
        query = (
            select(PublicationRow)
            .where(PublicationRow.tenant_id == tenant)
            .order_by(PublicationRow.at.desc(), PublicationRow.id.desc())
            .limit(limit)
        )
        with self._database.transaction() as session:
            return [
                Publication(row.tenant_id, row.number, row.replaced, row.at, row.username, row.reason)
                for row in session.scalars(query)
            ]

    def save_cuts(self, tenant: str, number: int, cuts: BandCuts) -> None:
        self._change_snapshot(tenant, number, cuts=asdict(cuts))

    def save_ranking(self, tenant: str, number: int, ranking: Ranking) -> None:
        self._change_snapshot(tenant, number, ranking=asdict(ranking))

    def _change_snapshot(self, tenant: str, number: int, **values: Any) -> None:
        with self._database.transaction() as session:
            session.execute(
                update(SnapshotRow)
                .where(SnapshotRow.tenant_id == tenant, SnapshotRow.number == number)
                .values(**values)
            )


def _live() -> ConflictError:
    return ConflictError(
        "This version answers now and cannot be deleted.",
        code="snapshot-live",
        remedy="Publish another version first.",
    )


def _missing(number: int) -> NotFoundError:
    return NotFoundError(f"There is no version {number} of this knowledge base.", code="snapshot-missing")


def _published_meanwhile(number: int | None) -> ConflictError:
    what = f"Version {number}" if number is not None else "Another version"
    return ConflictError(
        f"{what} was published by somebody else in the meantime.",
        code="published-meanwhile",
        remedy="Look at what answers now, then decide again. Nothing was changed.",
    )


def _row(snapshot: Snapshot, build_id: str | None) -> SnapshotRow:
    return SnapshotRow(
        tenant_id=snapshot.tenant,
        number=snapshot.number,
        status=snapshot.status.value,
        created_at=snapshot.created_at,
        published_at=snapshot.published_at,
        document_count=snapshot.document_count,
        chunk_count=snapshot.chunk_count,
        embedding_model=snapshot.embedding_model,
        cuts=asdict(snapshot.cuts) if snapshot.cuts else {},
        ranking=asdict(snapshot.ranking),
        chunk_words=snapshot.chunk_words,
        chunk_overlap=snapshot.chunk_overlap,
        reused_count=snapshot.reused_count,
        created_by=snapshot.created_by,
        build_id=build_id,
        failure=snapshot.failure,
    )


def _snapshot(row: SnapshotRow) -> Snapshot:
    return Snapshot(
        tenant=row.tenant_id,
        number=row.number,
        status=SnapshotStatus(row.status),
        created_at=row.created_at,
        document_count=row.document_count,
        chunk_count=row.chunk_count,
        embedding_model=row.embedding_model,
        cuts=_cuts(row.cuts) if row.cuts else None,
        published_at=row.published_at,
        ranking=Ranking(**row.ranking) if row.ranking else Ranking(),
        chunk_words=row.chunk_words,
        chunk_overlap=row.chunk_overlap,
        reused_count=row.reused_count,
        created_by=row.created_by,
        failure=row.failure,
    )


def _cuts(values: dict[str, Any]) -> BandCuts:
    return BandCuts(**{**values, "direction": tuple(values.get("direction", ()))})
