"""Curated answers: questions that admins answer themselves, each phrasing found as a vector of its own."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from services.access.models import Account
from services.access.permissions import require_admin
from services.errors import InputError, NotFoundError
from services.knowledge.chunking import ChunkSize, chunk_document
from services.knowledge.curated_words import (
    CURATED_MEDIA_TYPE,
    CURATED_PREFIX,
    CuratedWords,
    checked_words,
    document_of,
    markdown_of,
    phrasing_key,
    phrasings_of,
)
from services.knowledge.library import original_name
from services.knowledge.models import (
    Document,
    DocumentDetails,
    DocumentEntry,
    DocumentFilter,
    DocumentState,
    DocumentVersion,
)
from services.ports.documents import DocumentRepository
from services.ports.files import FileStore, keep_once
from services.ports.knowledge import KnowledgeIndex
from services.privacy.audit import AuditTrail

_LISTED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class CuratedAnswer:
    """A curated answer as it is kept: its newest version."""

    document_id: str
    version: int
    words: CuratedWords
    state: DocumentState
    changed_at: datetime
    changed_by: str | None = None

    @property
    def title(self) -> str:
        return self.words.phrasings[0]


class CuratedAnswerService:
    """Writes, lists and deletes curated answers; all of it is for administrators of the tenant.

    A curated answer is a document like any other: it answers once a snapshot with it is published.

    Args:
        now: The clock, for tests.
    """

    def __init__(
        self,
        documents: DocumentRepository,
        files: FileStore,
        index: KnowledgeIndex,
        audit: AuditTrail,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._documents = documents
        self._files = files
        self._index = index
        self._audit = audit
        self._now = now

    def list_answers(self, account: Account, tenant_id: str, words: str = "") -> list[CuratedAnswer]:
        """Those whose answer or phrasings hold all the words, in any case, the last changed first."""
        require_admin(account, tenant_id)
        entries = {entry.document_id: entry for entry in self._entries(tenant_id)}
        wanted = words.lower().split()
        found = [
            _curated(stored, entries[stored.document.id])
            for stored in self._current(tenant_id)
            if stored.document.id in entries and _holds(stored.document, wanted)
        ]
        return sorted(found, key=lambda curated: (curated.changed_at, curated.document_id), reverse=True)

    def get_answer(self, account: Account, tenant_id: str, document_id: str) -> CuratedAnswer:
        """One curated answer. Raises NotFoundError, also for a document of another kind."""
        require_admin(account, tenant_id)
        stored = self._documents.get_document(tenant_id, document_id)
        entry = self._documents.get_entry(tenant_id, document_id, self._today())
        if stored.document.media_type != CURATED_MEDIA_TYPE or entry.state is DocumentState.DELETED:
            raise NotFoundError("There is no such curated answer.", code="curated-answer-missing")
        return _curated(stored, entry)

    def add(self, account: Account, tenant_id: str, words: CuratedWords) -> CuratedAnswer:
        """Keep a new curated answer.

        Raises:
            InputError: something is missing, too long, or a phrasing is there already; the words say which.
        """
        require_admin(account, tenant_id)
        return self._save(account, tenant_id, f"{CURATED_PREFIX}{uuid.uuid4().hex[:8]}", words, 0)

    def edit(
        self, account: Account, tenant_id: str, document_id: str, words: CuratedWords, *, expected_version: int
    ) -> CuratedAnswer:
        """Keep a change as the next version.

        Raises:
            InputError: as :meth:`add`.
            NotFoundError: it was deleted.
            ConflictError: somebody else saved a newer version; nothing was stored.
        """
        self.get_answer(account, tenant_id, document_id)
        return self._save(account, tenant_id, document_id, words, expected_version)

    def delete(self, account: Account, tenant_id: str, document_id: str) -> None:
        """Take it away: it stops answering at once; answers given keep their source. Raises NotFoundError."""
        self.get_answer(account, tenant_id, document_id)
        self._documents.delete_documents(tenant_id, [document_id], username=account.username)
        self._audit.record(
            "curated-answer-deleted", username=account.username, tenant_id=tenant_id, subject=document_id
        )

    def _save(
        self, account: Account, tenant_id: str, document_id: str, words: CuratedWords, expected_version: int
    ) -> CuratedAnswer:
        words = checked_words(words)
        self._require_own_phrasings(tenant_id, document_id, words)
        # Kept as a file too, so that "the original" of a curated answer is there like any document's.
        data = markdown_of(words).encode()
        document = document_of(document_id, words, hashlib.sha256(data).hexdigest())
        keep_once(self._files, original_name(tenant_id, document.source_sha256), data)
        size = ChunkSize(*self._index.chunk_size)
        self._documents.save_documents(
            tenant_id,
            [document],
            username=account.username,
            chunk_counts={document_id: len(chunk_document(document, size))},
            expected_versions={document_id: expected_version},
        )
        before = self._documents.get_entry(tenant_id, document_id, self._today()).details
        self._documents.set_details(
            tenant_id,
            [document_id],
            DocumentDetails(words.owner, before.product, before.audience, words.valid_from, words.valid_until),
            username=account.username,
        )
        saved = self.get_answer(account, tenant_id, document_id)
        self._audit.record(
            "curated-answer-saved",
            username=account.username,
            tenant_id=tenant_id,
            subject=document_id,
            version=saved.version,
            phrasings=len(words.phrasings),
        )
        return saved

    def _require_own_phrasings(self, tenant_id: str, document_id: str, words: CuratedWords) -> None:
        keys = {phrasing_key(phrasing): phrasing for phrasing in words.phrasings}
        for stored in self._current(tenant_id):
            if stored.document.id == document_id:
                continue
            taken = [keys[key] for other in phrasings_of(stored.document) if (key := phrasing_key(other)) in keys]
            if taken:
                raise InputError(
                    f"“{taken[0]}” belongs to the curated answer “{stored.document.title}” already.",
                    code="phrasing-taken",
                    remedy="Take the phrasing out here, or edit that answer instead.",
                )

    def _current(self, tenant_id: str) -> Iterable[DocumentVersion]:
        return self._documents.current_documents(tenant_id, media_type=CURATED_MEDIA_TYPE)

    def _entries(self, tenant_id: str) -> list[DocumentEntry]:
        chosen = DocumentFilter(media_types=frozenset({CURATED_MEDIA_TYPE}))
        return self._documents.list_documents(tenant_id, chosen, today=self._today(), limit=_LISTED_AT_ONCE)[0]

    def _today(self) -> date:
        return self._now().astimezone().date()


def _holds(document: Document, wanted: Iterable[str]) -> bool:
    text = "\n".join((document.text, *phrasings_of(document))).lower()
    return all(word in text for word in wanted)


def _curated(stored: DocumentVersion, entry: DocumentEntry) -> CuratedAnswer:
    document = stored.document
    return CuratedAnswer(
        document_id=document.id,
        version=stored.version,
        words=CuratedWords(
            document.text,
            phrasings_of(document),
            document.url,
            entry.details.owner,
            entry.details.valid_from,
            entry.details.valid_until,
        ),
        state=entry.state,
        changed_at=entry.changed_at,
        changed_by=entry.changed_by,
    )
