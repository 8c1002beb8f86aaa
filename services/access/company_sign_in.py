"""Signing in at the company's identity provider: its groups decide, and our own session is what comes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from services.access import passwords
from services.access.claims import identity_from
from services.access.groups import GroupRules
from services.access.models import Account, Departure, ExternalIdentity, Role, SignedIn
from services.access.refusals import refused
from services.access.sign_in import SignInService
from services.errors import ConflictError
from services.logs import get_logger
from services.ports.access import AccountRepository
from services.ports.identity import IdentityProvider
from services.privacy.audit import AuditTrail

_log = get_logger(__name__)


class CompanySignInService:
    """Turns what an identity provider says into an account and a session.

    An account is known by issuer and subject alone, never by a name or an address: somebody who is called like a local
    account at the provider gets an account of another name.

    Args:
        provider: Vouches for people.
        accounts: Where accounts are kept.
        sessions: Opens sessions.
        audit: Where it is written down.
        rules: Which role and tenants groups make.
        groups_claim: Which claim holds the groups.
        now: The clock, for tests.
    """

    def __init__(
        self,
        provider: IdentityProvider,
        accounts: AccountRepository,
        sessions: SignInService,
        audit: AuditTrail,
        *,
        rules: GroupRules,
        groups_claim: str,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._provider = provider
        self._accounts = accounts
        self._sessions = sessions
        self._audit = audit
        self._rules = rules
        self._groups_claim = groups_claim
        self._now = now or (lambda: datetime.now(UTC))

    def depart(self, return_to: str) -> Departure:
        """Where to send the browser, and what must be known when it comes back.

        Raises:
            BackendError: the provider cannot be reached, or is not set up for us.
        """
        return self._provider.depart(return_to)

    def arrive(self, departure: Departure, code: str, return_to: str) -> SignedIn:
        """Sign in whoever came back with this code; name, role and tenants become what the provider says now.

        Raises:
            AccessError: the reply proves nothing, no group has access, or the account is disabled; the code is one of
                :data:`services.access.refusals.REFUSALS`.
            BackendError: the provider cannot be reached, or is not set up for us.
        """
        return self.sign_in(identity_from(self._provider.claims_of(departure, code, return_to), self._groups_claim))

    def sign_in(self, identity: ExternalIdentity) -> SignedIn:
        """Sign in a person for whom the provider vouched. Raises as :meth:`arrive`, but no BackendError."""
        known = self._accounts.get_external(identity.issuer, identity.subject)
        role = self._rules.role_of(identity.groups)
        if role is None:
            self._refuse("no-role", identity, known)
            raise refused("no-role")
        existing = [tenant.id for tenant in self._accounts.list_tenants()]
        tenant_ids = self._rules.tenant_ids_of(identity.groups, existing)
        if not tenant_ids:
            self._refuse("no-tenant", identity, known)
            raise refused("no-tenant")
        if known is None:
            known = self._add(identity, role, tenant_ids)
        if known.disabled:
            self._refuse("disabled", identity, known)
            raise refused("disabled")
        self._follow(known, identity.display_name, role, tenant_ids)
        return self._sessions.open_external(known.username)

    def sign_out_url(self, return_to: str) -> str | None:
        """Where the person signs out at the provider as well; None when it has no such place. Raises as depart."""
        return self._provider.sign_out_url(return_to)

    def _refuse(self, reason: str, identity: ExternalIdentity, known: Account | None) -> None:
        name = known.username if known else "unknown account"
        self._audit.record("sign-in-refused", subject=name, reason=reason, external_subject=identity.subject)
        _log.info("company-sign-in-refused", reason=reason, groups=len(identity.groups))
        if known is not None and not known.disabled:
            # Whoever lost the groups loses what is still open elsewhere, too.
            self._accounts.end_sessions(known.username)

    def _add(self, identity: ExternalIdentity, role: Role, tenant_ids: tuple[str, ...]) -> Account:
        for username in _free_names(identity):
            account = Account(
                username, identity.display_name, role, tenant_ids, created_at=self._now(), issuer=identity.issuer
            )
            try:
                self._accounts.insert_account(account, passwords.UNUSABLE_HASH, subject=identity.subject)
            except ConflictError:
                # Either the name is somebody's, or the same person came in by another window a moment ago.
                known = self._accounts.get_external(identity.issuer, identity.subject)
                if known is not None:
                    return known
                continue
            self._audit.record(
                "account-added", subject=username, role=role.value, tenants=", ".join(tenant_ids), external=True
            )
            return account
        raise refused("failed")

    def _follow(self, known: Account, display_name: str, role: Role, tenant_ids: tuple[str, ...]) -> None:
        if (known.display_name, known.role, known.tenant_ids) == (display_name, role, tenant_ids):
            return
        self._accounts.update_account(known.username, display_name=display_name, role=role, tenant_ids=tenant_ids)
        if known.role is not role:
            self._audit.record("role-changed", subject=known.username, role=role.value, external=True)
        if known.tenant_ids != tenant_ids:
            self._audit.record("tenants-changed", subject=known.username, tenants=", ".join(tenant_ids), external=True)


def _free_names(identity: ExternalIdentity) -> Iterator[str]:
    """What the account could be called: as the provider calls the person, or else with a mark that is nobody else's."""
    yield from identity.usernames
    mark = hashlib.sha256(f"{identity.issuer}\n{identity.subject}".encode()).hexdigest()
    if identity.usernames:
        yield f"{identity.usernames[0][:110]}-{mark[:6]}"
    yield f"person-{mark[:12]}"
    yield f"person-{mark}"
