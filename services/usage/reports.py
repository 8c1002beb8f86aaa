"""How the answers of a tenant are used: counts per day, shares, waits, and what the documents are worth."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import pandas as pd

from services.access.models import Account
from services.access.permissions import require_tenant
from services.errors import InputError
from services.knowledge.models import DocumentEntry, DocumentFilter, DocumentState
from services.ports.documents import DocumentRepository
from services.ports.usage import UsageRepository
from services.usage.models import AnswerFact, UsageDay, UsageFigures, UsageReport

LONGEST_PERIOD_DAYS = 366
DOCUMENTS_LISTED = 20
MOST_CITED_LISTED = 10
EXPIRING_DAYS = 30
_PAGE = 1000


class UsageService:
    """Figures for the people who keep a knowledge base.

    Args:
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: UsageRepository,
        documents: DocumentRepository,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._repository = repository
        self._documents = documents
        self._now = now

    def report(self, account: Account, tenant_id: str, *, days: int, zone: tzinfo = UTC) -> UsageReport:
        """Figures of the last ``days`` days, today included, beside those of as many days before.

        Args:
            zone: Where a day begins and ends.

        Raises:
            AccessError: the account does not belong to the tenant.
            InputError: the period is empty or longer than a year.
        """
        require_tenant(account, tenant_id)
        if not 1 <= days <= LONGEST_PERIOD_DAYS:
            raise InputError(
                f"A period of {days} days cannot be shown.",
                code="period-invalid",
                remedy=f"Choose between 1 and {LONGEST_PERIOD_DAYS} days.",
            )
        today = self._now().astimezone(zone).date()
        since = today - timedelta(days=days - 1)
        facts = list(self._facts(tenant_id, since, today, zone))
        before = self._facts(tenant_id, since - timedelta(days=days), since - timedelta(days=1), zone)
        cited = Counter(document_id for fact in facts for document_id in fact.document_ids)
        in_use = list(self._in_use(tenant_id, today))
        never = sorted(
            (entry for entry in in_use if entry.document_id not in cited), key=lambda entry: entry.changed_at
        )
        titles = {entry.document_id: entry.title for entry in in_use}
        return UsageReport(
            since=since,
            until=today,
            figures=figures_of(facts),
            before=figures_of(before),
            days=_by_day(facts, since, days, zone),
            never_cited=tuple(never[:DOCUMENTS_LISTED]),
            never_cited_count=len(never),
            document_count=len(in_use),
            expiring=tuple(self._expiring(tenant_id, today)),
            most_cited=tuple(
                (titles[document_id], count)
                for document_id, count in cited.most_common(MOST_CITED_LISTED)
                if document_id in titles
            ),
        )

    def _facts(self, tenant_id: str, first: date, last: date, zone: tzinfo) -> Iterator[AnswerFact]:
        begin = datetime.combine(first, time.min, zone)
        end = datetime.combine(last + timedelta(days=1), time.min, zone)
        return self._repository.answer_facts(tenant_id, begin.astimezone(UTC), end.astimezone(UTC))

    def _in_use(self, tenant_id: str, today: date) -> Iterator[DocumentEntry]:
        chosen = DocumentFilter(states=frozenset({DocumentState.IN_USE}))
        offset = 0
        while True:
            entries, total = self._documents.list_documents(tenant_id, chosen, today=today, offset=offset, limit=_PAGE)
            yield from entries
            offset += _PAGE
            if offset >= total:
                return

    def _expiring(self, tenant_id: str, today: date) -> list[DocumentEntry]:
        chosen = DocumentFilter(
            states=frozenset({DocumentState.IN_USE}), expires_before=today + timedelta(days=EXPIRING_DAYS)
        )
        entries, _ = self._documents.list_documents(tenant_id, chosen, today=today, limit=_PAGE)
        return sorted(entries, key=lambda entry: entry.details.valid_until or today)[:DOCUMENTS_LISTED]


def figures_of(facts: Iterable[AnswerFact]) -> UsageFigures:
    """Counts and medians of some answers."""
    kept = list(facts)
    bands = Counter(fact.band for fact in kept)
    ratings = Counter(fact.rating for fact in kept)
    waits = sorted(fact.total_ms for fact in kept if fact.total_ms is not None)
    copied = [fact for fact in kept if fact.copied_at is not None]
    to_copy = [(fact.copied_at - fact.asked_at).total_seconds() for fact in copied if fact.copied_at is not None]
    return UsageFigures(
        asked=len(kept),
        drafted=bands["draft"],
        sources_only=bands["sources_only"],
        declined=bands["not_found"],
        failed=bands[None],
        rated_up=ratings["up"],
        rated_down=ratings["down"],
        copied=len(copied),
        copied_edited=sum(fact.edited for fact in copied),
        escalated=sum(fact.escalated for fact in kept),
        median_ms=statistics.median(waits) if waits else None,
        p95_ms=waits[min(len(waits) - 1, int(len(waits) * 0.95))] if waits else None,
        median_seconds_to_copy=statistics.median(to_copy) if to_copy else None,
    )


def usage_csv(report: UsageReport) -> bytes:
    """One row per day as CSV, UTF-8 with a byte order mark so that spreadsheets read it right.

    Columns: day, asked, drafted, sources_only, declined, failed, rated_up, rated_down, copied, copied_edited,
    sent_to_knowledge_team, median_ms, p95_ms, median_seconds_to_copy; times are empty on days without any.
    """
    rows = [
        {
            "day": entry.day.isoformat(),
            "asked": entry.figures.asked,
            "drafted": entry.figures.drafted,
            "sources_only": entry.figures.sources_only,
            "declined": entry.figures.declined,
            "failed": entry.figures.failed,
            "rated_up": entry.figures.rated_up,
            "rated_down": entry.figures.rated_down,
            "copied": entry.figures.copied,
            "copied_edited": entry.figures.copied_edited,
            "sent_to_knowledge_team": entry.figures.escalated,
            "median_ms": entry.figures.median_ms,
            "p95_ms": entry.figures.p95_ms,
            "median_seconds_to_copy": entry.figures.median_seconds_to_copy,
        }
        for entry in report.days
    ]
    return pd.DataFrame(rows).to_csv(index=False, float_format="%.1f").encode("utf-8-sig")


def _by_day(facts: Sequence[AnswerFact], since: date, days: int, zone: tzinfo) -> tuple[UsageDay, ...]:
    of_day: dict[date, list[AnswerFact]] = {since + timedelta(days=offset): [] for offset in range(days)}
    for fact in facts:
        of_day[fact.asked_at.astimezone(zone).date()].append(fact)
    return tuple(UsageDay(day, figures_of(kept)) for day, kept in of_day.items())
