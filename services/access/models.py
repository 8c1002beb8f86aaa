"""Who may do what: accounts, roles, tenants."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an account works on; an admin keeps the knowledge base and may open every page."""

    AGENT = "agent"
    MARKETER = "marketer"
    ANALYST = "analyst"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer-facing unit with a knowledge base of its own.

    Attributes:
        id: Lower-case slug, such as ``pharmacy``; what commands and settings use.
        name: What people read, such as "Harborview Pharmacy".
        archived: Not offered to anybody and not answering; nothing of it is lost.
    """

    id: str
    name: str
    published_snapshot: int | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A person who signs in, and the tenants whose data they may see.

    Attributes:
        issuer: The identity provider that vouches for the person; None for an account with a password of its own.
    """

    username: str
    display_name: str
    role: Role
    tenant_ids: tuple[str, ...]
    disabled: bool = False
    sample: bool = False
    created_at: datetime | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """Who an identity provider says that somebody is.

    Attributes:
        issuer: Which provider says so.
        subject: What it calls the person for ever; together with the issuer the only thing that an account is known by.
        usernames: What the account could be called, best first; all of them are usable user names, none may be free.
        groups: As the provider writes them.
    """

    issuer: str
    subject: str
    usernames: tuple[str, ...]
    display_name: str
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Departure:
    """A browser that is sent to the identity provider, and what is needed to know it when it comes back.

    Attributes:
        url: Where it is sent.
        state: Comes back with it; says which departure this was.
        nonce: Stands in the ID token that is made for this departure.
        verifier: Proves to the provider that the one who left is the one who came back (PKCE).
    """

    url: str
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account together with what proves it; never leaves the services.

    Attributes:
        session_epoch: Sessions made under an older epoch are over.
    """

    account: Account
    password_hash: str = field(repr=False)
    session_epoch: int


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser, known by the hash of its token."""

    id: str
    username: str
    session_epoch: int
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The result of a sign-in: who it is, and the token that the browser keeps.

    Attributes:
        token: Secret of this one browser; the database holds only its hash.
    """

    account: Account
    token: str = field(repr=False)
    expires_at: datetime
