"""Figures of a period: what is counted, what is divided by what, and where a day begins."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest

from services.access.models import Account, Role
from services.errors import AccessError, InputError
from services.knowledge.models import DocumentDetails
from services.usage.models import AnswerFact, UsageFigures
from services.usage.reports import DOCUMENTS_LISTED, UsageService, figures_of, usage_csv
from tests.contract.knowledge_samples import AUTHORIZATION, DOCUMENTS, REJECTS, STORAGE, document
from tests.knowledge_fakes import FakeKnowledgeRepository

TENANT = "pharmacy"
GRACE = Account("grace", "Grace", Role.ADMIN, (TENANT,))
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


def fact(days_ago: float = 0, band: str | None = "draft", **changes: object) -> AnswerFact:
    values: dict[str, object] = {
        "asked_at": NOW - timedelta(days=days_ago),
        "band": band,
        "total_ms": 100.0,
        "rating": None,
        "edited": False,
        "copied_at": None,
        "escalated": False,
    }
    return AnswerFact(**{**values, **changes})  # type: ignore[arg-type]


class FakeUsage:
    """UsageRepository with facts of one tenant."""

    def __init__(self, facts: Sequence[AnswerFact]) -> None:
        self.facts = sorted(facts, key=lambda one: one.asked_at)

    def answer_facts(self, tenant_id: str, since: datetime, until: datetime) -> Iterator[AnswerFact]:
        return (one for one in self.facts if tenant_id == TENANT and since <= one.asked_at < until)


def service(*facts: AnswerFact, documents: FakeKnowledgeRepository | None = None) -> UsageService:
    return UsageService(FakeUsage(facts), documents or FakeKnowledgeRepository(), now=lambda: NOW)


def test_shares_are_of_what_they_can_be_of() -> None:
    copied = NOW + timedelta(seconds=30)
    figures = figures_of(
        [
            fact(rating="up", copied_at=copied),
            fact(rating="down", copied_at=copied, edited=True),
            fact(band="sources_only", edited=True),
            fact(band="not_found", escalated=True),
            fact(band=None, total_ms=None),
        ]
    )
    assert (figures.asked, figures.drafted, figures.sources_only, figures.declined, figures.failed) == (5, 2, 1, 1, 1)
    assert figures.answered_share == 3 / 4
    assert figures.up_share == 1 / 2
    assert figures.edited_share == 1 / 2
    assert figures.escalated == 1
    assert figures.median_seconds_to_copy == 30


def test_nothing_is_divided_by_nothing() -> None:
    figures = figures_of([])
    assert figures == UsageFigures()
    assert (figures.answered_share, figures.up_share, figures.edited_share) == (None, None, None)


def test_waits_are_a_median_and_a_95th_percentile() -> None:
    figures = figures_of([fact(total_ms=float(wait)) for wait in range(1, 101)])
    assert (figures.median_ms, figures.p95_ms) == (50.5, 96.0)


def test_every_day_of_the_period_is_there_and_the_period_before_stands_beside_it() -> None:
    report = service(fact(0), fact(0), fact(6), fact(7), fact(13), fact(14)).report(GRACE, TENANT, days=7)
    assert (report.since, report.until) == (date(2026, 3, 4), date(2026, 3, 10))
    assert [entry.figures.asked for entry in report.days] == [1, 0, 0, 0, 0, 0, 2]
    assert (report.figures.asked, report.before.asked) == (3, 2)


def test_day_begins_at_midnight_of_the_zone_that_was_asked_for() -> None:
    late = fact(asked_at=datetime(2026, 3, 10, 3, 30, tzinfo=UTC))  # 23:30 of the day before in New York
    report = service(late).report(GRACE, TENANT, days=2, zone=ZoneInfo("America/New_York"))
    assert [(entry.day.day, entry.figures.asked) for entry in report.days] == [(9, 1), (10, 0)]


def test_documents_that_no_answer_rests_on_are_named() -> None:
    documents = FakeKnowledgeRepository()
    documents.save_documents(TENANT, DOCUMENTS)
    asked = fact(document_ids=(REJECTS.id,)), fact(1, document_ids=(REJECTS.id,)), fact(40, document_ids=(STORAGE.id,))
    report = service(*asked, documents=documents).report(GRACE, TENANT, days=7)
    assert {entry.document_id for entry in report.never_cited} == {STORAGE.id, AUTHORIZATION.id}
    assert (report.never_cited_count, report.document_count) == (2, 3)
    assert report.most_cited == ((REJECTS.title, 2),)


def test_disabled_documents_are_not_missed() -> None:
    documents = FakeKnowledgeRepository()
    documents.save_documents(TENANT, DOCUMENTS)
    documents.set_disabled(TENANT, [STORAGE.id], NOW, username=None)
    report = service(documents=documents).report(GRACE, TENANT, days=7)
    assert STORAGE.id not in {entry.document_id for entry in report.never_cited}


def test_long_lists_are_cut_and_counted() -> None:
    documents = FakeKnowledgeRepository()
    documents.save_documents(TENANT, [document(f"{number}.md", f"Title {number}", "Body") for number in range(50)])
    report = service(documents=documents).report(GRACE, TENANT, days=7)
    assert (len(report.never_cited), report.never_cited_count) == (DOCUMENTS_LISTED, 50)


def test_csv_has_a_row_for_every_day() -> None:
    content = usage_csv(service(fact(0, rating="up"), fact(2, "not_found")).report(GRACE, TENANT, days=3))
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))
    assert [(row["day"], row["asked"], row["declined"], row["rated_up"]) for row in rows] == [
        ("2026-03-08", "1", "1", "0"),
        ("2026-03-09", "0", "0", "0"),
        ("2026-03-10", "1", "0", "1"),
    ]
    assert rows[1]["median_ms"] == ""


def test_other_tenant_and_impossible_period_are_refused() -> None:
    with pytest.raises(AccessError):
        service().report(GRACE, "clinic", days=7)
    for days in (0, 367):
        with pytest.raises(InputError):
            service().report(GRACE, TENANT, days=days)


def test_documents_that_expire_within_a_month_come_nearest_first() -> None:
    documents = FakeKnowledgeRepository()
    documents.save_documents(TENANT, DOCUMENTS)
    for made, in_days in ((REJECTS, 20), (STORAGE, 5), (AUTHORIZATION, 31)):
        details = DocumentDetails(valid_until=NOW.date() + timedelta(days=in_days))
        documents.set_details(TENANT, [made.id], details, username=None)
    report = service(documents=documents).report(GRACE, TENANT, days=7)
    assert [entry.document_id for entry in report.expiring] == [STORAGE.id, REJECTS.id]
