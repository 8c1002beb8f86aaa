"""An answer service whose answers are written down beforehand, on a real database with one real document."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from services.access.models import Account
from services.answers.asking import AnswerService
from services.answers.history import AnswerHistory
from services.answers.models import (
    Answer,
    AnswerStatus,
    Band,
    Citation,
    Conversation,
    DeltaListener,
    Notice,
    NoticeKind,
    Origin,
    Statement,
)
from services.bootstrap import Services
from services.errors import AppError, InputError
from services.knowledge.library import original_name
from services.knowledge.loading import load_bytes
from services.knowledge.models import (
    DocumentVersion,
    ExpectedPassage,
    GoldenQuestion,
    Passage,
    SearchType,
    Snapshot,
    SnapshotStatus,
)
from services.storage.answers import SqlAnswerRepository
from services.storage.knowledge import SqlKnowledgeRepository
from tests.contract.knowledge_samples import publish, record_snapshot

TENANT = "pharmacy"
DOCUMENT_ID = "claim-reject-codes.md"
TEXT = """# Claim reject codes

## Code 75

Code 75 means that the plan requires *prior authorization*. Start form PA-100 at once.
The patient does not pay for it.

## Code 79

Code 79 means a refill too soon.
"""
FIRST = "Code 75 means that the plan requires prior authorization."
SECOND = "The patient does not pay for it."
HALF = "Code 75 might mean that"
UNSUPPORTED = "It usually takes a week."
EXAMPLE = "What does reject code 75 mean?"


class ScriptedAnswers:
    """Stands in for the answer service: stores as it does, answers by a word of the question.

    Attributes:
        failure: Raised for every question until it is None.
        interruption: Raised once in the middle of the work, as when the process ends.
    """

    def __init__(self, services: Services) -> None:
        self._repository = SqlAnswerRepository(services.database)
        self._knowledge = services.knowledge
        self.history = AnswerHistory(self._repository)
        self.failure: AppError | None = None
        self.interruption: BaseException | None = None
        self.asked: list[tuple[str, str | None]] = []

    def ask(
        self,
        account: Account,
        tenant_id: str,
        text: str,
        *,
        conversation_id: str | None = None,
        searched_question: str | None = None,
        on_delta: DeltaListener | None = None,
        on_stored: Callable[[Answer], None] | None = None,
    ) -> Answer:
        self.asked.append((text, searched_question))
        if len(text) > 8000:
            raise InputError("The question is longer than 8,000 characters.", remedy="Shorten it and ask again.")
        at = datetime.now(UTC)
        if conversation_id is None:
            conversation_id = uuid.uuid4().hex
            self._repository.save_conversation(Conversation(conversation_id, tenant_id, account.username, text, at, at))
        pending = Answer(
            uuid.uuid4().hex,
            conversation_id,
            tenant_id,
            account.username,
            at,
            AnswerStatus.PENDING,
            text,
            searched_question=searched_question or text,
        )
        self._repository.save_answer(pending)
        if on_stored is not None:
            on_stored(pending)
        return self._work(pending, on_delta)

    def retry(self, account: Account, tenant_id: str, answer_id: str, on_delta: DeltaListener | None = None) -> Answer:
        return self._work(self._repository.get_answer(tenant_id, account.username, answer_id), on_delta)

    def _work(self, pending: Answer, on_delta: DeltaListener | None) -> Answer:
        interruption, self.interruption = self.interruption, None
        if interruption is not None:
            raise interruption
        if self.failure is not None:
            self._repository.save_answer(replace(pending, status=AnswerStatus.FAILED, error_code=self.failure.code))
            raise self.failure
        if on_delta is not None:
            on_delta(HALF if "broke off" in pending.question else FIRST)
        changes = self._changes(pending.question.lower())
        finished = replace(
            pending, status=AnswerStatus.DONE, snapshot=14, backend="extractive", total_ms=180.0, **changes
        )
        self._repository.save_answer(finished)
        return finished

    def _changes(self, question: str) -> dict[str, Any]:
        stored = self._knowledge.get_document(TENANT, DOCUMENT_ID)
        if "weather" in question:
            return {"band": Band.NOT_FOUND, "notices": (Notice(NoticeKind.UNKNOWN_CODE, "PA-999"),)}
        if "vague" in question:
            return {"band": Band.SOURCES_ONLY, "passages": (_passage(stored),)}
        notices: tuple[Notice, ...] = (Notice(NoticeKind.MASKED, "1 phone number"),) if "call" in question else ()
        fell_back = "broke off" in question
        notices += (Notice(NoticeKind.FALLBACK, "bedrock"),) if fell_back else ()
        return {
            "error_code": "reply-lost" if fell_back else None,
            "band": Band.DRAFT,
            "origin": Origin.QUOTED,
            "notices": notices,
            "text": f"{FIRST} {SECOND} {UNSUPPORTED}",
            "statements": (Statement(FIRST, (1,)), Statement(SECOND, (2,)), Statement(UNSUPPORTED, ())),
            "citations": (_citation(stored, FIRST), _citation(stored, SECOND)),
            "passages": (_passage(stored),),
            "search_type": SearchType.HYBRID,
        }


def publish_document(services: Services) -> None:
    """Store the one document for the tenant ``pharmacy`` and say that it is published; nothing is indexed."""
    repository = SqlKnowledgeRepository(services.database)
    data = TEXT.encode()
    (document,) = load_bytes(DOCUMENT_ID, data, max_file_bytes=10_000).documents
    repository.save_documents(TENANT, [replace(document, url="https://kb.harborview.example/codes")])
    services.files.write(original_name(TENANT, document.source_sha256), data)
    record_snapshot(
        repository, Snapshot(TENANT, 14, SnapshotStatus.DRAFT, datetime.now(UTC), 1, 2, services.embedder.model_id)
    )
    publish(repository, TENANT, 14)
    repository.save_golden_questions(
        TENANT, [GoldenQuestion("g1", EXAMPLE, (ExpectedPassage(DOCUMENT_ID),), kind="code")]
    )


def _citation(stored: DocumentVersion, quote: str) -> Citation:
    start = stored.document.text.index(quote)
    return Citation(
        DOCUMENT_ID,
        stored.version,
        stored.document.title,
        "https://kb.harborview.example/codes",
        "Code 75",
        None,
        quote,
        start,
        start + len(quote),
        0.87654,
    )


def _passage(stored: DocumentVersion) -> Passage:
    section = next(section for section in stored.document.sections if "Code 75" in section.path)
    return Passage(
        DOCUMENT_ID,
        stored.version,
        f"{DOCUMENT_ID}#0",
        stored.document.title,
        None,
        "Code 75",
        None,
        stored.document.text[section.start : section.end],
        section.start,
        section.end,
        0.87654,
        0.76543,
        1.0,
    )


def with_scripted_answers(services: Services) -> tuple[Services, ScriptedAnswers]:
    """The same services with answers by script."""
    script = ScriptedAnswers(services)
    return replace(services, answers=cast("AnswerService", script)), script
