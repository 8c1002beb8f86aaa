"""Accounts and tenants: adding, changing, disabling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime

from services.access import passwords
from services.access.models import Account, Role, Tenant
from services.access.permissions import ROLE_NAMES
from services.errors import ConflictError, InputError, NotFoundError
from services.ports.access import AccountRepository
from services.privacy.audit import AuditTrail

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,127}")
TENANT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
LONGEST_NAME_CHARACTERS = 200

SAMPLE_TENANTS = (Tenant("pharmacy", "Harborview Pharmacy"), Tenant("clinic", "Harborview Clinic"))
SAMPLE_ACCOUNTS = (
    Account("ana.reyes", "Ana Reyes", Role.AGENT, ("pharmacy", "clinic"), sample=True),
    Account("mila.novak", "Mila Novak", Role.MARKETER, ("pharmacy",), sample=True),
    Account("omar.haddad", "Omar Haddad", Role.ANALYST, ("pharmacy",), sample=True),
    Account("grace.lin", "Grace Lin", Role.ADMIN, ("pharmacy", "clinic"), sample=True),
)


def normalize_username(username: str) -> str:
    """The one spelling under which an account is kept: NFKC, lower case, no surrounding spaces."""
    return unicodedata.normalize("NFKC", username).strip().lower()


class AccountService:
    """Keeps accounts and tenants.

    ``actor`` in every method is the user name of the administrator who acts; None means the command line.

    Args:
        repository: Where they are kept.
        audit: Where changes are written down.
        now: The clock, for tests.
    """

    def __init__(
        self, repository: AccountRepository, audit: AuditTrail, *, now: Callable[[], datetime] | None = None
    ) -> None:
        self._repository = repository
        self._audit = audit
        self._now = now or (lambda: datetime.now(UTC))

    def add_account(
        self,
        username: str,
        *,
        display_name: str,
        role: Role,
        tenant_ids: Iterable[str],
        password: str,
        actor: str | None = None,
    ) -> Account:
        """Add a person who may sign in.

        Raises:
            InputError: the user name, name, tenants or password cannot be used.
            ConflictError: the user name is taken.
            NotFoundError: a tenant does not exist.
        """
        name = _checked_username(username)
        passwords.check_new_password(password, name)
        account = Account(
            name, checked_name(display_name), role, _checked_tenant_ids(tenant_ids), created_at=self._now()
        )
        self._repository.insert_account(account, passwords.hash_password(password))
        self._audit.record(
            "account-added", username=actor, subject=name, role=role.value, tenants=", ".join(account.tenant_ids)
        )
        return account

    def set_password(self, username: str, password: str, *, actor: str | None = None) -> None:
        """Replace the password; every session of the account ends.

        Raises:
            InputError: the password cannot be used, or the account has none of its own.
            NotFoundError: there is no such account.
        """
        account = self.require_own_password(username)
        passwords.check_new_password(password, account.username)
        self._repository.set_password_hash(account.username, passwords.hash_password(password))
        self._audit.record("password-set", username=actor, subject=account.username)

    def require_own_password(self, username: str) -> Account:
        """The account, when it is one that signs in with a password of its own.

        Raises:
            InputError: it is a sample, or an identity provider vouches for it.
            NotFoundError: there is no such account.
        """
        account = self.get_account(username)
        if account.sample:
            raise InputError("A sample account has no password.", code="sample-account")
        if account.issuer is not None:
            raise InputError(
                f"{account.username} signs in at the identity provider, where its password is kept.",
                code="external-account",
                remedy="Have the password changed there. To sign the person out of Frontline, use end-sessions.",
            )
        return account

    def end_sessions(self, username: str, *, actor: str | None = None) -> Account:
        """Sign the account out everywhere; it may sign in again. NotFoundError when there is none."""
        account = self.get_account(username)
        self._repository.end_sessions(account.username)
        self._audit.record("sessions-ended", username=actor, subject=account.username)
        return account

    def disable_account(self, username: str, *, actor: str | None = None) -> Account:
        """Keep the account from signing in and end its sessions. NotFoundError when there is none."""
        account = self.get_account(username)
        if not account.disabled:
            self._repository.set_disabled(account.username, self._now())
            self._audit.record("account-disabled", username=actor, subject=account.username)
        return self.get_account(account.username)

    def enable_account(self, username: str, *, actor: str | None = None) -> Account:
        """Let the account sign in again; old sessions stay over. NotFoundError when there is none."""
        account = self.get_account(username)
        if account.disabled:
            self._repository.set_disabled(account.username, None)
            self._audit.record("account-enabled", username=actor, subject=account.username)
        return self.get_account(account.username)

    def change_role(self, username: str, role: Role, *, actor: str | None = None) -> Account:
        """Give the account another role; it applies at the person's next click.

        Raises:
            InputError: the role follows the groups at the identity provider.
            NotFoundError: there is no such account.
        """
        account = self._require_kept_here(username)
        self._repository.update_account(account.username, role=role)
        self._audit.record("role-changed", username=actor, subject=account.username, role=role.value)
        return self.get_account(account.username)

    def change_tenants(self, username: str, tenant_ids: Iterable[str], *, actor: str | None = None) -> Account:
        """Replace the tenants of the account; it applies at the person's next click.

        Raises:
            InputError: no tenant is named, or they follow the groups at the identity provider.
            NotFoundError: there is no such account or tenant.
        """
        account = self._require_kept_here(username)
        chosen = _checked_tenant_ids(tenant_ids)
        self._repository.update_account(account.username, tenant_ids=chosen)
        self._audit.record("tenants-changed", username=actor, subject=account.username, tenants=", ".join(chosen))
        return self.get_account(account.username)

    def add_to_tenant(self, username: str, tenant_id: str, *, actor: str | None = None) -> Account:
        """Add a tenant to those of the account; for one that follows groups, until its next sign-in.

        Raises:
            NotFoundError: there is no such account or tenant.
        """
        account = self.get_account(username)
        chosen = _checked_tenant_ids((*account.tenant_ids, tenant_id))
        self._repository.update_account(account.username, tenant_ids=chosen)
        self._audit.record("tenants-changed", username=actor, subject=account.username, tenants=", ".join(chosen))
        return self.get_account(account.username)

    def _require_kept_here(self, username: str) -> Account:
        account = self.get_account(username)
        if account.issuer is not None:
            raise InputError(
                f"Role and tenants of {account.username} follow the groups at the identity provider.",
                code="external-account",
                remedy="Change the groups there, or FRONTLINE_OIDC_ROLES and FRONTLINE_OIDC_TENANTS; "
                "it applies at the next sign-in.",
            )
        return account

    def get_account(self, username: str) -> Account:
        """The account; NotFoundError when there is none."""
        account = self._repository.get_account(normalize_username(username))
        if account is None:
            raise NotFoundError(
                f'There is no account "{username}".',
                code="account-not-found",
                remedy="Check the spelling; list-accounts shows all accounts.",
            )
        return account

    def list_accounts(self) -> list[Account]:
        """All accounts, by user name."""
        return self._repository.list_accounts()

    def add_tenant(self, tenant_id: str, name: str, *, actor: str | None = None) -> Tenant:
        """Add a tenant with an empty knowledge base; :class:`services.access.tenants.TenantService` changes it.

        Raises:
            InputError: the id is not a slug, or the name is empty or too long.
            ConflictError: the id is taken.
        """
        if not TENANT_ID.fullmatch(tenant_id):
            raise InputError(
                f'"{tenant_id}" cannot be the id of a tenant.',
                code="invalid-tenant-id",
                remedy="Use lower-case letters, digits and hyphens, such as north-clinic.",
            )
        tenant = Tenant(tenant_id, checked_name(name))
        self._repository.insert_tenant(tenant, self._now())
        self._audit.record("tenant-added", username=actor, tenant_id=tenant_id, subject=tenant.name)
        return tenant

    def ensure_tenant(self, tenant_id: str, name: str | None = None) -> Tenant:
        """The tenant, added when it is new; without a name it gets one made of its id."""
        try:
            return self.get_tenant(tenant_id)
        except NotFoundError:
            return self.add_tenant(tenant_id, name or tenant_id.replace("-", " ").replace("_", " ").title())

    def get_tenant(self, tenant_id: str) -> Tenant:
        """The tenant; NotFoundError when there is none."""
        tenant = self._repository.get_tenant(tenant_id)
        if tenant is None:
            raise NotFoundError(f'There is no tenant "{tenant_id}".', code="tenant-not-found")
        return tenant

    def list_tenants(self) -> list[Tenant]:
        """All tenants, in the order they were added."""
        return self._repository.list_tenants()

    def tenants_of(self, account: Account) -> list[Tenant]:
        """The tenants that the account belongs to, in the order they were added."""
        return [tenant for tenant in self._repository.list_tenants() if tenant.id in account.tenant_ids]

    def ensure_sample_accounts(self) -> None:
        """Add the sample tenants and accounts that are missing; safe at every start and from several processes.

        They have no password: they sign in with one click, in demo mode only.
        """
        known_tenants = {tenant.id for tenant in self._repository.list_tenants()}
        for tenant in SAMPLE_TENANTS:
            if tenant.id not in known_tenants:
                # A conflict means that another process was faster.
                with suppress(ConflictError):
                    self._repository.insert_tenant(tenant, self._now())
        known_accounts = {account.username for account in self._repository.list_accounts()}
        for account in SAMPLE_ACCOUNTS:
            if account.username not in known_accounts:
                with suppress(ConflictError):
                    self._repository.insert_account(account, passwords.UNUSABLE_HASH)


def role_from(text: str) -> Role:
    """The role with this name; InputError lists the allowed ones."""
    try:
        return Role(text.strip().lower())
    except ValueError as exc:
        raise InputError(
            f'"{text}" is not a role.',
            code="unknown-role",
            remedy=f"Choose one of {', '.join(role.value for role in ROLE_NAMES)}.",
        ) from exc


def _checked_username(username: str) -> str:
    name = normalize_username(username)
    if not USERNAME.fullmatch(name):
        raise InputError(
            f'"{username}" cannot be a user name.',
            code="invalid-username",
            remedy="Use at least two letters, digits, dots, hyphens, underscores or an e-mail address.",
        )
    return name


def checked_name(name: str) -> str:
    """The name of a person or a tenant without surplus spaces; InputError when it is empty or too long."""
    trimmed = " ".join(name.split())
    if not trimmed or len(trimmed) > LONGEST_NAME_CHARACTERS:
        raise InputError(f"The name must have 1 to {LONGEST_NAME_CHARACTERS} characters.", code="invalid-name")
    return trimmed


def _checked_tenant_ids(tenant_ids: Iterable[str]) -> tuple[str, ...]:
    chosen = tuple(sorted(set(tenant_ids)))
    if not chosen:
        raise InputError(
            "An account needs at least one tenant.",
            code="no-tenant",
            remedy="Name the tenant whose data the person works with.",
        )
    return chosen
