"""From groups at an identity provider to a role and tenants here, by the rules of two settings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from services.access.accounts import TENANT_ID, role_from
from services.access.models import Role
from services.errors import ConfigurationError, InputError

ANYBODY = "*"  # as a group
EVERY_TENANT = "*"  # as a tenant


@dataclass(frozen=True, slots=True)
class GroupRules:
    """Which role and which tenants the groups of a person make.

    Attributes:
        roles: (group, role); of several that fit, the first one counts.
        tenants: (group, id of a tenant or :data:`EVERY_TENANT`); all that fit count.
    """

    roles: tuple[tuple[str, Role], ...]
    tenants: tuple[tuple[str, str], ...]

    def role_of(self, groups: Collection[str]) -> Role | None:
        """The role of somebody with these groups; None when no rule fits."""
        return next((role for group, role in self.roles if _fits(group, groups)), None)

    def tenant_ids_of(self, groups: Collection[str], existing: Collection[str]) -> tuple[str, ...]:
        """The tenants of somebody with these groups, sorted; those that do not exist are left out."""
        named = {tenant for group, tenant in self.tenants if _fits(group, groups)}
        return tuple(sorted(existing if EVERY_TENANT in named else named & set(existing)))


def parse_group_rules(roles: str, tenants: str) -> GroupRules:
    """The rules as FRONTLINE_OIDC_ROLES and FRONTLINE_OIDC_TENANTS write them: ``group=value``, split by semicolons.

    A group may hold equals signs, as distinguished names do; a tenant rule may name several tenants, split by commas.

    Raises:
        ConfigurationError: a rule cannot be read; the message names the setting and the rule.
    """
    return GroupRules(_roles_from(roles), _tenants_from(tenants))


def _roles_from(text: str) -> tuple[tuple[str, Role], ...]:
    rules = []
    for group, name in _pairs("FRONTLINE_OIDC_ROLES", text, "frontline-agents=agent;frontline-admins=admin"):
        try:
            rules.append((group, role_from(name)))
        except InputError as error:
            raise _wrong("FRONTLINE_OIDC_ROLES", f"{error.message_for_user} {error.remedy}") from error
    return tuple(rules)


def _tenants_from(text: str) -> tuple[tuple[str, str], ...]:
    rules = []
    for group, names in _pairs("FRONTLINE_OIDC_TENANTS", text, "team-pharmacy=pharmacy;frontline-admins=*"):
        for name in (part.strip() for part in names.split(",")):
            if name != EVERY_TENANT and not TENANT_ID.fullmatch(name):
                raise _wrong("FRONTLINE_OIDC_TENANTS", f'"{name}" cannot be the id of a tenant.')
            rules.append((group, name))
    return tuple(rules)


def _pairs(setting: str, text: str, example: str) -> list[tuple[str, str]]:
    pairs = []
    for rule in (part.strip() for part in text.split(";")):
        if not rule:
            continue
        group, separator, value = (part.strip() for part in rule.rpartition("="))
        if not (separator and group and value):
            raise _wrong(setting, f'"{rule}" is no rule; write rules as in {example}.')
        pairs.append((group, value))
    if not pairs:
        raise _wrong(setting, f"it holds no rule; write rules as in {example}.")
    return pairs


def _wrong(setting: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"Frontline cannot start: {setting}: {what}", code="invalid-setting")


def _fits(group: str, groups: Collection[str]) -> bool:
    return group in (ANYBODY, *groups)
