"""Tenants are created, renamed and archived by their administrators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.access.accounts import AccountService
from services.access.models import Account, Role, Tenant
from services.access.passwords import UNUSABLE_HASH
from services.access.permissions import require_admin
from services.access.tenants import TenantService
from services.errors import AccessError, ConflictError, InputError, NotFoundError
from services.privacy.audit import AuditTrail
from tests.fakes import FakeAccounts, FakeAuditRepository, FakeClock

GRACE = Account("grace", "Grace Lin", Role.ADMIN, ("pharmacy",))
ANA = Account("ana", "Ana Reyes", Role.AGENT, ("pharmacy",))


class Office:
    """The service with two tenants and two accounts."""

    def __init__(self) -> None:
        self.repository = FakeAccounts()
        self.audit = FakeAuditRepository()
        self.clock = FakeClock()
        trail = AuditTrail(self.audit)
        self.accounts = AccountService(self.repository, trail)
        self.tenants = TenantService(self.accounts, self.repository, trail, now=self.clock)
        for tenant in ("pharmacy", "clinic"):
            self.repository.insert_tenant(Tenant(tenant, tenant.title()), self.clock())
        for account in (GRACE, ANA):
            self.repository.insert_account(account, UNUSABLE_HASH)


@pytest.fixture
def office() -> Office:
    return Office()


def test_admin_who_creates_a_tenant_becomes_its_member(office: Office) -> None:
    created = office.tenants.create_tenant(GRACE, "north", "North Clinic")
    grace = office.accounts.get_account("grace")
    assert created == Tenant("north", "North Clinic")
    assert grace.tenant_ids == ("north", "pharmacy")
    require_admin(grace, "north")


def test_second_tenant_in_a_row_takes_nothing_away(office: Office) -> None:
    office.tenants.create_tenant(GRACE, "north", "North Clinic")
    office.tenants.create_tenant(GRACE, "south", "South Clinic")
    assert office.accounts.get_account("grace").tenant_ids == ("north", "pharmacy", "south")


def test_admin_sees_own_tenants_only_and_the_command_line_all(office: Office) -> None:
    assert [tenant.id for tenant in office.tenants.list_tenants(GRACE)] == ["pharmacy"]
    assert [tenant.id for tenant in office.tenants.list_tenants(None)] == ["pharmacy", "clinic"]


def test_archived_tenant_is_offered_to_nobody_and_can_be_brought_back(office: Office) -> None:
    assert office.tenants.archive_tenant(GRACE, "pharmacy").archived
    assert office.accounts.tenants_of(GRACE) == []
    assert [tenant.id for tenant in office.accounts.list_tenants()] == ["clinic"]
    with pytest.raises(NotFoundError):
        office.accounts.get_tenant("pharmacy")
    assert [tenant.archived for tenant in office.tenants.list_tenants(GRACE)] == [True]
    office.tenants.unarchive_tenant(GRACE, "pharmacy")
    assert [tenant.id for tenant in office.accounts.tenants_of(GRACE)] == ["pharmacy"]


def test_renamed_tenant_keeps_its_id(office: Office) -> None:
    assert office.tenants.rename_tenant(GRACE, "pharmacy", "  Harbor   Pharmacy ").name == "Harbor Pharmacy"
    with pytest.raises(InputError):
        office.tenants.rename_tenant(GRACE, "pharmacy", " ")


@pytest.mark.parametrize(
    "change",
    [
        lambda tenants, account: tenants.rename_tenant(account, "clinic", "Mine"),
        lambda tenants, account: tenants.archive_tenant(account, "clinic"),
        lambda tenants, account: tenants.unarchive_tenant(account, "clinic"),
    ],
)
def test_nobody_changes_a_tenant_of_others(office: Office, change: Callable[[TenantService, Account], Tenant]) -> None:
    for account in (GRACE, ANA, replace(GRACE, tenant_ids=("clinic",), disabled=True)):
        with pytest.raises(AccessError):
            change(office.tenants, account)
    assert office.repository.tenants["clinic"] == Tenant("clinic", "Clinic")


def test_agent_may_neither_create_nor_list_tenants(office: Office) -> None:
    with pytest.raises(AccessError):
        office.tenants.create_tenant(ANA, "north", "North")
    with pytest.raises(AccessError):
        office.tenants.list_tenants(ANA)


@pytest.mark.parametrize(("tenant_id", "error"), [("North Clinic", InputError), ("clinic", ConflictError)])
def test_id_that_cannot_be_used_or_is_taken_is_refused(office: Office, tenant_id: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        office.tenants.create_tenant(GRACE, tenant_id, "North")
    assert office.accounts.get_account("grace").tenant_ids == ("pharmacy",)


def test_unknown_tenant_is_not_found(office: Office) -> None:
    with pytest.raises(NotFoundError):
        office.tenants.archive_tenant(None, "nowhere")


def test_changes_are_in_the_audit_trail(office: Office) -> None:
    office.tenants.rename_tenant(GRACE, "pharmacy", "Harbor")
    office.tenants.archive_tenant(GRACE, "pharmacy")
    office.tenants.unarchive_tenant(None, "pharmacy")
    assert office.audit.actions() == ["tenant-renamed", "tenant-archived", "tenant-unarchived"]
