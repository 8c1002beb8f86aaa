"""What admins do with single documents: list, read, edit, replace, disable, delete, restore."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from services.access.models import Account
from services.access.permissions import require_admin
from services.errors import ConflictError, InputError, NotFoundError
from services.knowledge.chunking import ChunkSize, chunk_document
from services.knowledge.loading.files import shown_name
from services.knowledge.loading.loaded_file import DocumentLoader
from services.knowledge.loading.properties import checked_url
from services.knowledge.markdown_editing import document_from_markdown, markdown_of_document
from services.knowledge.models import (
    Chunk,
    Document,
    DocumentDetails,
    DocumentEntry,
    DocumentFilter,
    DocumentState,
    DocumentVersion,
    VersionEntry,
)
from services.knowledge.storing import original_name
from services.ports.documents import DocumentRepository
from services.ports.files import FileStore, keep_once
from services.ports.knowledge import KnowledgeIndex
from services.privacy.audit import AuditTrail

LONGEST_TITLE_CHARACTERS = 300
LONGEST_DETAIL_CHARACTERS = 200
# So many ids fit into the trail; of more it keeps the first and the count.
_NAMED_IN_AUDIT = 10


class DocumentService:
    """Use cases on the documents of one tenant, for its administrators.

    Disabling, deleting and dates apply to the next question; words apply once a snapshot that holds them is published.

    Args:
        loader: Reads a file that replaces a document.
        index: Says how large chunks are; nothing is searched.
        today: The day on which documents are in use or expired.
    """

    def __init__(
        self,
        repository: DocumentRepository,
        files: FileStore,
        index: KnowledgeIndex,
        loader: DocumentLoader,
        audit: AuditTrail,
        *,
        today: Callable[[], date] = lambda: datetime.now(UTC).astimezone().date(),
    ) -> None:
        self._repository = repository
        self._files = files
        self._index = index
        self._loader = loader
        self._audit = audit
        self._today = today

    def list_documents(
        self, account: Account, tenant_id: str, chosen: DocumentFilter, *, offset: int = 0, limit: int = 50
    ) -> tuple[list[DocumentEntry], int]:
        """One page of the documents that fit, and how many fit in all. Raises AccessError."""
        require_admin(account, tenant_id)
        return self._repository.list_documents(tenant_id, chosen, today=self._today(), offset=offset, limit=limit)

    def get_entry(self, account: Account, tenant_id: str, document_id: str) -> DocumentEntry:
        """The list line of one document, deleted or not. Raises AccessError, NotFoundError."""
        require_admin(account, tenant_id)
        return self._repository.get_entry(tenant_id, document_id, self._today())

    def get_version(
        self, account: Account, tenant_id: str, document_id: str, version: int | None = None
    ) -> DocumentVersion:
        """One version with its words, the newest when None. Raises AccessError, NotFoundError."""
        require_admin(account, tenant_id)
        return self._repository.get_document(tenant_id, document_id, version)

    def list_versions(self, account: Account, tenant_id: str, document_id: str) -> list[VersionEntry]:
        """Every version of a document, newest first. Raises AccessError."""
        require_admin(account, tenant_id)
        return self._repository.list_versions(tenant_id, document_id)

    def list_labels(self, account: Account, tenant_id: str) -> tuple[list[str], list[str]]:
        """The products and the owners that documents have, to filter by. Raises AccessError."""
        require_admin(account, tenant_id)
        return self._repository.list_labels(tenant_id)

    def chunks_of(self, stored: DocumentVersion) -> list[Chunk]:
        """The passages that an index built now would cut this version into, in reading order."""
        return chunk_document(stored.document, ChunkSize(*self._index.chunk_size))

    def markdown_of(self, stored: DocumentVersion) -> str:
        """The version as Markdown to edit: its title, headings by section, and bodies."""
        return markdown_of_document(stored.document)

    def create_document(
        self, account: Account, tenant_id: str, title: str, markdown: str, *, url: str = ""
    ) -> DocumentEntry:
        """Keep a new document that was written here. Its id is made of the title.

        Raises:
            InputError: title, address or text cannot be used.
            ConflictError: there is a document of that id.
        """
        require_admin(account, tenant_id)
        title = _checked_title(title)
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "document"
        document = document_from_markdown(f"{slug}.md", markdown, title=title, url=_checked_url(url))
        try:
            self._save(account, tenant_id, document, markdown.encode("utf-8", "replace"), expected_version=0)
        except ConflictError as exc:
            raise ConflictError(
                f"There is a document called {document.id} already.",
                code="document-taken",
                remedy="Edit that document, or choose another title.",
            ) from exc
        self._record("document-created", account, tenant_id, [document.id])
        return self.get_entry(account, tenant_id, document.id)

    def edit_document(
        self,
        account: Account,
        tenant_id: str,
        document_id: str,
        markdown: str,
        *,
        title: str,
        url: str | None,
        expected_version: int,
    ) -> DocumentEntry:
        """Keep the edited text as the next version; the same id, and what is unchanged keeps its page and address.

        Args:
            title: Replaces the title where it differs from the one that the document has.
            url: Address of the document; empty or None for none.
            expected_version: The version that was edited.

        Raises:
            InputError: title, address or text cannot be used; nothing was stored.
            NotFoundError: there is no such document, or it was deleted.
            ConflictError: somebody else saved a newer version; nothing was stored.
        """
        entry = self._require_kept(account, tenant_id, document_id)
        before = self._repository.get_document(tenant_id, document_id)
        edited = document_from_markdown(
            document_id, markdown, title=_checked_title(title), url=_checked_url(url or ""), before=before.document
        )
        edited = _with_details(edited, entry.details)
        if entry.version != expected_version:
            raise _changed_meanwhile("Your text is still here. Copy it, open the newest version, and bring it in.")
        if _says_the_same(edited, before.document):
            return entry
        self._save(account, tenant_id, edited, markdown.encode("utf-8", "replace"), expected_version=expected_version)
        self._record("document-edited", account, tenant_id, [document_id])
        return self.get_entry(account, tenant_id, document_id)

    def replace_document(
        self, account: Account, tenant_id: str, document_id: str, name: str, data: bytes, *, expected_version: int
    ) -> DocumentEntry:
        """Keep a file as the next version of a document, whatever its name and format; the id stays.

        Raises:
            InputError: the file cannot be read, holds several documents, or is another document already.
            NotFoundError: there is no such document, or it was deleted.
            ConflictError: somebody else saved a newer version; nothing was stored.
        """
        self._require_kept(account, tenant_id, document_id)
        before = self._repository.get_document(tenant_id, document_id).document
        loaded = self._loader.load_bytes(shown_name(name), data, document_id)
        if len(loaded.documents) != 1:
            failure = next(iter(loaded.failures), None)
            if failure is not None:
                raise InputError(failure.cause, code=failure.code, remedy=failure.remedy)
            raise InputError(
                f"{name} holds {len(loaded.documents)} documents, so it cannot take the place of one.",
                code="several-documents",
                remedy="Add it as a new file, or choose a file with one document.",
            )
        others = [
            other for other in self._repository.ids_by_source(tenant_id, loaded.data_sha256) if other != document_id
        ]
        if others:
            title = self._repository.get_document(tenant_id, others[0]).document.title
            raise InputError(
                f"The same file is there already, as “{title}”.",
                code="duplicate",
                remedy="Delete that document first, or choose another file.",
            )
        (document,) = loaded.documents
        document = replace(document, id=document_id, url=document.url or before.url)
        self._save(account, tenant_id, document, data, expected_version=expected_version)
        self._record("document-replaced", account, tenant_id, [document_id])
        return self.get_entry(account, tenant_id, document_id)

    def restore(
        self, account: Account, tenant_id: str, document_id: str, version: int, *, expected_version: int | None = None
    ) -> DocumentEntry:
        """Make an old version the newest, as a version of its own; a deleted document comes back.

        Args:
            expected_version: The newest version that the admin saw; None when it does not matter.

        Raises:
            NotFoundError: there is no such version.
            ConflictError: somebody else saved a newer version; nothing was stored.
        """
        entry = self.get_entry(account, tenant_id, document_id)
        old = self._repository.get_document(tenant_id, document_id, version).document
        self._save(account, tenant_id, _with_details(old, entry.details), None, expected_version=expected_version)
        self._record("document-restored", account, tenant_id, [document_id], version=version)
        return self.get_entry(account, tenant_id, document_id)

    def set_details(
        self, account: Account, tenant_id: str, document_ids: Sequence[str], details: DocumentDetails
    ) -> None:
        """Replace owner, product, audience and dates of documents; dates apply to the next question.

        Raises:
            InputError: the dates are the wrong way round, or a text is too long.
        """
        require_admin(account, tenant_id)
        checked = _checked_details(details)
        self._repository.set_details(tenant_id, document_ids, checked, username=account.username)
        self._record("document-details-set", account, tenant_id, document_ids)

    def disable(self, account: Account, tenant_id: str, document_ids: Sequence[str]) -> None:
        """Keep documents from answering, from the next question on, until they are enabled."""
        require_admin(account, tenant_id)
        self._repository.set_disabled(tenant_id, document_ids, datetime.now(UTC), username=account.username)
        self._record("document-disabled", account, tenant_id, document_ids)

    def enable(self, account: Account, tenant_id: str, document_ids: Sequence[str]) -> None:
        """Let disabled documents answer again, from the next question on."""
        require_admin(account, tenant_id)
        self._repository.set_disabled(tenant_id, document_ids, None, username=account.username)
        self._record("document-enabled", account, tenant_id, document_ids)

    def delete(self, account: Account, tenant_id: str, document_ids: Sequence[str]) -> None:
        """Delete documents: they do not answer the next question, and the next snapshot does not hold them.

        Their versions stay, for the answers that quote them; :meth:`restore` brings one back.
        """
        require_admin(account, tenant_id)
        self._repository.delete_documents(tenant_id, document_ids, username=account.username)
        self._record("document-deleted", account, tenant_id, document_ids)

    def _require_kept(self, account: Account, tenant_id: str, document_id: str) -> DocumentEntry:
        entry = self.get_entry(account, tenant_id, document_id)
        if entry.state is DocumentState.DELETED:
            raise NotFoundError(
                f"“{entry.title}” was deleted in the meantime.",
                code="document-deleted",
                remedy="Restore one of its versions first; your text is still here.",
            )
        return entry

    def _save(
        self, account: Account, tenant_id: str, document: Document, data: bytes | None, *, expected_version: int | None
    ) -> None:
        if data is not None:
            document = replace(document, source_sha256=hashlib.sha256(data).hexdigest())
            name = original_name(tenant_id, document.source_sha256)
            keep_once(self._files, name, data)
        expected = {} if expected_version is None else {document.id: expected_version}
        self._repository.save_documents(
            tenant_id,
            [document],
            username=account.username,
            chunk_counts={document.id: len(chunk_document(document, ChunkSize(*self._index.chunk_size)))},
            expected_versions=expected,
        )

    def _record(
        self, action: str, account: Account, tenant_id: str, document_ids: Sequence[str], **details: int
    ) -> None:
        for document_id in document_ids[:_NAMED_IN_AUDIT]:
            self._audit.record(
                action,
                username=account.username,
                tenant_id=tenant_id,
                subject=document_id,
                count=len(document_ids),
                **details,
            )


def _with_details(document: Document, details: DocumentDetails) -> Document:
    """What the admin keeps about the document wins over what its file once said."""
    return replace(document, owner=details.owner, valid_until=details.valid_until)


def _says_the_same(left: Document, right: Document) -> bool:
    return (left.title, left.text, left.url, left.sections) == (right.title, right.text, right.url, right.sections)


def _changed_meanwhile(remedy: str) -> ConflictError:
    return ConflictError(
        "Somebody else changed this document while you worked on it.", code="document-changed", remedy=remedy
    )


def _checked_title(title: str) -> str:
    trimmed = " ".join(title.split())
    if not trimmed or len(trimmed) > LONGEST_TITLE_CHARACTERS:
        raise InputError(
            f"The title must have 1 to {LONGEST_TITLE_CHARACTERS} characters.",
            code="invalid-title",
            remedy="Correct the title and save again; your text is still here.",
        )
    return trimmed


def _checked_url(url: str) -> str | None:
    if not url.strip():
        return None
    checked = checked_url(url.strip())
    if checked is None:
        raise InputError(
            "The address is not one of a web page.",
            code="invalid-url",
            remedy="Write it as https://…, or leave it empty; your text is still here.",
        )
    return checked


def _checked_details(details: DocumentDetails) -> DocumentDetails:
    texts = {name: _checked_detail(getattr(details, name)) for name in ("owner", "product", "audience")}
    if details.valid_from and details.valid_until and details.valid_from > details.valid_until:
        raise InputError(
            "The first valid day is after the last one.",
            code="invalid-dates",
            remedy="Correct one of the two days and save again.",
        )
    return replace(details, **texts)  # type: ignore[arg-type]


def _checked_detail(value: str | None) -> str | None:
    trimmed = " ".join((value or "").split())
    if len(trimmed) > LONGEST_DETAIL_CHARACTERS:
        raise InputError(
            f"Owner, product and audience take {LONGEST_DETAIL_CHARACTERS} characters each.", code="invalid-details"
        )
    return trimmed or None
