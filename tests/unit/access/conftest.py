"""Access control with everything outside replaced by fakes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from services.access.accounts import AccountService
from services.access.models import Account, Role, Tenant
from services.access.passwords import hash_password
from services.access.sign_in import SignInService
from services.access.throttle import SignInThrottle
from services.privacy.audit import AuditTrail
from tests.fakes import FakeAccounts, FakeAuditRepository, FakeClock, FakeSessions, FakeSignInFailures

PASSWORD = "correct horse battery"
PASSWORD_HASH = hash_password(PASSWORD)  # made once: bcrypt is slow on purpose


@dataclass
class Access:
    """The services under test, and the fakes to look into."""

    accounts: AccountService
    sign_in: SignInService
    demo_sign_in: SignInService
    repository: FakeAccounts
    sessions: FakeSessions
    failures: FakeSignInFailures
    audit: FakeAuditRepository
    clock: FakeClock


@pytest.fixture
def access() -> Access:
    """Two tenants and one agent, "ana"."""
    repository, sessions, failures = FakeAccounts(), FakeSessions(), FakeSignInFailures()
    audit, clock = FakeAuditRepository(), FakeClock()
    trail = AuditTrail(audit, now=clock)
    accounts = AccountService(repository, trail, now=clock)
    throttle = SignInThrottle(failures, b"key")
    sign_in, demo_sign_in = (
        SignInService(repository, sessions, throttle, trail, session_hours=12, demo=demo, now=clock)
        for demo in (False, True)
    )
    for tenant_id in ("pharmacy", "clinic"):
        repository.insert_tenant(Tenant(tenant_id, tenant_id.title()), datetime(2026, 1, 1, tzinfo=UTC))
    repository.insert_account(Account("ana", "Ana Reyes", Role.AGENT, ("pharmacy",)), PASSWORD_HASH)
    return Access(accounts, sign_in, demo_sign_in, repository, sessions, failures, audit, clock)
