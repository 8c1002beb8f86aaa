"""Passwords: the rule for new ones and their bcrypt hashes."""

from __future__ import annotations

import bcrypt

from services.errors import InputError

LEAST_CHARACTERS = 12
UNUSABLE_HASH = "!"  # no password has it; sample accounts are kept with it
MOST_BYTES = 72  # bcrypt reads no further, and bcrypt 5 raises instead of cutting off silently

# Checked in place of an unknown account's hash, so that the answer takes as long as for a known one. Its password was
# random and thrown away; the cost is the one that hash_password uses.
DUMMY_HASH = "$2b$12$pbLN4FoOzqyJ6PeZWXaWzuLNTrSp4pnDHOoyCes4f/RiC9TzPmZX6"


def check_new_password(password: str, username: str) -> None:
    """Refuse a password that is too short, too long for bcrypt, or the user name.

    Raises:
        InputError: the message says which.
    """
    if len(password) < LEAST_CHARACTERS:
        raise InputError(
            f"The password has fewer than {LEAST_CHARACTERS} characters.",
            code="password-too-short",
            remedy="Choose a longer one; a few unrelated words work well.",
        )
    if len(password.encode()) > MOST_BYTES:
        raise InputError(
            f"The password is longer than {MOST_BYTES} bytes.",
            code="password-too-long",
            remedy=f"Choose one of at most {MOST_BYTES} letters; accents and symbols count two to four bytes.",
        )
    if password != password.strip() or "\0" in password:
        # streamlit-authenticator strips what is typed, so such a password could never sign in.
        raise InputError(
            "The password starts or ends with a space.",
            code="password-has-spaces",
            remedy="Leave out the space; spaces in the middle are fine.",
        )
    if password.casefold() == username.casefold():
        raise InputError("The password is the user name.", code="password-is-username")


def hash_password(password: str) -> str:
    """A bcrypt hash, as streamlit-authenticator's ``Hasher`` makes it."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt()).decode()


def password_matches(username: str, password: str, password_hash: str) -> bool:
    """Whether the password belongs to the hash; a password that bcrypt cannot read never does."""
    del username  # other checks, such as the one of the sign-in page, need it
    if len(password.encode()) > MOST_BYTES:
        # Spend the same time as for any other wrong password.
        bcrypt.checkpw(b"x", password_hash.encode())
        return False
    return bcrypt.checkpw(password.encode(), password_hash.encode())
