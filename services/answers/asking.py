"""The way of a question: checked, masked, condensed, searched, banded, drafted, kept."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.access.models import Account
from services.access.permissions import require_tenant
from services.answers.bands import band_of
from services.answers.language import other_language
from services.answers.models import (
    Answer,
    AnswerRequest,
    AnswerStatus,
    Band,
    Conversation,
    DeltaListener,
    Draft,
    Notice,
    NoticeKind,
)
from services.answers.questions import check_question, condense, is_follow_up, with_context
from services.errors import AppError, CapacityError
from services.knowledge.library import KnowledgeService
from services.knowledge.models import LiveKnowledge, Retrieval, SearchType, Snapshot
from services.logs import get_logger
from services.ports.answers import AnswerGenerator, AnswerRepository
from services.ports.knowledge import KnowledgeIndex
from services.ports.model_calls import attributed
from services.ports.privacy import PersonalDataDetector
from services.privacy.masking import mask

PASSAGES_KEPT = 6
PURPOSE = "answers"
TITLE_CHARACTERS = 80
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AskingLimits:
    """How much is accepted at once.

    Attributes:
        max_question_characters: Longer questions are refused.
        max_concurrent: Answers worked on at once in this process.
        wait_seconds: Longest wait for a place among them.
    """

    max_question_characters: int = 8000
    max_concurrent: int = 8
    wait_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class _Found:
    searched: str
    retrieval: Retrieval
    band: Band
    notices: tuple[Notice, ...]
    retrieval_ms: float
    focus: str


class AnswerService:
    """Answers questions and keeps everything that came of them."""

    def __init__(
        self,
        knowledge: KnowledgeService,
        index: KnowledgeIndex,
        generator: AnswerGenerator,
        repository: AnswerRepository,
        detector: PersonalDataDetector,
        *,
        limits: AskingLimits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._knowledge = knowledge
        self._index = index
        self._generator = generator
        self._repository = repository
        self._detector = detector
        self._limits = limits or AskingLimits()
        self._now = now
        self._places = threading.BoundedSemaphore(self._limits.max_concurrent)

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
        """Answer a question and keep it; it is stored before the work begins, so a failure never loses it.

        Args:
            conversation_id: Where it belongs; a new conversation when None.
            searched_question: What to search for instead of what would be made of ``text``: the agent's correction.
            on_delta: Gets pieces of the draft as they arrive.
            on_stored: Gets the question as it was stored, before the work on it begins.

        Raises:
            InputError: nothing to answer, or too long; nothing is stored.
            AccessError: the account does not belong to the tenant.
            NotFoundError: nothing is published, or the conversation is not this account's.
            BackendError: search or model failed; the question is stored as failed and can be tried again.
        """
        require_tenant(account, tenant_id)
        live = self._knowledge.require_live(tenant_id)
        with attributed(tenant_id=tenant_id, username=account.username, purpose=PURPOSE):
            question, notices = self._masked(tenant_id, live.snapshot, self._checked(text))
            if searched_question is not None:
                searched_question, _ = self._masked(tenant_id, live.snapshot, self._checked(searched_question))
            conversation = self._conversation(account, tenant_id, conversation_id, question)
            answer = Answer(
                id=uuid.uuid4().hex,
                conversation_id=conversation.id,
                tenant_id=tenant_id,
                username=account.username,
                asked_at=self._now(),
                status=AnswerStatus.PENDING,
                question=question,
                searched_question=searched_question or "",
                notices=notices,
            )
            self._repository.save_answer(answer)
            if on_stored is not None:
                on_stored(answer)
            return self._work(answer, live, on_delta)

    def retry(self, account: Account, tenant_id: str, answer_id: str, on_delta: DeltaListener | None = None) -> Answer:
        """Work on a stored question again, with the knowledge base as it is now. Raises as :meth:`ask`."""
        require_tenant(account, tenant_id)
        stored = self._repository.get_answer(tenant_id, account.username, answer_id)
        live = self._knowledge.require_live(tenant_id)
        made = any(notice.kind in {NoticeKind.CONDENSED, NoticeKind.FOLLOW_UP} for notice in stored.notices)
        answer = replace(
            stored,
            status=AnswerStatus.PENDING,
            error_code=None,
            # What was made of the question is made again; what the agent asked to search for stays.
            searched_question="" if made else stored.searched_question,
        )
        self._repository.save_answer(answer)
        with attributed(tenant_id=tenant_id, username=account.username, purpose=PURPOSE):
            return self._work(answer, live, on_delta)

    def answer_once(self, tenant_id: str, text: str, *, on_delta: DeltaListener | None = None) -> Answer:
        """Answer without an account and without keeping anything; for the command line and for measuring."""
        live = self._knowledge.require_live(tenant_id)
        with attributed(tenant_id=tenant_id, purpose=PURPOSE):
            question, notices = self._masked(tenant_id, live.snapshot, self._checked(text))
            answer = Answer(
                id="",
                conversation_id="",
                tenant_id=tenant_id,
                username="",
                asked_at=self._now(),
                status=AnswerStatus.PENDING,
                question=question,
                notices=notices,
            )
            return self._answered(answer, live, "", on_delta)

    def _work(self, answer: Answer, live: LiveKnowledge, on_delta: DeltaListener | None) -> Answer:
        try:
            with self._place():
                previous = self._previous_question(answer)
                done = self._answered(answer, live, previous, on_delta)
        except AppError as error:
            self._repository.save_answer(replace(answer, status=AnswerStatus.FAILED, error_code=error.code))
            raise
        except Exception:
            self._repository.save_answer(replace(answer, status=AnswerStatus.FAILED, error_code="unexpected"))
            raise
        self._repository.save_answer(done)
        _log.info(
            "question answered",
            tenant=done.tenant_id,
            answer_id=done.id,
            band=done.band.value if done.band else None,
            backend=done.backend,
            snapshot=done.snapshot,
            retrieval_ms=round(done.retrieval_ms or 0),
            total_ms=round(done.total_ms or 0),
        )
        return done

    def _answered(self, answer: Answer, live: LiveKnowledge, previous: str, on_delta: DeltaListener | None) -> Answer:
        started = time.perf_counter()
        found = self._find(answer, live, previous)
        draft = Draft((), (), answered=False)
        band = found.band
        if band is Band.DRAFT:
            draft = self._generator.generate(
                AnswerRequest(found.searched, found.retrieval.passages, found.focus), on_delta
            )
            if not draft.answered:
                band = Band.SOURCES_ONLY
        by = draft.substitution
        return replace(
            answer,
            status=AnswerStatus.DONE,
            searched_question=found.searched,
            notices=(*found.notices, *_draft_notices(draft)),
            band=band,
            text=draft.text,
            statements=draft.statements,
            citations=draft.citations,
            passages=found.retrieval.passages if band is not Band.NOT_FOUND else (),
            evidence=found.retrieval.evidence,
            snapshot=live.snapshot.number,
            backend=by.backend if by else self._generator.name,
            origin=by.origin if by else self._generator.origin,
            error_code=by.error_code if by else None,
            retrieval_ms=found.retrieval_ms,
            total_ms=(time.perf_counter() - started) * 1000,
        )

    def _find(self, answer: Answer, live: LiveKnowledge, previous: str) -> _Found:
        started = time.perf_counter()
        notices = [notice for notice in answer.notices if notice.kind is NoticeKind.MASKED]
        searched, focus = answer.searched_question, ""
        if not searched:
            searched = condense(answer.question, lambda sentences: self._relevance(live, sentences))
            if searched != answer.question:
                notices.append(Notice(NoticeKind.CONDENSED))
            if previous and is_follow_up(searched):
                focus = searched
                searched = with_context(previous, searched)
                notices.append(Notice(NoticeKind.FOLLOW_UP))
        retrieval = self._knowledge.search(live, searched, limit=PASSAGES_KEPT, search_type=answer.search_type)
        band = band_of(retrieval, live.snapshot.cuts)
        language = other_language(answer.searched_question or answer.question)
        if language is not None:
            # The local model reads English only: what it finds for another language must not look like an answer.
            notices.append(Notice(NoticeKind.LANGUAGE, language))
            band = Band.SOURCES_ONLY if band is Band.DRAFT else band
        if retrieval.evidence.missing_identifiers and band is not Band.NOT_FOUND:
            codes = ", ".join(retrieval.evidence.missing_identifiers).upper()
            notices.append(Notice(NoticeKind.UNKNOWN_CODE, codes))
        return _Found(searched, retrieval, band, tuple(notices), (time.perf_counter() - started) * 1000, focus)

    def _relevance(self, live: LiveKnowledge, sentences: Sequence[str]) -> list[float]:
        return [
            self._knowledge.search(live, sentence, limit=1, search_type=SearchType.SEMANTIC).evidence.similarity
            for sentence in sentences
        ]

    def _checked(self, text: str) -> str:
        return check_question(text, self._limits.max_question_characters)

    def _masked(self, tenant_id: str, snapshot: Snapshot, text: str) -> tuple[str, tuple[Notice, ...]]:
        masked = mask(
            text,
            self._detector,
            is_public=lambda digits: self._index.knows_identifier(tenant_id, snapshot.number, digits),
        )
        return masked.text, (Notice(NoticeKind.MASKED, masked.summary),) if masked.counts else ()

    def _previous_question(self, answer: Answer) -> str:
        earlier = [
            other
            for other in self._repository.list_answers(answer.tenant_id, answer.username, answer.conversation_id)
            if other.asked_at < answer.asked_at and other.status is AnswerStatus.DONE
        ]
        return earlier[-1].searched_question if earlier else ""

    def _conversation(
        self, account: Account, tenant_id: str, conversation_id: str | None, question: str
    ) -> Conversation:
        now = self._now()
        if conversation_id is not None:
            known = self._repository.get_conversation(tenant_id, account.username, conversation_id)
            conversation = replace(known, updated_at=now)
        else:
            title = " ".join(question.split())
            title = title if len(title) <= TITLE_CHARACTERS else title[: TITLE_CHARACTERS - 1].rstrip() + "…"
            conversation = Conversation(uuid.uuid4().hex, tenant_id, account.username, title, now, now)
        self._repository.save_conversation(conversation)
        return conversation

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._limits.wait_seconds):
            raise CapacityError(
                "Too many questions are being answered at this moment.",
                code="answers-busy",
                remedy="Your question is kept. Try again in a few seconds.",
            )
        try:
            yield
        finally:
            self._places.release()


def _draft_notices(draft: Draft) -> list[Notice]:
    notices = []
    if draft.cut_short:
        notices.append(Notice(NoticeKind.CUT_SHORT))
    if draft.substitution is not None:
        notices.append(Notice(NoticeKind.FALLBACK, draft.substitution.instead_of))
    return notices
