"""What differs between two sets of documents: of two snapshots, or of one and the documents as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.ports.documents import HeldDocument


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """One document that differs between two sets of documents.

    Attributes:
        before: Its version in the older set; None when it was added.
        after: Its version in the newer set; None when it was removed.
    """

    document_id: str
    title: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class DocumentChanges:
    """What became of the documents from one set to another, each part by title."""

    added: tuple[DocumentChange, ...] = ()
    changed: tuple[DocumentChange, ...] = ()
    removed: tuple[DocumentChange, ...] = ()

    @property
    def count(self) -> int:
        """How many documents differ."""
        return len(self.added) + len(self.changed) + len(self.removed)


def document_changes(before: Sequence[HeldDocument], after: Sequence[HeldDocument]) -> DocumentChanges:
    """What differs between two sets of documents."""
    old = {one.document_id: one for one in before}
    new = {one.document_id: one for one in after}
    added = [
        DocumentChange(one.document_id, one.title, None, one.version) for one in after if one.document_id not in old
    ]
    removed = [
        DocumentChange(one.document_id, one.title, one.version, None) for one in before if one.document_id not in new
    ]
    changed = [
        DocumentChange(one.document_id, one.title, old[one.document_id].version, one.version)
        for one in after
        if one.document_id in old and old[one.document_id].version != one.version
    ]

    def by_title(changes: list[DocumentChange]) -> tuple[DocumentChange, ...]:
        return tuple(sorted(changes, key=lambda change: (change.title.lower(), change.document_id)))

    return DocumentChanges(by_title(added), by_title(changed), by_title(removed))
