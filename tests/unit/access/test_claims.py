"""What claims say about a person, however a provider writes them."""

from __future__ import annotations

from typing import Any

import pytest

from services.access.claims import identity_from
from services.errors import AccessError

CLAIMS: dict[str, Any] = {"iss": "https://id.example.com", "sub": "s-1"}


def test_person_is_known_by_issuer_and_subject() -> None:
    identity = identity_from(
        {**CLAIMS, "email": "Ana@Example.com", "name": "Ana Reyes", "groups": ["a", "b"]}, "groups"
    )
    assert (identity.issuer, identity.subject) == ("https://id.example.com", "s-1")
    assert identity.usernames == ("ana@example.com",)
    assert identity.display_name == "Ana Reyes"
    assert identity.groups == {"a", "b"}


@pytest.mark.parametrize(
    "claims",
    [{}, {"iss": "x"}, {"sub": "x"}, {"iss": "", "sub": "x"}, {"iss": "x", "sub": 7}, {"iss": "x", "sub": "s" * 256}],
)
def test_without_issuer_or_subject_nobody_is_known(claims: dict[str, Any]) -> None:
    with pytest.raises(AccessError) as caught:
        identity_from(claims, "groups")
    assert caught.value.code == "no-identity"


@pytest.mark.parametrize(
    ("name", "value", "groups"),
    [
        ("groups", ["a", "b", "a"], {"a", "b"}),
        ("groups", "cn=a,ou=b", {"cn=a,ou=b"}),
        ("groups", ["a", 7, None], {"a"}),
        ("groups", {"a": 1}, set()),
        ("groups", None, set()),
        ("cognito:groups", ["a"], {"a"}),
        ("https://example.com/groups", ["a"], {"a"}),
        ("realm_access.roles", ["a"], {"a"}),
    ],
)
def test_groups_are_read_from_the_claim_of_the_setting(name: str, value: object, groups: set[str]) -> None:
    assert identity_from({**CLAIMS, name: value}, name).groups == groups


def test_dots_lead_into_objects() -> None:
    claims = {**CLAIMS, "realm_access": {"roles": ["a"]}}
    assert identity_from(claims, "realm_access.roles").groups == {"a"}
    assert identity_from(claims, "realm_access.roles.deeper").groups == set()
    assert identity_from(claims, "elsewhere.roles").groups == set()


@pytest.mark.parametrize("verified", [False, "false"])
def test_address_that_is_not_verified_names_nobody(verified: object) -> None:
    claims = {**CLAIMS, "email": "boss@example.com", "email_verified": verified, "preferred_username": "ana"}
    assert identity_from(claims, "groups").usernames == ("ana",)


def test_only_usable_user_names_are_offered() -> None:
    claims = {**CLAIMS, "email": "ana+test@example.com", "preferred_username": "Ana Reyes", "cognito:username": "ANA"}
    assert identity_from(claims, "groups").usernames == ("ana",)


@pytest.mark.parametrize(
    ("claims", "shown"),
    [
        ({"name": "  Ana \n Reyes "}, "Ana Reyes"),
        ({"name": "Ana\u202e Reyes"}, "Ana Reyes"),
        ({"name": 7, "given_name": "Ana", "family_name": "Reyes"}, "Ana Reyes"),
        ({"name": "", "email": "ana@example.com"}, "ana@example.com"),
        ({"name": "x" * 500}, "x" * 200),
        ({}, "Signed in by the company"),
    ],
)
def test_everybody_has_a_name_to_show(claims: dict[str, Any], shown: str) -> None:
    assert identity_from({**CLAIMS, **claims}, "groups").display_name == shown
