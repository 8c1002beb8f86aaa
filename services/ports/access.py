"""What access control needs from the outside: accounts, sessions, failed sign-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from services.access.models import Account, Credentials, Role, Session, Tenant


class AccountRepository(Protocol):
    """Keeps accounts and tenants. User names arrive in lower case."""

    def get_account(self, username: str) -> Account | None:
        """The account, or None."""

    def get_credentials(self, username: str) -> Credentials | None:
        """The account with its password hash and epoch, or None."""

    def get_external(self, issuer: str, subject: str) -> Account | None:
        """The account of the person whom this identity provider calls so, or None."""

    def list_accounts(self) -> list[Account]:
        """All accounts, by user name."""

    def insert_account(self, account: Account, password_hash: str, *, subject: str | None = None) -> None:
        """Add an account; one with an issuer needs the subject, what the provider calls the person.

        Raises:
            ConflictError: the user name is taken, or the person has an account already.
            NotFoundError: a tenant does not exist.
        """

    def update_account(
        self,
        username: str,
        *,
        display_name: str | None = None,
        role: Role | None = None,
        tenant_ids: tuple[str, ...] | None = None,
    ) -> None:
        """Change what is given.

        Raises:
            NotFoundError: there is no such account or tenant.
        """

    def end_sessions(self, username: str) -> None:
        """Raise the epoch, which ends every session.

        Raises:
            NotFoundError: there is no such account.
        """

    def set_password_hash(self, username: str, password_hash: str) -> None:
        """Replace the password and raise the epoch, which ends every session.

        Raises:
            NotFoundError: there is no such account.
        """

    def set_disabled(self, username: str, disabled_at: datetime | None) -> None:
        """Disable (with a time) or enable (with None); either raises the epoch, which ends every session.

        Raises:
            NotFoundError: there is no such account.
        """

    def insert_tenant(self, tenant: Tenant, created_at: datetime) -> None:
        """Add a tenant.

        Raises:
            ConflictError: the id is taken.
        """

    def rename_tenant(self, tenant_id: str, name: str) -> None:
        """Change the name that people read.

        Raises:
            NotFoundError: there is no such tenant, archived or not.
        """

    def set_archived(self, tenant_id: str, archived_at: datetime | None) -> None:
        """Archive (with a time) or bring back (with None).

        Raises:
            NotFoundError: there is no such tenant.
        """

    def get_tenant(self, tenant_id: str, *, archived: bool = False) -> Tenant | None:
        """The tenant, or None when unknown; None too for an archived one unless these are asked for."""

    def list_tenants(self, *, archived: bool = False) -> list[Tenant]:
        """All tenants in the order they were added; archived ones only when asked for."""


class SessionRepository(Protocol):
    """Keeps the sessions of signed-in browsers, by the hash of their token."""

    def insert_session(self, session: Session) -> None:
        """Keep a new session."""

    def get_session(self, session_id: str) -> Session | None:
        """The session, ended or not, or None."""

    def revoke_session(self, session_id: str, at: datetime) -> None:
        """End one session; nothing happens when it is unknown or over."""

    def delete_expired(self, before: datetime) -> int:
        """Forget sessions that expired before this time; returns how many."""


class SignInFailureRepository(Protocol):
    """Keeps failed sign-ins for throttling, under keyed hashes of name and address."""

    def record_failure(self, account_hash: str, address_hash: str, at: datetime) -> None:
        """Keep one failure."""

    def failures_of_account(self, account_hash: str, since: datetime) -> list[datetime]:
        """When it failed for this account since then, oldest first."""

    def failures_of_address(self, address_hash: str, since: datetime) -> list[datetime]:
        """When it failed from this address since then, oldest first."""

    def clear_account(self, account_hash: str) -> None:
        """Forget the failures of this account."""

    def delete_failures(self, before: datetime) -> int:
        """Forget failures older than this; returns how many."""
