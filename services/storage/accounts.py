"""Accounts, tenants, sessions and failed sign-ins in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DatabaseSession

from services.access.models import Account, Credentials, Role, Session, Tenant
from services.errors import ConflictError, NotFoundError
from services.storage.database import Database
from services.storage.tables import (
    AccountRow,
    AccountTenantRow,
    ExternalIdentityRow,
    SessionRow,
    SignInFailureRow,
    TenantRow,
)


class SqlAccountRepository:
    """Accounts and tenants in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_account(self, username: str) -> Account | None:
        """The account, or None."""
        credentials = self.get_credentials(username)
        return credentials.account if credentials else None

    def get_credentials(self, username: str) -> Credentials | None:
        """The account with its password hash and epoch, or None."""
        with self._database.transaction() as session:
            row = session.get(AccountRow, username)
            if row is None:
                return None
            query = select(AccountTenantRow.tenant_id).where(AccountTenantRow.username == username)
            external = session.get(ExternalIdentityRow, username)
            account = _account(row, session.scalars(query), external.issuer if external else None)
            return Credentials(account, row.password_hash, row.session_epoch)

    def get_external(self, issuer: str, subject: str) -> Account | None:
        """The account of the person whom this identity provider calls so, or None."""
        query = select(ExternalIdentityRow.username).where(
            ExternalIdentityRow.issuer == issuer, ExternalIdentityRow.subject == subject
        )
        with self._database.transaction() as session:
            username = session.scalars(query).one_or_none()
        return self.get_account(username) if username is not None else None

    def list_accounts(self) -> list[Account]:
        """All accounts, by user name."""
        with self._database.transaction() as session:
            tenants: dict[str, list[str]] = {}
            for membership in session.scalars(select(AccountTenantRow)):
                tenants.setdefault(membership.username, []).append(membership.tenant_id)
            issuers = {external.username: external.issuer for external in session.scalars(select(ExternalIdentityRow))}
            rows = session.scalars(select(AccountRow).order_by(AccountRow.username))
            return [_account(row, tenants.get(row.username, []), issuers.get(row.username)) for row in rows]

    def insert_account(self, account: Account, password_hash: str, *, subject: str | None = None) -> None:
        """Add an account; ConflictError when name or person is taken, NotFoundError for an unknown tenant."""
        row = AccountRow(
            username=account.username,
            display_name=account.display_name,
            role=account.role.value,
            password_hash=password_hash,
            session_epoch=0,
            sample=account.sample,
            created_at=account.created_at or datetime.now(UTC),
        )
        try:
            with self._database.transaction() as session:
                _require_tenants(session, account.tenant_ids)
                session.add(row)
                session.flush()
                if account.issuer is not None and subject is not None:
                    session.add(ExternalIdentityRow(username=account.username, issuer=account.issuer, subject=subject))
                _set_tenants(session, account.username, account.tenant_ids)
        except IntegrityError as exc:
            raise ConflictError(
                f'The user name "{account.username}" is taken.',
                code="username-taken",
                remedy="Choose another user name, or change the existing account.",
            ) from exc

    def update_account(
        self,
        username: str,
        *,
        display_name: str | None = None,
        role: Role | None = None,
        tenant_ids: tuple[str, ...] | None = None,
    ) -> None:
        """Change what is given."""
        with self._database.transaction() as session:
            row = _require_account(session, username)
            if display_name is not None:
                row.display_name = display_name
            if role is not None:
                row.role = role.value
            if tenant_ids is not None:
                kept = session.scalars(select(AccountTenantRow.tenant_id).where(AccountTenantRow.username == username))
                # An archived tenant can be kept, but nobody is added to it.
                _require_tenants(session, tuple(set(tenant_ids) - set(kept)))
                session.execute(delete(AccountTenantRow).where(AccountTenantRow.username == username))
                _set_tenants(session, username, tenant_ids)

    def end_sessions(self, username: str) -> None:
        """Raise the epoch."""
        with self._database.transaction() as session:
            _require_account(session, username).session_epoch += 1

    def set_password_hash(self, username: str, password_hash: str) -> None:
        """Replace the password and raise the epoch."""
        with self._database.transaction() as session:
            row = _require_account(session, username)
            row.password_hash = password_hash
            row.session_epoch += 1

    def set_disabled(self, username: str, disabled_at: datetime | None) -> None:
        """Disable or enable, and raise the epoch."""
        with self._database.transaction() as session:
            row = _require_account(session, username)
            row.disabled_at = disabled_at
            row.session_epoch += 1

    def insert_tenant(self, tenant: Tenant, created_at: datetime) -> None:
        """Add a tenant; ConflictError when the id is taken."""
        try:
            with self._database.transaction() as session:
                session.add(TenantRow(id=tenant.id, name=tenant.name, created_at=created_at, settings={}))
        except IntegrityError as exc:
            raise ConflictError(
                f'The tenant "{tenant.id}" exists already.',
                code="tenant-taken",
                remedy="Choose another id, or use the existing tenant.",
            ) from exc

    def rename_tenant(self, tenant_id: str, name: str) -> None:
        """Change the name that people read."""
        with self._database.transaction() as session:
            _require_tenant(session, tenant_id).name = name

    def set_archived(self, tenant_id: str, archived_at: datetime | None) -> None:
        """Archive or bring back."""
        with self._database.transaction() as session:
            _require_tenant(session, tenant_id).archived_at = archived_at

    def get_tenant(self, tenant_id: str, *, archived: bool = False) -> Tenant | None:
        """The tenant, or None when unknown or archived."""
        with self._database.transaction() as session:
            row = session.get(TenantRow, tenant_id)
            return _tenant(row) if row is not None and (archived or row.archived_at is None) else None

    def list_tenants(self, *, archived: bool = False) -> list[Tenant]:
        """All tenants in the order they were added."""
        query = select(TenantRow).order_by(TenantRow.created_at, TenantRow.id)
        if not archived:
            query = query.where(TenantRow.archived_at.is_(None))
        with self._database.transaction() as session:
            return [_tenant(row) for row in session.scalars(query)]


class SqlSessionRepository:
    """Sessions of signed-in browsers in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_session(self, session: Session) -> None:
        """Keep a new session."""
        row = SessionRow(
            id=session.id,
            username=session.username,
            session_epoch=session.session_epoch,
            created_at=session.created_at,
            expires_at=session.expires_at,
        )
        with self._database.transaction() as transaction:
            transaction.add(row)

    def get_session(self, session_id: str) -> Session | None:
        """The session, ended or not, or None."""
        with self._database.transaction() as transaction:
            row = transaction.get(SessionRow, session_id)
            if row is None:
                return None
            return Session(row.id, row.username, row.session_epoch, row.created_at, row.expires_at, row.revoked_at)

    def revoke_session(self, session_id: str, at: datetime) -> None:
        """End one session."""
        statement = (
            update(SessionRow).where(SessionRow.id == session_id, SessionRow.revoked_at.is_(None)).values(revoked_at=at)
        )
        with self._database.transaction() as transaction:
            transaction.execute(statement)

    def delete_expired(self, before: datetime) -> int:
        """Forget sessions that expired before this time."""
        with self._database.transaction() as transaction:
            return _count(transaction.execute(delete(SessionRow).where(SessionRow.expires_at < before)))


class SqlSignInFailureRepository:
    """Failed sign-ins in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_failure(self, account_hash: str, address_hash: str, at: datetime) -> None:
        """Keep one failure."""
        with self._database.transaction() as session:
            session.add(SignInFailureRow(account_hash=account_hash, address_hash=address_hash, at=at))

    def failures_of_account(self, account_hash: str, since: datetime) -> list[datetime]:
        """When it failed for this account since then, oldest first."""
        return self._times(SignInFailureRow.account_hash == account_hash, since)

    def failures_of_address(self, address_hash: str, since: datetime) -> list[datetime]:
        """When it failed from this address since then, oldest first."""
        return self._times(SignInFailureRow.address_hash == address_hash, since)

    def _times(self, condition: Any, since: datetime) -> list[datetime]:
        query = select(SignInFailureRow.at).where(condition, SignInFailureRow.at >= since).order_by(SignInFailureRow.at)
        with self._database.transaction() as session:
            return list(session.scalars(query))

    def clear_account(self, account_hash: str) -> None:
        """Forget the failures of this account."""
        with self._database.transaction() as session:
            session.execute(delete(SignInFailureRow).where(SignInFailureRow.account_hash == account_hash))

    def delete_failures(self, before: datetime) -> int:
        """Forget failures older than this."""
        with self._database.transaction() as session:
            return _count(session.execute(delete(SignInFailureRow).where(SignInFailureRow.at < before)))


def _account(row: AccountRow, tenant_ids: Iterable[str], issuer: str | None) -> Account:
    return Account(
        username=row.username,
        display_name=row.display_name,
        role=Role(row.role),
        tenant_ids=tuple(sorted(tenant_ids)),
        disabled=row.disabled_at is not None,
        sample=row.sample,
        created_at=row.created_at,
        issuer=issuer,
    )


def _tenant(row: TenantRow) -> Tenant:
    return Tenant(row.id, row.name, row.published_snapshot, archived=row.archived_at is not None)


def _require_account(session: DatabaseSession, username: str) -> AccountRow:
    row = session.get(AccountRow, username)
    if row is None:
        raise NotFoundError(f'There is no account "{username}".', code="account-not-found")
    return row


def _require_tenant(session: DatabaseSession, tenant_id: str) -> TenantRow:
    row = session.get(TenantRow, tenant_id)
    if row is None:
        raise NotFoundError(f'There is no tenant "{tenant_id}".', code="tenant-not-found")
    return row


def _require_tenants(session: DatabaseSession, tenant_ids: tuple[str, ...]) -> None:
    query = select(TenantRow.id).where(TenantRow.id.in_(tenant_ids), TenantRow.archived_at.is_(None))
    missing = set(tenant_ids) - set(session.scalars(query))
    if missing:
        raise NotFoundError(
            f"There is no tenant {', '.join(sorted(missing))}.",
            code="tenant-not-found",
            remedy="Check the id, or add the tenant first with add-tenant.",
        )


def _set_tenants(session: DatabaseSession, username: str, tenant_ids: tuple[str, ...]) -> None:
    session.add_all(AccountTenantRow(username=username, tenant_id=tenant_id) for tenant_id in set(tenant_ids))


def _count(result: Any) -> int:
    return cast("CursorResult[Any]", result).rowcount
