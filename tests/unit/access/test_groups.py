"""Groups at an identity provider become a role and tenants by rules that are written in two settings."""

from __future__ import annotations

import pytest

from services.access.groups import parse_group_rules
from services.access.models import Role
from services.errors import ConfigurationError

TENANTS = ["clinic", "north", "pharmacy"]
RULES = parse_group_rules(
    "frontline-admins=admin; frontline-agents = Agent;cn=photo,ou=teams=marketer",
    "team-pharmacy=pharmacy;team-both=pharmacy,clinic;frontline-admins=*;gone=closed",
)


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ({"frontline-agents"}, Role.AGENT),
        ({"frontline-agents", "frontline-admins"}, Role.ADMIN),  # the first rule that fits
        ({"cn=photo,ou=teams"}, Role.MARKETER),
        ({"Frontline-Agents"}, None),  # groups are compared as they are written
        ({"frontline"}, None),
        (set(), None),
    ],
)
def test_first_rule_that_fits_gives_the_role(groups: set[str], role: Role | None) -> None:
    assert RULES.role_of(groups) == role


@pytest.mark.parametrize(
    ("groups", "tenants"),
    [
        ({"team-pharmacy"}, ("pharmacy",)),
        ({"team-pharmacy", "team-both"}, ("clinic", "pharmacy")),
        ({"frontline-admins"}, ("clinic", "north", "pharmacy")),
        ({"gone"}, ()),  # a tenant that does not exist
        (set(), ()),
    ],
)
def test_all_rules_that_fit_give_tenants(groups: set[str], tenants: tuple[str, ...]) -> None:
    assert RULES.tenant_ids_of(groups, TENANTS) == tenants


def test_star_is_everybody_also_somebody_without_groups() -> None:
    rules = parse_group_rules("admins=admin;*=agent", "*=pharmacy")
    assert rules.role_of(set()) is Role.AGENT
    assert rules.role_of({"admins"}) is Role.ADMIN
    assert rules.tenant_ids_of(set(), TENANTS) == ("pharmacy",)


def test_group_that_is_called_star_is_nobody_special() -> None:
    assert RULES.role_of({"*"}) is None
    assert RULES.tenant_ids_of({"*"}, TENANTS) == ()


@pytest.mark.parametrize(
    ("roles", "tenants", "named"),
    [
        ("agents", "*=*", "FRONTLINE_OIDC_ROLES"),
        ("agents=boss", "*=*", "boss"),
        ("=agent", "*=*", "FRONTLINE_OIDC_ROLES"),
        (" ; ", "*=*", "FRONTLINE_OIDC_ROLES"),
        ("agents=agent", "team=", "FRONTLINE_OIDC_TENANTS"),
        ("agents=agent", "team=North Clinic", "North Clinic"),
        ("agents=agent", "team=clinic,", "FRONTLINE_OIDC_TENANTS"),
        ("agents=agent", "", "FRONTLINE_OIDC_TENANTS"),
    ],
)
def test_rule_that_cannot_be_read_names_its_setting(roles: str, tenants: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match="FRONTLINE_OIDC_") as caught:
        parse_group_rules(roles, tenants)
    assert named in caught.value.message_for_user
