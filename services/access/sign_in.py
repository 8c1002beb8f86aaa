"""Signing in and out: passwords, throttling, sessions that end when they should."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from services.access import passwords
from services.access.accounts import normalize_username
from services.access.models import Account, Credentials, Session, SignedIn
from services.access.throttle import SignInThrottle
from services.errors import AccessError
from services.ports.access import AccountRepository, SessionRepository
from services.privacy.audit import AuditTrail

# (user name, password, bcrypt hash) -> whether they belong together
PasswordCheck = Callable[[str, str, str], bool]


class SignInService:
    """Decides who is signed in. The browser holds a random token; the database holds its hash.

    Args:
        accounts: Where accounts are kept.
        sessions: Where sessions are kept.
        throttle: Refuses after too many failures.
        audit: Where it is written down.
        session_hours: How long a sign-in lasts.
        demo: Whether sample accounts may sign in, with one click.
        local_accounts: Whether accounts with a password of their own may sign in.
        external_accounts: Whether there is an identity provider whose accounts may sign in.
        now: The clock, for tests.
    """

    def __init__(
        self,
        accounts: AccountRepository,
        sessions: SessionRepository,
        throttle: SignInThrottle,
        audit: AuditTrail,
        *,
        session_hours: int,
        demo: bool = False,
        local_accounts: bool = True,
        external_accounts: bool = False,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._throttle = throttle
        self._audit = audit
        self._lifetime = timedelta(hours=session_hours)
        self._demo = demo
        self._local_accounts = local_accounts
        self._external_accounts = external_accounts
        self._now = now or (lambda: datetime.now(UTC))

    def sign_in(
        self, username: str, password: str, address: str, *, check: PasswordCheck = passwords.password_matches
    ) -> SignedIn:
        """Sign in with a password.

        An account that is unknown, disabled or has no password of its own is checked against a dummy hash: the answer
        is the same and takes as long, and ``check`` can never say yes.

        Args:
            address: Where the person comes from, for throttling.
            check: Compares password and hash.

        Raises:
            AccessError: ``wrong-credentials``, ``too-many-sign-ins`` with the wait in the remedy, or
                ``no-local-accounts`` where these are switched off.
        """
        if not self._local_accounts:
            raise AccessError(
                "Signing in with a password is switched off.",
                code="no-local-accounts",
                remedy="Sign in with your company account.",
            )
        name = normalize_username(username)[:128]
        now = self._now()
        try:
            self._throttle.begin(name, address, now)
        except AccessError:
            self._audit.record("sign-in-throttled", subject=self._known_name(name))
            raise
        credentials = self._accounts.get_credentials(name) if name else None
        usable = credentials is not None and _has_usable_password(credentials.account)
        expected = credentials.password_hash if credentials is not None and usable else passwords.DUMMY_HASH
        matches = check(name, password, expected)
        if credentials is None or not usable or not matches:
            self._audit.record("sign-in-failed", subject=self._known_name(name))
            raise AccessError(
                "The user name or the password is wrong.",
                code="wrong-credentials",
                remedy="Check both and try again, or ask an administrator for a new password.",
            )
        self._throttle.succeeded(name, now)
        return self._open_session(credentials, "sign-in")

    def sign_in_sample(self, username: str) -> SignedIn:
        """Sign in to a sample account with one click; only in demo mode.

        Raises:
            AccessError: not in demo mode, or not a sample account.
        """
        credentials = self._accounts.get_credentials(normalize_username(username)) if self._demo else None
        if credentials is None or not credentials.account.sample or credentials.account.disabled:
            self._audit.record("sign-in-failed", subject=self._known_name(username), one_click=True)
            raise AccessError(
                "Signing in without a password works only for sample accounts in demo mode.",
                code="not-a-sample-account",
                remedy="Sign in with your user name and password.",
            )
        return self._open_session(credentials, "sign-in-sample")

    def open_external(self, username: str) -> SignedIn:
        """Open a session for an account that an identity provider has just vouched for.

        Raises:
            AccessError: no provider vouches for this account, or it is disabled.
        """
        credentials = self._accounts.get_credentials(username)
        if credentials is None or credentials.account.issuer is None or not self._may_be_signed_in(credentials.account):
            raise AccessError("This account does not sign in at an identity provider.", code="not-external")
        return self._open_session(credentials, "sign-in-external")

    def resume(self, token: str) -> SignedIn | None:
        """Who this token belongs to, or None when the session is over for whatever reason.

        Asked at every run of a page, so that sign-out, disabling and a new password take effect at once.
        """
        session = self._sessions.get_session(_session_id(token))
        if session is None or session.revoked_at is not None or session.expires_at <= self._now():
            return None
        credentials = self._accounts.get_credentials(session.username)
        if credentials is None or credentials.session_epoch != session.session_epoch:
            return None
        if not self._may_be_signed_in(credentials.account):
            return None
        return SignedIn(credentials.account, token, session.expires_at)

    def sign_out(self, token: str) -> None:
        """End the session of this token; a copy of the cookie is worthless from now on."""
        session = self._sessions.get_session(_session_id(token))
        if session is not None and session.revoked_at is None:
            self._sessions.revoke_session(session.id, self._now())
            self._audit.record("sign-out", username=session.username)

    def sample_accounts(self) -> list[Account]:
        """The accounts that sign in with one click: none unless in demo mode."""
        if not self._demo:
            return []
        return [account for account in self._accounts.list_accounts() if account.sample and not account.disabled]

    def _may_be_signed_in(self, account: Account) -> bool:
        if account.disabled:
            return False
        if account.sample:
            return self._demo
        return self._local_accounts if account.issuer is None else self._external_accounts

    def _open_session(self, credentials: Credentials, action: str) -> SignedIn:
        now = self._now()
        token = secrets.token_urlsafe(32)
        username = credentials.account.username
        self._sessions.delete_expired(now)
        self._sessions.insert_session(
            Session(_session_id(token), username, credentials.session_epoch, now, now + self._lifetime)
        )
        self._audit.record(action, username=username)
        return SignedIn(credentials.account, token, now + self._lifetime)

    def _known_name(self, username: str) -> str:
        # People type passwords into the name field: only names that exist are written down.
        return username if self._accounts.get_account(username) else "unknown account"


def _has_usable_password(account: Account) -> bool:
    return not (account.disabled or account.sample or account.issuer is not None)


def _session_id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
