"""Hand-written stand-in for the port of feedback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from services.answers.feedback_models import CaseRecord, FeedbackCase, FeedbackKind, JudgedAnswer
from services.answers.models import Answer, AnswerStatus, Band, Rating
from services.errors import ConflictError, NotFoundError


class FakeFeedbackRepository:
    """FeedbackRepository in memory.

    Attributes:
        answers: By id, of all tenants.
    """

    def __init__(self, *answers: Answer) -> None:
        self.answers = {answer.id: answer for answer in answers}
        self.records: dict[str, CaseRecord] = {}

    def list_cases(self, tenant_id: str, *, since: datetime, limit: int) -> list[FeedbackCase]:
        cases = [self._case(answer) for answer in self.answers.values() if answer.tenant_id == tenant_id]
        found = [case for case in cases if case is not None and case.reported_at >= since]
        return sorted(found, key=lambda case: (case.reported_at, case.answer_id), reverse=True)[:limit]

    def get_case(self, tenant_id: str, answer_id: str) -> FeedbackCase:
        answer = self.answers.get(answer_id)
        case = self._case(answer) if answer is not None and answer.tenant_id == tenant_id else None
        if case is None:
            raise NotFoundError("There is no such case.", code="case-missing")
        return case

    def get_answers(self, tenant_id: str, answer_ids: Sequence[str]) -> list[Answer]:
        found = [self.answers[answer_id] for answer_id in answer_ids if answer_id in self.answers]
        own = [answer for answer in found if answer.tenant_id == tenant_id]
        return sorted(own, key=lambda answer: answer.asked_at, reverse=True)

    def save_records(self, records: Sequence[CaseRecord]) -> None:
        for record in records:
            answer = self.answers.get(record.answer_id)
            if answer is None or answer.tenant_id != record.tenant_id:
                raise NotFoundError("There is no such case.", code="case-missing")
            if self._record(answer).revision != record.revision:
                raise ConflictError("Somebody else was here.", code="case-changed")
        for record in records:
            self.records[record.answer_id] = replace(record, revision=record.revision + 1)

    def judged_answers(self, tenant_id: str, *, since: datetime | None = None) -> Iterator[JudgedAnswer]:
        for answer in sorted(self.answers.values(), key=lambda answer: (answer.asked_at, answer.id)):
            marks = (answer.rating, answer.edited_text, answer.copied_text, answer.escalated_at)
            if (
                answer.tenant_id == tenant_id
                and answer.status is AnswerStatus.DONE
                and (since is None or answer.asked_at >= since)
                and any(mark is not None for mark in marks)
            ):
                yield JudgedAnswer(answer, self._record(answer))

    def _record(self, answer: Answer) -> CaseRecord:
        return self.records.get(answer.id, CaseRecord(answer.tenant_id, answer.id))

    def _case(self, answer: Answer) -> FeedbackCase | None:
        reports: dict[FeedbackKind, datetime] = {}
        if answer.band is Band.NOT_FOUND:
            reports[FeedbackKind.UNANSWERED] = answer.asked_at
        if answer.rating is Rating.DOWN:
            reports[FeedbackKind.RATED_DOWN] = answer.rated_at or answer.asked_at
        if answer.escalated_at is not None:
            reports[FeedbackKind.ESCALATED] = answer.escalated_at
        if answer.status is not AnswerStatus.DONE or not reports:
            return None
        return FeedbackCase(
            answer.id,
            answer.username,
            answer.question,
            answer.searched_question,
            answer.asked_at,
            max(reports.values()),
            frozenset(reports),
            self._record(answer),
        )
