"""Adding and changing accounts and tenants."""

from __future__ import annotations

from typing import Any

import pytest

from services.access.accounts import role_from
from services.access.models import Account, Role
from services.access.passwords import MOST_BYTES, hash_password, password_matches
from services.access.permissions import ROLE_NAMES, ROLE_TASKS, require_role, require_tenant
from services.errors import AccessError, ConflictError, InputError, NotFoundError
from tests.unit.access.conftest import PASSWORD, Access


def add(access: Access, **changes: Any) -> Account:
    given: dict[str, Any] = {
        "username": "bo",
        "display_name": "Bo Lind",
        "role": Role.AGENT,
        "tenant_ids": ["clinic"],
        "password": PASSWORD,
    }
    given.update(changes)
    return access.accounts.add_account(given.pop("username"), **given)


def test_user_name_is_kept_in_one_spelling(access: Access) -> None:
    assert add(access, username=" Bo.Lind@Example.org ").username == "bo.lind@example.org"
    with pytest.raises(ConflictError):
        add(access, username="BO.LIND@example.org")


@pytest.mark.parametrize("username", ["", "x", "two words", "-dash", "a/b", "x" * 129])
def test_unusable_user_name_is_refused(access: Access, username: str) -> None:
    with pytest.raises(InputError) as caught:
        add(access, username=username)
    assert caught.value.code == "invalid-username"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password-too-short"),
        ("a" * 73, "password-too-long"),
        ("é" * 37, "password-too-long"),
        (" padded password", "password-has-spaces"),
        ("twelve-chars\0", "password-has-spaces"),
    ],
)
def test_unusable_password_is_refused_with_its_reason(access: Access, password: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        add(access, password=password)
    assert caught.value.code == code
    assert access.repository.get_account("bo") is None


def test_user_name_is_no_password(access: Access) -> None:
    with pytest.raises(InputError):
        add(access, username="bo.lind@example.org", password="Bo.Lind@example.org")


def test_password_of_exactly_72_bytes_works() -> None:
    longest = "é" * (MOST_BYTES // 2)
    assert password_matches("bo", longest, hash_password(longest))
    assert not password_matches("bo", longest + "x", hash_password(longest))


def test_account_needs_an_existing_tenant(access: Access) -> None:
    with pytest.raises(InputError):
        add(access, tenant_ids=[])
    with pytest.raises(NotFoundError):
        add(access, tenant_ids=["nowhere"])


def test_role_and_tenants_change_at_once(access: Access) -> None:
    access.accounts.change_role("ana", Role.ANALYST)
    changed = access.accounts.change_tenants("ANA", ["clinic", "pharmacy", "clinic"])
    assert (changed.role, changed.tenant_ids) == (Role.ANALYST, ("clinic", "pharmacy"))


def test_unknown_account_is_named_in_the_error(access: Access) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        access.accounts.disable_account("nobody")


def test_tenant_id_must_be_a_slug(access: Access) -> None:
    with pytest.raises(InputError):
        access.accounts.add_tenant("North Clinic", "North Clinic")
    assert access.accounts.add_tenant("north-clinic", " North  Clinic ").name == "North Clinic"


def test_sample_accounts_are_added_once(access: Access) -> None:
    access.accounts.ensure_sample_accounts()
    access.accounts.ensure_sample_accounts()
    samples = [account for account in access.accounts.list_accounts() if account.sample]
    assert {account.role for account in samples} == set(Role)
    with pytest.raises(InputError):
        access.accounts.set_password(samples[0].username, PASSWORD)


def test_changes_stand_in_the_audit_trail_with_who_made_them(access: Access) -> None:
    access.accounts.disable_account("ana", actor="grace")
    event = access.audit.events[-1]
    assert (event.action, event.username, event.subject) == ("account-disabled", "grace", "ana")


def test_account_sees_only_its_own_tenants(access: Access) -> None:
    ana = access.accounts.get_account("ana")
    require_tenant(ana, "pharmacy")
    with pytest.raises(AccessError):
        require_tenant(ana, "clinic")


def test_administrator_has_every_role_but_only_own_tenants() -> None:
    admin = Account("grace", "Grace Lin", Role.ADMIN, ("pharmacy",))
    require_role(admin, Role.AGENT)
    with pytest.raises(AccessError):
        require_tenant(admin, "clinic")


def test_disabled_account_may_do_nothing() -> None:
    gone = Account("ana", "Ana Reyes", Role.AGENT, ("pharmacy",), disabled=True)
    with pytest.raises(AccessError):
        require_tenant(gone, "pharmacy")
    with pytest.raises(AccessError):
        require_role(gone, Role.AGENT)


def test_every_role_has_a_name_and_a_task() -> None:
    assert set(ROLE_NAMES) == set(ROLE_TASKS) == set(Role)
    assert role_from(" Agent ") is Role.AGENT
    with pytest.raises(InputError, match="boss"):
        role_from("boss")
