"""Judged answers as preference pairs, to fine-tune a language model with later.

One JSON object per line (JSONL, UTF-8):

    question            as it was asked, personal data masked
    searched_question   what was searched for
    passages            [{document_id, version, title, text}] that the answer was made from, best first
    snapshot            number of the knowledge base's version that answered; null when unknown
    chosen              the better answer
    rejected            the worse one; null where nothing was worse
    rating              "up", "down" or null
    reason              why it was rated down: wrong, outdated, incomplete, unclear, wrong_source, other; or null
    draft               what the backend wrote; empty where it wrote nothing
    edited              the agent's version; null without one
    sent                what the agent copied last; null when nothing was
    backend             who wrote the draft, such as "extractive" or "openai"
    asked_at            ISO 8601, UTC

Which answers are in it, and as what, the first that fits:

    rated down, and a curated answer was written for it    chosen = the curated answer, rejected = the draft
    sent, or else edited, in other words than the draft    chosen = those words, rejected = the draft
    rated up and left as it was                            chosen = the draft, rejected = null

Where there was no draft, rejected is null. Everything else says nothing about what is better and is left out.

What agents typed is searched for personal data and masked; what the passages, the draft or a curated answer say
themselves stays. A bare name in the middle of a sentence is not recognized: treat the file as personal data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from services.access.models import Account
from services.access.permissions import require_admin
from services.answers.feedback_models import CaseRecord, JudgedAnswer
from services.answers.models import Answer, Rating
from services.errors import NotFoundError
from services.knowledge.curated_words import CURATED_MEDIA_TYPE
from services.ports.documents import DocumentRepository
from services.ports.feedback import FeedbackRepository
from services.ports.privacy import PersonalDataDetector
from services.privacy.audit import AuditTrail


class PreferencePairs:
    """Writes preference pairs line by line; any number passes through little memory.

    Args:
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: FeedbackRepository,
        documents: DocumentRepository,
        detector: PersonalDataDetector,
        audit: AuditTrail,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._repository = repository
        self._documents = documents
        self._detector = detector
        self._audit = audit
        self._now = now

    def export(self, account: Account, tenant_id: str, *, days: int | None = None) -> Iterator[bytes]:
        """The lines for an administrator of the tenant; that they were fetched stands in the audit trail.

        Args:
            days: Only answers asked in the last so many days; None for all.

        Raises:
            AccessError: the account is no administrator of the tenant.
        """
        require_admin(account, tenant_id)
        return self._recorded(tenant_id, days, account.username)

    def export_on_command_line(self, tenant_id: str, *, days: int | None = None) -> Iterator[bytes]:
        """The lines for whoever may run commands on this machine; recorded as well."""
        return self._recorded(tenant_id, days, None)

    def _recorded(self, tenant_id: str, days: int | None, username: str | None) -> Iterator[bytes]:
        self._audit.record("feedback-exported", username=username, tenant_id=tenant_id, days=days or 0)
        since = self._now() - timedelta(days=days) if days is not None else None
        for judged in self._repository.judged_answers(tenant_id, since=since):
            line = self._line(tenant_id, judged)
            if line is not None:
                yield line

    def _line(self, tenant_id: str, judged: JudgedAnswer) -> bytes | None:
        answer = judged.answer
        curated = self._curated_text(tenant_id, judged.record) if answer.rating is Rating.DOWN else None
        known = (answer.text, curated or "", *(passage.text for passage in answer.passages))
        edited, sent = self._masked(answer.edited_text, known), self._masked(answer.copied_text, known)
        better = next((text for text in (curated, sent, edited) if text and _differs(text, answer.text)), None)
        if better is not None:
            chosen, rejected = better, answer.text or None
        elif answer.rating is Rating.UP and answer.text:
            chosen, rejected = answer.text, None
        else:
            return None
        values = {
            "question": answer.question,
            "searched_question": answer.searched_question,
            "passages": _passages(answer),
            "snapshot": answer.snapshot,
            "chosen": chosen,
            "rejected": rejected,
            "rating": answer.rating.value if answer.rating else None,
            "reason": answer.rating_reason,
            "draft": answer.text,
            "edited": edited,
            "sent": sent,
            "backend": answer.backend,
            "asked_at": answer.asked_at.isoformat(timespec="seconds"),
        }
        return (json.dumps(values, ensure_ascii=False) + "\n").encode("utf-8", "replace")

    def _curated_text(self, tenant_id: str, record: CaseRecord) -> str | None:
        if record.document_id is None:
            return None
        try:
            stored = self._documents.get_document(tenant_id, record.document_id)
        except NotFoundError:
            return None
        return stored.document.text if stored.document.media_type == CURATED_MEDIA_TYPE else None

    def _masked(self, text: str | None, known: tuple[str, ...]) -> str | None:
        """What an agent typed, without personal data that none of the known texts holds."""
        if text is None:
            return None
        pieces: list[str] = []
        position = 0
        for span in sorted(self._detector.find(text), key=lambda span: (span.start, -span.end)):
            if any(text[span.start : span.end] in other for other in known):
                continue
            if span.start >= position:
                pieces.extend((text[position : span.start], f"[{span.kind.value}]"))
            # What is left of a span that overlaps the one before must not stay behind in the text.
            position = max(position, span.end)
        return "".join((*pieces, text[position:]))


def _differs(text: str, draft: str) -> bool:
    return " ".join(text.split()) != " ".join(draft.split())


def _passages(answer: Answer) -> list[dict[str, str | int]]:
    return [
        {
            "document_id": passage.document_id,
            "version": passage.document_version,
            "title": passage.title,
            "text": passage.text,
        }
        for passage in answer.passages
    ]
