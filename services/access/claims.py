"""What the claims of an identity provider say about a person."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from services.access.accounts import LONGEST_NAME_CHARACTERS, USERNAME, normalize_username
from services.access.models import ExternalIdentity
from services.access.refusals import refused

MOST_ISSUER_CHARACTERS = 400
MOST_SUBJECT_CHARACTERS = 255  # by OpenID Connect


def identity_from(claims: Mapping[str, object], groups_claim: str) -> ExternalIdentity:
    """The person, from claims that were verified.

    Args:
        groups_claim: Name of the claim that holds the groups; where no claim is called so, dots lead into objects, as
            in ``realm_access.roles``.

    Raises:
        AccessError: ``no-identity``: issuer or subject is missing or too long to be kept.
    """
    issuer, subject = _text(claims, "iss"), _text(claims, "sub")
    if not (0 < len(issuer) <= MOST_ISSUER_CHARACTERS and 0 < len(subject) <= MOST_SUBJECT_CHARACTERS):
        raise refused("no-identity")
    usernames = tuple(dict.fromkeys(_usernames(claims)))
    return ExternalIdentity(
        issuer, subject, usernames, _display_name(claims, usernames), groups_in(claims, groups_claim)
    )


def groups_in(claims: Mapping[str, object], groups_claim: str) -> frozenset[str]:
    """The groups in the claims; one that is written as a text instead of a list is one group."""
    found = claims.get(groups_claim)
    if found is None:
        found = claims
        for part in groups_claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        found = [found]
    return frozenset(group for group in found if isinstance(group, str)) if isinstance(found, list) else frozenset()


def _usernames(claims: Mapping[str, object]) -> Iterator[str]:
    # Notices go to names that are addresses: an address that the provider calls unverified may be somebody else's.
    verified = claims.get("email_verified", True) not in {False, "false"}
    for claim in ("email", "preferred_username", "cognito:username"):
        name = normalize_username(_text(claims, claim))
        if USERNAME.fullmatch(name) and (verified or "@" not in name):
            yield name


def _display_name(claims: Mapping[str, object], usernames: tuple[str, ...]) -> str:
    both = f"{_text(claims, 'given_name')} {_text(claims, 'family_name')}"
    for text in (_text(claims, "name"), both, *usernames):
        # No line breaks, no marks that turn the direction of what follows.
        plain = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in text)
        name = " ".join(plain.split())[:LONGEST_NAME_CHARACTERS].strip()
        if name:
            return name
    return "Signed in by the company"


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
