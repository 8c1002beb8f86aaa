"""Tells when a case is settled: when the document that resolves it is in what answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import cache

from services.answers.feedback_models import CaseRecord, CaseState
from services.errors import NotFoundError
from services.knowledge.models import DocumentState, Snapshot
from services.ports.knowledge import KnowledgeRepository


class PublishedCheck:
    """Compares records with what is published; reads each document once. Made for one listing.

    A version is in a snapshot when it was stored before the building of the snapshot began.
    """

    def __init__(self, knowledge: KnowledgeRepository, tenant_id: str, today: date) -> None:
        self._knowledge = knowledge
        self._tenant_id = tenant_id
        self._today = today
        self._live: Snapshot | None = knowledge.published_snapshot(tenant_id)
        self._stored_at = cache(self._read_stored_at)
        self._is_gone = cache(self._read_is_gone)

    def settled(self, record: CaseRecord) -> CaseRecord:
        """The record as it is now: resolved once its document answers, in progress again after a roll-back.

        A case whose document was deleted before it ever answered is open again.
        """
        if record.document_id is None or record.document_version is None:
            return record
        rolled_back = record.snapshot is not None and (self._live is None or self._live.number < record.snapshot)
        if record.state is CaseState.RESOLVED and rolled_back:
            record = replace(record, state=CaseState.IN_PROGRESS, snapshot=None, resolved_at=None, resolved_by=None)
        if record.state is not CaseState.IN_PROGRESS:
            return record
        if self._is_gone(record.document_id):
            return replace(record, state=CaseState.OPEN, outcome="", document_id=None, document_version=None)
        stored_at = self._stored_at(record.document_id, record.document_version)
        live = self._live
        if live is None or stored_at is None or live.created_at < stored_at:
            return record
        return replace(
            record,
            state=CaseState.RESOLVED,
            snapshot=live.number,
            resolved_at=live.published_at or live.created_at,
            resolved_by=record.changed_by,
        )

    def _read_stored_at(self, document_id: str, version: int) -> datetime | None:
        """When that version, or the first one after it, was stored; None while there is none."""
        later = [
            entry for entry in self._knowledge.list_versions(self._tenant_id, document_id) if entry.version >= version
        ]
        return min(entry.loaded_at for entry in later) if later else None

    def _read_is_gone(self, document_id: str) -> bool:
        try:
            entry = self._knowledge.get_entry(self._tenant_id, document_id, self._today)
        except NotFoundError:
            return True
        return entry.state is DocumentState.DELETED
