"""The contract of the ledger of paid calls: SQLite, PostgreSQL, and the one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.access.models import Tenant
from services.errors import BackendThrottledError
from services.ports.paid_calls import PaidAttempt, PaidCallLedger
from services.storage.accounts import SqlAccountRepository
from services.storage.database import Database
from services.storage.paid_calls import SqlPaidCallLedger
from services.surveys.memory_ledger import MemoryLedger
from tests.fakes import FakeClock

TENANT, OTHER_TENANT = "pharmacy", "clinic"
KEY = "5e" * 32
ANSWER = {"files": ["composite-0.png"], "seeds": [7, None], "cost_usd": 0.04}
STALE_SECONDS = 600.0


class PaidCallLedgerContract:
    """Give ``ledger``, empty, that knows both tenants and reads ``clock``."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def ledger(self, clock: FakeClock) -> PaidCallLedger:
        raise NotImplementedError

    def begin(self, ledger: PaidCallLedger, owner: str = "ana", tenant: str = TENANT, key: str = KEY) -> Any:
        return ledger.begin(tenant, key, owner, stale_seconds=STALE_SECONDS)

    def assert_under_way(self, ledger: PaidCallLedger, owner: str) -> None:
        with pytest.raises(BackendThrottledError) as caught:
            self.begin(ledger, owner)
        assert caught.value.code == "call-under-way"
        assert caught.value.retryable

    def test_settled_call_is_answered_to_everybody_for_good(self, ledger: PaidCallLedger, clock: FakeClock) -> None:
        assert self.begin(ledger) == PaidAttempt(1)
        ledger.settle(TENANT, KEY, "ana", ANSWER)
        clock.advance(days=400)
        assert self.begin(ledger, "ana") == ANSWER
        assert self.begin(ledger, "grace") == ANSWER

    def test_what_an_owner_paid_for_is_forgotten_with_what_it_was_for(self, ledger: PaidCallLedger) -> None:
        for owner, key in (("run_1/0", "a"), ("run_1/1", "b"), ("runx1/0", "c"), ("run_1", "d")):
            self.begin(ledger, owner, key=key)
            ledger.settle(TENANT, key, owner, ANSWER)
        self.begin(ledger, "run_1/2", key="e")
        self.begin(ledger, "run_1/0", OTHER_TENANT, "a")
        ledger.settle(OTHER_TENANT, "a", "run_1/0", ANSWER)
        ledger.forget(TENANT, "run_1/")
        assert [self.begin(ledger, "grace", key=key) for key in "abcde"] == [
            PaidAttempt(1),
            PaidAttempt(1),
            ANSWER,
            ANSWER,
            PaidAttempt(1),
        ]
        assert self.begin(ledger, "grace", OTHER_TENANT, "a") == ANSWER

    def test_empty_answer_is_an_answer(self, ledger: PaidCallLedger) -> None:
        self.begin(ledger)
        ledger.settle(TENANT, KEY, "ana", {})
        assert self.begin(ledger, "grace") == {}

    def test_call_under_way_is_refused_to_others(self, ledger: PaidCallLedger, clock: FakeClock) -> None:
        self.begin(ledger)
        clock.advance(seconds=STALE_SECONDS - 1)
        self.assert_under_way(ledger, "grace")

    def test_of_owners_at_the_same_time_one_makes_the_call(self, ledger: PaidCallLedger) -> None:
        def attempt(number: int) -> int:
            try:
                return int(self.begin(ledger, f"worker-{number}").number)
            except BackendThrottledError:
                return 0

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(attempt, range(12))) == [0] * 11 + [1]

    def test_stale_call_goes_to_one_other_owner_as_a_further_attempt(
        self, ledger: PaidCallLedger, clock: FakeClock
    ) -> None:
        self.begin(ledger)
        clock.advance(seconds=STALE_SECONDS)
        assert self.begin(ledger, "grace") == PaidAttempt(2, cut_off=True)
        self.assert_under_way(ledger, "ana")
        clock.advance(seconds=STALE_SECONDS)
        assert self.begin(ledger, "ana") == PaidAttempt(3, cut_off=True)

    def test_owner_that_begins_again_has_crashed_and_gets_the_call_at_once(self, ledger: PaidCallLedger) -> None:
        assert self.begin(ledger) == PaidAttempt(1)
        assert self.begin(ledger) == PaidAttempt(2, cut_off=True)
        self.assert_under_way(ledger, "grace")

    def test_owner_that_lost_its_claim_settles_and_abandons_nothing(
        self, ledger: PaidCallLedger, clock: FakeClock
    ) -> None:
        self.begin(ledger)
        clock.advance(seconds=STALE_SECONDS)
        self.begin(ledger, "grace")
        ledger.settle(TENANT, KEY, "ana", {"files": ["late.png"]})
        ledger.abandon(TENANT, KEY, "ana")
        self.assert_under_way(ledger, "ben")
        ledger.settle(TENANT, KEY, "grace", ANSWER)
        assert self.begin(ledger, "ana") == ANSWER

    def test_settled_answer_is_never_replaced(self, ledger: PaidCallLedger) -> None:
        self.begin(ledger)
        ledger.settle(TENANT, KEY, "ana", ANSWER)
        ledger.settle(TENANT, KEY, "ana", {"files": []})
        ledger.abandon(TENANT, KEY, "ana")
        assert self.begin(ledger) == ANSWER

    def test_abandoned_call_is_free_at_once_and_counts_as_no_attempt(
        self, ledger: PaidCallLedger, clock: FakeClock
    ) -> None:
        self.begin(ledger)
        ledger.abandon(TENANT, KEY, "ana")
        assert self.begin(ledger, "grace") == PaidAttempt(1)
        clock.advance(seconds=STALE_SECONDS)
        assert self.begin(ledger, "ben") == PaidAttempt(2, cut_off=True)
        ledger.abandon(TENANT, KEY, "ben")
        assert self.begin(ledger, "ana") == PaidAttempt(2)

    def test_call_whose_reply_was_lost_is_free_at_once_and_counts_as_an_attempt(self, ledger: PaidCallLedger) -> None:
        self.begin(ledger)
        ledger.abandon(TENANT, KEY, "ana", may_have_cost=True)
        assert self.begin(ledger, "grace") == PaidAttempt(2)
        ledger.settle(TENANT, KEY, "grace", ANSWER)
        assert self.begin(ledger) == ANSWER

    def test_what_was_never_begun_can_be_neither_settled_nor_abandoned(self, ledger: PaidCallLedger) -> None:
        ledger.settle(TENANT, KEY, "ana", ANSWER)
        ledger.abandon(TENANT, KEY, "ana")
        assert self.begin(ledger) == PaidAttempt(1)

    def test_keys_and_tenants_are_apart(self, ledger: PaidCallLedger) -> None:
        self.begin(ledger)
        ledger.settle(TENANT, KEY, "ana", ANSWER)
        assert self.begin(ledger, tenant=OTHER_TENANT) == PaidAttempt(1)
        assert self.begin(ledger, key="other") == PaidAttempt(1)


def prepared(url: str) -> Iterator[Database]:
    """An empty database that knows both tenants."""
    database = Database(url)
    database.migrate()
    for tenant_id in (TENANT, OTHER_TENANT):
        SqlAccountRepository(database).insert_tenant(Tenant(tenant_id, tenant_id.title()), FakeClock()())
    yield database
    database.close()


class OnDatabase(PaidCallLedgerContract):
    @pytest.fixture
    def ledger(self, database: Database, clock: FakeClock) -> PaidCallLedger:
        return SqlPaidCallLedger(database, clock)


class TestLedgerOnSqlite(OnDatabase):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        yield from prepared(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")


@pytest.mark.postgres
class TestLedgerOnPostgres(OnDatabase):
    @pytest.fixture
    def database(self, postgres_database_url: str) -> Iterator[Database]:
        yield from prepared(postgres_database_url)


class TestMemoryLedger(PaidCallLedgerContract):
    @pytest.fixture
    def ledger(self, clock: FakeClock) -> PaidCallLedger:
        return MemoryLedger(lambda: clock().timestamp())
