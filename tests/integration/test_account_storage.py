"""Access control on a real database."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit_authenticator.utilities import Hasher

from services.access.models import Role
from services.bootstrap import Services, build_services
from services.errors import AccessError, ConflictError, NotFoundError
from services.settings import load_settings

PASSWORD = "correct horse battery"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    built = build_services(load_settings(home=tmp_path, demo=True))
    built.accounts.add_account("bo", display_name="Bo Lind", role=Role.AGENT, tenant_ids=["clinic"], password=PASSWORD)
    return built


def test_account_survives_a_round_trip(services: Services) -> None:
    account = services.accounts.get_account("BO")
    assert (account.display_name, account.role, account.tenant_ids) == ("Bo Lind", Role.AGENT, ("clinic",))
    assert account.created_at is not None
    assert account.created_at.tzinfo is not None


def test_hash_is_one_that_streamlit_authenticator_accepts(services: Services) -> None:
    token = services.sign_in.sign_in("bo", PASSWORD, "local", check=lambda _, p, h: Hasher.check_pw(p, h)).token
    assert services.sign_in.resume(token) is not None


def test_taken_names_and_missing_tenants_are_told_apart(services: Services) -> None:
    with pytest.raises(ConflictError):
        services.accounts.add_account(
            "bo", display_name="Bo", role=Role.AGENT, tenant_ids=["clinic"], password=PASSWORD
        )
    with pytest.raises(NotFoundError):
        services.accounts.change_tenants("bo", ["clinic", "nowhere"])
    assert services.accounts.get_account("bo").tenant_ids == ("clinic",)
    with pytest.raises(ConflictError):
        services.accounts.add_tenant("clinic", "Another")


def test_sessions_end_by_sign_out_by_disabling_and_by_a_new_password(services: Services) -> None:
    tokens = [services.sign_in.sign_in("bo", PASSWORD, "local").token for _ in range(3)]
    services.sign_in.sign_out(tokens[0])
    assert [services.sign_in.resume(token) is not None for token in tokens] == [False, True, True]
    services.accounts.set_password("bo", "another long password")
    assert services.sign_in.resume(tokens[1]) is None
    fresh = services.sign_in.sign_in("bo", "another long password", "local").token
    services.accounts.disable_account("bo")
    assert services.sign_in.resume(fresh) is None


def test_throttle_holds_for_every_process_on_the_database(services: Services, tmp_path: Path) -> None:
    other_process = build_services(load_settings(home=tmp_path, demo=True))
    for services_of_one in (services, other_process, services, other_process, services):
        with pytest.raises(AccessError, match="wrong"):
            services_of_one.sign_in.sign_in("bo", "guess", "local", check=lambda *_: False)
    with pytest.raises(AccessError) as caught:
        other_process.sign_in.sign_in("bo", PASSWORD, "local")
    assert caught.value.code == "too-many-sign-ins"


def test_audit_trail_is_read_back_newest_first(services: Services) -> None:
    services.accounts.disable_account("bo", actor="grace.lin")
    newest = services.audit.recent(limit=1)[0]
    assert (newest.action, newest.username, newest.subject) == ("account-disabled", "grace.lin", "bo")


def test_audit_trail_refuses_secrets(services: Services) -> None:
    with pytest.raises(ValueError, match="password"):
        services.audit.record("password-set", password="x")
