"""Signing in, staying signed in, and every way in which that ends."""

from __future__ import annotations

import pytest

from services.access.passwords import DUMMY_HASH, password_matches
from services.errors import AccessError
from tests.unit.access.conftest import PASSWORD, Access

HOME = "198.51.100.7"


def fail_once(access: Access, username: str = "ana", address: str = HOME) -> AccessError:
    with pytest.raises(AccessError) as caught:
        access.sign_in.sign_in(username, "a wrong password", address, check=lambda *_: False)
    return caught.value


def test_right_password_signs_in_whatever_the_case_of_the_user_name(access: Access) -> None:
    signed_in = access.sign_in.sign_in(" ANA ", PASSWORD, HOME)
    assert signed_in.account.username == "ana"
    assert access.sign_in.resume(signed_in.token) == signed_in


def test_wrong_password_and_unknown_user_get_the_same_answer(access: Access) -> None:
    known, unknown = fail_once(access, "ana"), fail_once(access, "nobody")
    assert (known.code, known.message_for_user, known.remedy) == (
        unknown.code,
        unknown.message_for_user,
        unknown.remedy,
    )
    assert known.code == "wrong-credentials"


def test_unknown_user_is_checked_against_a_hash_like_a_known_one(access: Access) -> None:
    checked: list[str] = []

    def check(_username: str, _password: str, password_hash: str) -> bool:
        checked.append(password_hash)
        return True  # even a check that says yes opens no session

    with pytest.raises(AccessError, match="wrong"):
        access.sign_in.sign_in("nobody", PASSWORD, HOME, check=check)
    assert checked == [DUMMY_HASH]
    cost = DUMMY_HASH.split("$")[2]
    assert access.repository.credentials["ana"].password_hash.split("$")[2] == cost


def test_disabled_account_cannot_sign_in_with_the_right_password(access: Access) -> None:
    access.accounts.disable_account("ana")
    with pytest.raises(AccessError, match="wrong"):
        access.sign_in.sign_in("ana", PASSWORD, HOME)


def test_password_longer_than_bcrypt_reads_is_wrong_and_not_an_error(access: Access) -> None:
    assert not password_matches("ana", "é" * 37, DUMMY_HASH)
    with pytest.raises(AccessError, match="wrong"):
        access.sign_in.sign_in("ana", "x" * 5000, HOME)


def test_sign_out_ends_the_session(access: Access) -> None:
    token = access.sign_in.sign_in("ana", PASSWORD, HOME).token
    access.sign_in.sign_out(token)
    assert access.sign_in.resume(token) is None


def test_sign_out_leaves_other_browsers_of_the_person_alone(access: Access) -> None:
    here, there = (access.sign_in.sign_in("ana", PASSWORD, HOME).token for _ in range(2))
    access.sign_in.sign_out(here)
    assert access.sign_in.resume(there) is not None


def test_session_ends_when_its_time_is_over(access: Access) -> None:
    token = access.sign_in.sign_in("ana", PASSWORD, HOME).token
    access.clock.advance(hours=11, minutes=59)
    assert access.sign_in.resume(token) is not None
    access.clock.advance(minutes=1)
    assert access.sign_in.resume(token) is None


def test_disabling_ends_sessions_and_enabling_does_not_revive_them(access: Access) -> None:
    token = access.sign_in.sign_in("ana", PASSWORD, HOME).token
    access.accounts.disable_account("ana")
    assert access.sign_in.resume(token) is None
    access.accounts.enable_account("ana")
    assert access.sign_in.resume(token) is None


def test_new_password_ends_every_session(access: Access) -> None:
    token = access.sign_in.sign_in("ana", PASSWORD, HOME).token
    access.accounts.set_password("ana", "another long password")
    assert access.sign_in.resume(token) is None


def test_database_holds_no_token(access: Access) -> None:
    token = access.sign_in.sign_in("ana", PASSWORD, HOME).token
    assert token not in repr(access.sessions.sessions)
    assert token not in repr(access.audit.events)


def test_made_up_token_belongs_to_nobody(access: Access) -> None:
    assert access.sign_in.resume("made-up") is None
    access.sign_in.sign_out("made-up")


def test_sixth_attempt_on_an_account_is_refused_even_with_the_right_password(access: Access) -> None:
    for _ in range(5):
        assert fail_once(access).code == "wrong-credentials"
    with pytest.raises(AccessError) as caught:
        access.sign_in.sign_in("ana", PASSWORD, "203.0.113.9")
    assert caught.value.code == "too-many-sign-ins"
    assert "about 15 minutes" in caught.value.remedy


def test_waiting_as_long_as_told_lets_the_person_in(access: Access) -> None:
    for _ in range(5):
        fail_once(access)
        access.clock.advance(minutes=1)
    assert "about 10 minutes" in fail_once(access).remedy
    access.clock.advance(minutes=10, seconds=1)
    assert access.sign_in.sign_in("ana", PASSWORD, HOME).account.username == "ana"


def test_refused_attempts_do_not_prolong_the_wait(access: Access) -> None:
    for _ in range(50):
        fail_once(access)
    access.clock.advance(minutes=15, seconds=1)
    assert access.sign_in.sign_in("ana", PASSWORD, HOME).account.username == "ana"


def test_address_that_tries_many_names_is_refused(access: Access) -> None:
    for number in range(20):
        assert fail_once(access, f"name{number}").code == "wrong-credentials"
    assert fail_once(access, "name20").code == "too-many-sign-ins"
    assert fail_once(access, "name20", "203.0.113.9").code == "wrong-credentials"


def test_unknown_names_are_throttled_like_known_ones(access: Access) -> None:
    for _ in range(5):
        fail_once(access, "nobody")
    assert fail_once(access, "nobody").code == "too-many-sign-ins"


def test_success_forgets_the_failures_of_the_account(access: Access) -> None:
    for _ in range(4):
        fail_once(access)
    access.sign_in.sign_in("ana", PASSWORD, HOME)
    assert fail_once(access).code == "wrong-credentials"


def test_attempts_at_the_same_moment_do_not_slip_through(access: Access) -> None:
    """Each attempt counts before its password is checked, so that a burst is refused inside the check already."""
    seen: list[str] = []

    def check_during_a_burst(*_: str) -> bool:
        if len(seen) < 10:
            seen.append("checked")
            with pytest.raises(AccessError) as caught:
                access.sign_in.sign_in("ana", "guess", HOME, check=check_during_a_burst)
            seen.append(caught.value.code)
        return False

    with pytest.raises(AccessError):
        access.sign_in.sign_in("ana", "guess", HOME, check=check_during_a_burst)
    assert seen.count("checked") == 5
    assert "too-many-sign-ins" in seen


def test_failures_are_kept_without_name_or_address(access: Access) -> None:
    fail_once(access)
    assert "ana" not in repr(access.failures.rows)
    assert HOME not in repr(access.failures.rows)


def test_audit_tells_what_happened_but_not_what_was_typed(access: Access) -> None:
    fail_once(access, "my secret password")
    token = access.sign_in.sign_in("ana", PASSWORD, HOME).token
    access.sign_in.sign_out(token)
    assert access.audit.actions() == ["sign-in-failed", "sign-in", "sign-out"]
    trail = repr(access.audit.events)
    assert "my secret password" not in trail
    assert PASSWORD not in trail


def test_sample_account_signs_in_with_one_click_in_demo_mode(access: Access) -> None:
    access.accounts.ensure_sample_accounts()
    signed_in = access.demo_sign_in.sign_in_sample("ana.reyes")
    assert access.demo_sign_in.resume(signed_in.token) is not None
    assert len(access.demo_sign_in.sample_accounts()) == 4


def test_sample_account_cannot_sign_in_outside_demo_mode(access: Access) -> None:
    access.accounts.ensure_sample_accounts()
    with pytest.raises(AccessError, match="demo mode"):
        access.sign_in.sign_in_sample("ana.reyes")
    with pytest.raises(AccessError, match="wrong"):
        access.sign_in.sign_in("ana.reyes", PASSWORD, HOME)
    assert access.sign_in.sample_accounts() == []


def test_session_of_a_sample_account_ends_with_demo_mode(access: Access) -> None:
    access.accounts.ensure_sample_accounts()
    token = access.demo_sign_in.sign_in_sample("ana.reyes").token
    assert access.sign_in.resume(token) is None


def test_one_click_is_refused_for_a_real_account(access: Access) -> None:
    with pytest.raises(AccessError, match="sample"):
        access.demo_sign_in.sign_in_sample("ana")
