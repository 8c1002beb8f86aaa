"""Keeps the golden questions of a tenant: list, add, edit, delete, import, export."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from services.access.models import Account
from services.access.permissions import require_admin
from services.answers.golden_files import GoldenLine, golden_csv, golden_jsonl, read_golden_file
from services.answers.quotes import holds_words, plain_words
from services.errors import InputError
from services.knowledge.models import GoldenQuestion
from services.ports.knowledge import KnowledgeRepository
from services.privacy.audit import AuditTrail

ANSWERABLE_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "fact": "Fact",
        "procedure": "Procedure",
        "exception": "Exception to a rule",
        "code": "Code or form",
        "story": "Long story",
    }
)
UNANSWERABLE_KINDS: Mapping[str, str] = MappingProxyType(
    {"missing_fact": "Fact that is missing", "off_topic": "Off topic"}
)
KIND_NAMES: Mapping[str, str] = MappingProxyType({**ANSWERABLE_KINDS, **UNANSWERABLE_KINDS})
SPLIT_NAMES: Mapping[str, str] = MappingProxyType({"tune": "Learn from it", "test": "Only check with it"})
LONGEST_QUESTION_CHARACTERS = 8000
LONGEST_QUOTE_CHARACTERS = 2000
LONGEST_ID_CHARACTERS = 64
MOST_IMPORTED = 5000
LARGEST_FILE_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A line of an imported file that was left out, in words for the person who imports it."""

    line: int
    cause: str


@dataclass(frozen=True, slots=True)
class GoldenImport:
    """What became of an imported file."""

    added: int
    replaced: int
    left_out: tuple[ImportedLine, ...]


class GoldenQuestionService:
    """Use cases on golden questions, for administrators of the tenant."""

    def __init__(self, repository: KnowledgeRepository, audit: AuditTrail) -> None:
        self._repository = repository
        self._audit = audit

    def list_questions(self, account: Account, tenant_id: str) -> list[GoldenQuestion]:
        """All of them by id. Raises AccessError."""
        require_admin(account, tenant_id)
        return self._repository.list_golden_questions(tenant_id)

    def save(self, account: Account, tenant_id: str, question: GoldenQuestion) -> GoldenQuestion:
        """Add a question (with an empty id) or replace the one of its id; returns it as it is kept.

        Raises:
            InputError: the expected document or quote does not exist, or kind and places contradict each other.
        """
        require_admin(account, tenant_id)
        question = _completed(question)
        trouble = self._trouble(tenant_id, question, self._texts(account, tenant_id))
        if trouble:
            raise InputError(trouble, code="golden-question", remedy="Correct it and save again.")
        self._repository.save_golden_questions(tenant_id, [question])
        self._audit.record("golden-question-saved", username=account.username, tenant_id=tenant_id, subject=question.id)
        return question

    def delete(self, account: Account, tenant_id: str, ids: Sequence[str]) -> None:
        """Remove questions; unknown ids are passed over. Raises AccessError."""
        require_admin(account, tenant_id)
        self._repository.delete_golden_questions(tenant_id, ids)
        self._audit.record("golden-questions-deleted", username=account.username, tenant_id=tenant_id, count=len(ids))

    def import_file(self, account: Account, tenant_id: str, name: str, data: bytes) -> GoldenImport:
        """Add the questions of a JSONL or CSV file; one with the id of another replaces it.

        A line that is wrong is left out and named; the others are kept.

        Raises:
            InputError: the file cannot be read, is too large, or holds no question; nothing was changed.
        """
        require_admin(account, tenant_id)
        lines = self._lines(name, data)
        known = {question.id for question in self._repository.list_golden_questions(tenant_id)}
        texts = self._texts(account, tenant_id)
        good: dict[str, GoldenQuestion] = {}
        left_out: list[ImportedLine] = []
        for line in lines:
            question = _completed(line.question)
            trouble = line.trouble or self._trouble(tenant_id, question, texts)
            if not trouble and question.id in good:
                trouble = "A line above has the same id."
            if trouble:
                left_out.append(ImportedLine(line.line, trouble))
            else:
                good[question.id] = question
        self._repository.save_golden_questions(tenant_id, list(good.values()))
        replaced = len(known & good.keys())
        self._audit.record(
            "golden-questions-imported",
            username=account.username,
            tenant_id=tenant_id,
            saved=len(good),
            left_out=len(left_out),
        )
        return GoldenImport(len(good) - replaced, replaced, tuple(left_out))

    def export_jsonl(self, account: Account, tenant_id: str) -> bytes:
        """All questions as :meth:`import_file` takes them. Raises AccessError."""
        return golden_jsonl(self.list_questions(account, tenant_id))

    def export_csv(self, account: Account, tenant_id: str) -> bytes:
        """The same as a table. Raises AccessError."""
        return golden_csv(self.list_questions(account, tenant_id))

    def troubles(self, account: Account, tenant_id: str) -> dict[str, str]:
        """By id, what became wrong with a question since it was saved: its document is gone, or the words in it."""
        texts = self._texts(account, tenant_id)
        found = (
            (question.id, self._trouble(tenant_id, question, texts))
            for question in self.list_questions(account, tenant_id)
        )
        return {question_id: trouble for question_id, trouble in found if trouble}

    def _lines(self, name: str, data: bytes) -> list[GoldenLine]:
        if len(data) > LARGEST_FILE_BYTES:
            raise InputError(
                f"{name} is larger than {LARGEST_FILE_BYTES // 1_000_000} MB.",
                code="file-too-large",
                remedy="Split it and import the parts.",
            )
        lines = read_golden_file(name, data)
        if not lines:
            raise InputError(f"{name} holds no question.", code="no-questions", remedy="Choose another file.")
        if len(lines) > MOST_IMPORTED:
            raise InputError(
                f"{name} holds {len(lines):,} lines; {MOST_IMPORTED:,} is the most.",
                code="too-many-questions",
                remedy="Split it and import the parts.",
            )
        return lines

    def documents(self, account: Account, tenant_id: str) -> dict[str, str]:
        """The titles of the documents that may be expected, by id. Raises AccessError."""
        require_admin(account, tenant_id)
        return {held.document_id: held.title for held in self._repository.current_versions(tenant_id)}

    def _trouble(self, tenant_id: str, question: GoldenQuestion, texts: dict[str, str | None]) -> str:
        """Why a question cannot be kept, in a sentence; empty when it can.

        Args:
            texts: Plain words of the documents that may be expected, by id; None for one that was not read yet.
        """
        trouble = _formal_trouble(question)
        if trouble:
            return trouble
        for expected in question.expected:
            document_id = expected.document_id
            if document_id not in texts:
                return f"There is no document “{document_id}”."
            text = texts[document_id]
            if text is None:
                text = plain_words(self._repository.get_document(tenant_id, document_id).document.text)
                texts[document_id] = text
            if not holds_words(text, expected.quote):
                return f"The expected words do not stand in “{document_id}”."
        return ""

    def _texts(self, account: Account, tenant_id: str) -> dict[str, str | None]:
        return dict.fromkeys(self.documents(account, tenant_id))


def _formal_trouble(question: GoldenQuestion) -> str:
    if not any(character.isalnum() for character in question.text):
        return "There is no question."
    if len(question.text) > LONGEST_QUESTION_CHARACTERS:
        return f"The question is longer than {LONGEST_QUESTION_CHARACTERS:,} characters."
    if any(len(expected.quote) > LONGEST_QUOTE_CHARACTERS for expected in question.expected):
        return f"The expected words are longer than {LONGEST_QUOTE_CHARACTERS:,} characters."
    if len(question.id) > LONGEST_ID_CHARACTERS or not question.id.isprintable():
        return f"The id is longer than {LONGEST_ID_CHARACTERS} characters or holds unprintable ones."
    if question.kind not in KIND_NAMES:
        return f"The kind “{question.kind[:40]}” is not known; it is one of {', '.join(KIND_NAMES)}."
    if question.split not in SPLIT_NAMES:
        return f"The split “{question.split[:40]}” is not known; it is tune or test."
    if question.kind in UNANSWERABLE_KINDS and question.expected:
        return f"A question of the kind {question.kind} must be declined, so it has no document."
    if question.kind in ANSWERABLE_KINDS and not question.expected:
        return f"A question of the kind {question.kind} needs the document that answers it."
    return ""


def _completed(question: GoldenQuestion) -> GoldenQuestion:
    """The question with what was left open filled in."""
    return replace(
        question,
        id=question.id or f"g{uuid.uuid4().hex[:12]}",
        text=question.text.strip(),
        kind=question.kind or ("fact" if question.expected else "off_topic"),
        split=question.split or "tune",
    )
