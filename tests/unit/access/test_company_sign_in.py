"""Accounts of people for whom an identity provider vouches: made, changed, refused, ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from services.access.company_sign_in import CompanySignInService
from services.access.groups import parse_group_rules
from services.access.models import Account, Departure, ExternalIdentity, Role, SignedIn
from services.access.passwords import DUMMY_HASH
from services.access.sign_in import SignInService
from services.access.tenants import TenantService
from services.access.throttle import SignInThrottle
from services.errors import AccessError, InputError
from services.privacy.audit import AuditTrail
from tests.unit.access.conftest import PASSWORD, Access

ISSUER = "https://id.example.com"
BO = ExternalIdentity(ISSUER, "s-1", ("bo@example.com", "bo"), "Bo Lind", frozenset({"agents", "team-clinic"}))
AWAY = Departure("https://id.example.com/authorize", "state", "nonce", "verifier")


class FakeProvider:
    """IdentityProvider that says what it was told to say."""

    def __init__(self, claims: Mapping[str, object]) -> None:
        self.claims = claims

    def depart(self, return_to: str) -> Departure:
        return AWAY

    def claims_of(self, departure: Departure, code: str, return_to: str) -> Mapping[str, object]:
        assert departure == AWAY
        return self.claims

    def sign_out_url(self, return_to: str) -> str | None:
        return None


class Door:
    """The service under test beside the local accounts of the fixture."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.trail = AuditTrail(access.audit, now=access.clock)
        self.sessions = self.sign_in_with(external_accounts=True)
        self.provider = FakeProvider({})
        rules = parse_group_rules("admins=admin;agents=agent", "team-clinic=clinic;team-pharmacy=pharmacy;admins=*")
        self.company = CompanySignInService(
            self.provider,
            access.repository,
            self.sessions,
            self.trail,
            rules=rules,
            groups_claim="groups",
            now=access.clock,
        )

    def sign_in_with(self, *, external_accounts: bool = False, local_accounts: bool = True) -> SignInService:
        return SignInService(
            self.access.repository,
            self.access.sessions,
            SignInThrottle(self.access.failures, b"key"),
            self.trail,
            session_hours=12,
            external_accounts=external_accounts,
            local_accounts=local_accounts,
            now=self.access.clock,
        )

    def refusal(self, identity: ExternalIdentity) -> str:
        with pytest.raises(AccessError) as caught:
            self.company.sign_in(identity)
        return caught.value.code

    def living(self, signed_in: SignedIn) -> bool:
        return self.sessions.resume(signed_in.token) is not None


@pytest.fixture
def door(access: Access) -> Door:
    return Door(access)


def with_groups(*groups: str) -> ExternalIdentity:
    return replace(BO, groups=frozenset(groups))


def test_first_sign_in_makes_the_account_from_the_claims(door: Door) -> None:
    claims = {"iss": ISSUER, "sub": "s-1", "email": "bo@example.com", "name": "Bo Lind"}
    door.provider.claims = {**claims, "groups": ["agents", "team-clinic"]}
    signed_in = door.company.arrive(AWAY, "code", "https://frontline.example.com/sign-in/callback")
    account = signed_in.account
    assert (account.username, account.display_name) == ("bo@example.com", "Bo Lind")
    assert (account.role, account.tenant_ids, account.issuer) == (Role.AGENT, ("clinic",), ISSUER)
    assert door.living(signed_in)
    assert door.access.audit.actions() == ["account-added", "sign-in-external"]


def test_every_sign_in_follows_name_and_groups(door: Door) -> None:
    first = door.company.sign_in(BO)
    door.company.sign_in(replace(with_groups("admins"), display_name="Bo Lindqvist"))
    resumed = door.sessions.resume(first.token)
    assert resumed is not None  # what changed applies to the open session at once
    assert (resumed.account.role, resumed.account.tenant_ids) == (Role.ADMIN, ("clinic", "pharmacy"))
    assert resumed.account.display_name == "Bo Lindqvist"
    assert {"role-changed", "tenants-changed"} <= set(door.access.audit.actions())


def test_account_stays_the_same_when_name_and_address_change(door: Door) -> None:
    door.company.sign_in(BO)
    again = door.company.sign_in(replace(BO, usernames=("bo.lindqvist@example.com",)))
    assert again.account.username == "bo@example.com"
    assert len(door.access.accounts.list_accounts()) == 2


def test_local_account_of_the_same_name_is_not_taken_over(door: Door) -> None:
    signed_in = door.company.sign_in(replace(BO, usernames=("ana",)))
    assert signed_in.account.username.startswith("ana-")
    ana = door.access.accounts.get_account("ana")
    assert (ana.issuer, ana.tenant_ids) == (None, ("pharmacy",))
    assert door.sessions.sign_in("ana", PASSWORD, "local").account == ana


def test_two_people_of_one_name_have_two_accounts(door: Door) -> None:
    people = [replace(BO, subject="s-2"), replace(BO, issuer="https://other.example.com"), replace(BO, usernames=())]
    names = {door.company.sign_in(identity).account.username for identity in (BO, *people[:2])}
    assert len(names) == 3
    assert door.company.sign_in(replace(people[2], subject="s-3")).account.username.startswith("person-")


def test_person_without_a_mapped_group_is_refused_and_gets_no_account(door: Door) -> None:
    assert door.refusal(with_groups("team-clinic")) == "no-role"
    assert door.refusal(with_groups("agents")) == "no-tenant"
    assert [account.username for account in door.access.accounts.list_accounts()] == ["ana"]
    assert door.access.audit.actions() == ["sign-in-refused", "sign-in-refused"]


def test_whoever_lost_the_groups_loses_open_sessions_too(door: Door) -> None:
    signed_in = door.company.sign_in(BO)
    assert door.refusal(with_groups()) == "no-role"
    assert not door.living(signed_in)


def test_disabled_account_is_refused_and_stays_out(door: Door) -> None:
    signed_in = door.company.sign_in(BO)
    door.access.accounts.disable_account("bo@example.com", actor="grace")
    assert not door.living(signed_in)
    assert door.refusal(BO) == "disabled"
    door.access.accounts.enable_account("bo@example.com")
    assert door.living(door.company.sign_in(BO))


def test_administrator_ends_the_sessions_of_an_external_account(door: Door) -> None:
    signed_in = door.company.sign_in(BO)
    door.access.accounts.end_sessions("BO@example.com", actor="grace")
    assert not door.living(signed_in)
    assert door.living(door.company.sign_in(BO))
    assert "sessions-ended" in door.access.audit.actions()


def test_external_account_has_no_password_and_follows_groups_only(door: Door) -> None:
    door.company.sign_in(BO)
    accounts = door.access.accounts
    for change in (
        lambda: accounts.set_password("bo@example.com", "another long password"),
        lambda: accounts.change_role("bo@example.com", Role.ADMIN),
        lambda: accounts.change_tenants("bo@example.com", ["pharmacy"]),
    ):
        with pytest.raises(InputError) as caught:
            change()
        assert caught.value.code == "external-account"
        assert "identity provider" in caught.value.message_for_user


def test_password_of_an_external_account_is_wrong_like_any_other(door: Door) -> None:
    door.company.sign_in(BO)
    checked: list[str] = []

    def check(_username: str, _password: str, password_hash: str) -> bool:
        checked.append(password_hash)
        return True

    with pytest.raises(AccessError, match="wrong"):
        door.sessions.sign_in("bo@example.com", PASSWORD, "local", check=check)
    assert checked == [DUMMY_HASH]


def test_sessions_end_with_the_way_in_that_they_came_by(door: Door) -> None:
    external = door.company.sign_in(BO)
    local = door.sessions.sign_in("ana", PASSWORD, "local")
    company_only = door.sign_in_with(external_accounts=True, local_accounts=False)
    assert company_only.resume(local.token) is None
    assert company_only.resume(external.token) is not None
    assert door.sign_in_with().resume(external.token) is None
    with pytest.raises(AccessError) as caught:
        company_only.sign_in("ana", PASSWORD, "local")
    assert caught.value.code == "no-local-accounts"


def test_local_account_is_not_opened_without_its_password(door: Door) -> None:
    with pytest.raises(AccessError):
        door.sessions.open_external("ana")


def test_same_person_by_two_windows_at_once_gets_one_account(door: Door) -> None:
    insert = door.access.repository.insert_account

    def slower(account: Account, password_hash: str, *, subject: str | None = None) -> None:
        door.access.repository.insert_account = insert  # type: ignore[method-assign]
        door.company.sign_in(BO)
        insert(account, password_hash, subject=subject)

    door.access.repository.insert_account = slower  # type: ignore[method-assign]
    assert door.company.sign_in(BO).account.username == "bo@example.com"
    assert len(door.access.accounts.list_accounts()) == 2


def test_external_administrator_sees_the_tenant_that_was_just_created(door: Door) -> None:
    admin = door.company.sign_in(with_groups("admins")).account
    tenants = TenantService(door.access.accounts, door.access.repository, door.trail, now=door.access.clock)
    tenants.create_tenant(admin, "north", "North Clinic")
    assert "north" in door.access.accounts.get_account(admin.username).tenant_ids
    assert "north" in door.company.sign_in(with_groups("admins")).account.tenant_ids


def test_audit_holds_neither_groups_nor_addresses_of_strangers(door: Door) -> None:
    door.refusal(with_groups("secret-project"))
    trail = repr(door.access.audit.events)
    assert "secret-project" not in trail
    assert "bo@example.com" not in trail
    assert "s-1" in trail  # what the provider's administrator can look up
