"""Where the cases of the knowledge team are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from services.answers.feedback_models import CaseRecord, FeedbackCase, JudgedAnswer
from services.answers.models import Answer


class FeedbackRepository(Protocol):
    """Answers of all accounts of a tenant that need the knowledge team. Each call is one transaction.

    Every finished answer that is rated down, was not found, or was handed on is a case, whether anything is kept about
    it or not; a rating that is taken back takes the case back.
    """

    def list_cases(self, tenant_id: str, *, since: datetime, limit: int) -> list[FeedbackCase]:
        """Cases reported at or after ``since``, the latest report first."""
        ...

    def get_case(self, tenant_id: str, answer_id: str) -> FeedbackCase:
        """One case. Raises NotFoundError, also where the answer is another tenant's or no case."""
        ...

    def get_answers(self, tenant_id: str, answer_ids: Sequence[str]) -> list[Answer]:
        """These answers, newest first; ids that the tenant does not have are passed over."""
        ...

    def save_records(self, records: Sequence[CaseRecord]) -> None:
        """Store all of them, with their revision raised by one, or none.

        Raises:
            NotFoundError: an answer does not belong to the record's tenant.
            ConflictError: one was changed since its revision was read.
        """
        ...

    def judged_answers(self, tenant_id: str, *, since: datetime | None = None) -> Iterator[JudgedAnswer]:
        """Finished answers that were rated, edited, copied or handed on, asked at or after ``since``, oldest first.

        Read in batches, so that any number passes through little memory.
        """
        ...
