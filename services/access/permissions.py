"""What each role is for, and the checks that every use case makes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from services.access.models import Account, Role
from services.errors import AccessError

ROLE_NAMES: Mapping[Role, str] = MappingProxyType(
    {
        Role.AGENT: "Care agent",
        Role.MARKETER: "Marketer",
        Role.ANALYST: "Analyst",
        Role.ADMIN: "Administrator",
    }
)

ROLE_TASKS: Mapping[Role, str] = MappingProxyType(
    {
        Role.AGENT: "Answers customers' questions from the knowledge base.",
        Role.MARKETER: "Gives product photos new backgrounds.",
        Role.ANALYST: "Finds topics and sentiment in survey responses.",
        Role.ADMIN: "Keeps the knowledge base and may open every page.",
    }
)


def may(account: Account, roles: Collection[Role]) -> bool:
    """Whether the account's role is one of these; an administrator may do everything."""
    return account.role is Role.ADMIN or account.role in roles


def require_role(account: Account, *roles: Role) -> None:
    """Let accounts of these roles, and administrators, pass.

    Raises:
        AccessError: the account has another role or is disabled.
    """
    if account.disabled or not may(account, roles):
        raise AccessError(
            f"This is not part of what a {ROLE_NAMES[account.role].lower()} may do.",
            code="wrong-role",
            remedy="Ask an administrator to change your role if you need it.",
        )


def require_tenant(account: Account, tenant_id: str) -> None:
    """Let accounts of this tenant pass; administrators too only for their own tenants.

    Raises:
        AccessError: the account does not belong to the tenant or is disabled.
    """
    if account.disabled or tenant_id not in account.tenant_ids:
        raise AccessError(
            "You do not have access to this tenant's data.",
            code="wrong-tenant",
            remedy="Choose one of your tenants, or ask an administrator for access.",
        )


def require_admin(account: Account, tenant_id: str) -> None:
    """Let administrators of this tenant pass.

    Raises:
        AccessError: the account has another role, does not belong to the tenant, or is disabled.
    """
    require_role(account)
    require_tenant(account, tenant_id)
