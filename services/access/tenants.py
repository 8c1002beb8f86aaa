"""Tenants, as administrators keep them: create, rename, archive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from services.access.accounts import AccountService, checked_name
from services.access.models import Account, Tenant
from services.access.permissions import require_admin, require_role
from services.errors import NotFoundError
from services.ports.access import AccountRepository
from services.privacy.audit import AuditTrail


class TenantService:
    """Use cases on tenants; ``account`` is the administrator who acts, None the command line."""

    def __init__(
        self,
        accounts: AccountService,
        repository: AccountRepository,
        audit: AuditTrail,
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._accounts = accounts
        self._repository = repository
        self._audit = audit
        self._now = now or (lambda: datetime.now(UTC))

    def list_tenants(self, account: Account | None) -> list[Tenant]:
        """The administrator's own tenants, archived ones too (``Tenant.archived``); all of them for None.

        Raises:
            AccessError: the account is no administrator's.
        """
        tenants = self._repository.list_tenants(archived=True)
        if account is None:
            return tenants
        require_role(account)
        return [tenant for tenant in tenants if tenant.id in account.tenant_ids]

    def create_tenant(self, account: Account | None, tenant_id: str, name: str) -> Tenant:
        """Add a tenant with an empty knowledge base; the administrator becomes its member.

        An administrator whose tenants follow groups stays its member only if the groups say so at the next sign-in.

        Raises:
            AccessError: the account is no administrator's.
            InputError: the id is not a slug, or the name is empty or too long.
            ConflictError: the id is taken, by an archived tenant perhaps.
        """
        if account is None:
            return self._accounts.add_tenant(tenant_id, name)
        require_role(account)
        tenant = self._accounts.add_tenant(tenant_id, name, actor=account.username)
        # To what the account belongs to now, not what it did when the page was drawn; archived ones stay its own.
        self._accounts.add_to_tenant(account.username, tenant.id, actor=account.username)
        return tenant

    def rename_tenant(self, account: Account | None, tenant_id: str, name: str) -> Tenant:
        """Change the name that people read.

        Raises:
            AccessError: the account is no administrator of this tenant.
            InputError: the name is empty or too long.
            NotFoundError: there is no such tenant.
        """
        self._require(account, tenant_id)
        self._repository.rename_tenant(tenant_id, checked_name(name))
        return self._changed("tenant-renamed", account, tenant_id)

    def archive_tenant(self, account: Account | None, tenant_id: str) -> Tenant:
        """Take a tenant out of every list; it does not answer any more, and nothing of it is lost.

        Raises:
            AccessError: the account is no administrator of this tenant.
            NotFoundError: there is no such tenant.
        """
        self._require(account, tenant_id)
        self._repository.set_archived(tenant_id, self._now())
        return self._changed("tenant-archived", account, tenant_id)

    def unarchive_tenant(self, account: Account | None, tenant_id: str) -> Tenant:
        """Bring an archived tenant back as it was. Raises as :meth:`archive_tenant`."""
        self._require(account, tenant_id)
        self._repository.set_archived(tenant_id, None)
        return self._changed("tenant-unarchived", account, tenant_id)

    def _require(self, account: Account | None, tenant_id: str) -> None:
        if account is not None:
            require_admin(account, tenant_id)

    def _changed(self, action: str, account: Account | None, tenant_id: str) -> Tenant:
        tenant = self._repository.get_tenant(tenant_id, archived=True)
        if tenant is None:
            raise NotFoundError(f'There is no tenant "{tenant_id}".', code="tenant-not-found")
        self._audit.record(
            action, username=account.username if account else None, tenant_id=tenant_id, subject=tenant.name
        )
        return tenant
