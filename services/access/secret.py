"""The secret key of this installation: given by a setting, or made once and kept in the app's folder."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from services.errors import ConfigurationError

FILE_NAME = "cookie_secret"
LEAST_CHARACTERS = 32


def load_secret(home: Path, configured: SecretStr | None) -> SecretStr:
    """The configured secret, or the one kept in ``home``, made there with mode 0600 when missing.

    Raises:
        ConfigurationError: the configured secret is too short, or the file cannot be written.
    """
    if configured is not None:
        if len(configured.get_secret_value()) < LEAST_CHARACTERS:
            raise ConfigurationError(
                f"FRONTLINE_COOKIE_SECRET has fewer than {LEAST_CHARACTERS} characters.",
                code="cookie-secret-too-short",
                remedy='Make one with: python -c "import secrets; print(secrets.token_hex(32))"',
            )
        return configured
    path = home / FILE_NAME
    try:
        _create_once(path)
        secret = path.read_text(encoding="ascii").strip()
    except OSError as exc:
        raise ConfigurationError(
            "The key for the sign-in cookie cannot be kept in FRONTLINE_HOME.",
            code="cookie-secret-not-writable",
            remedy="Make FRONTLINE_HOME writable for the app, or set FRONTLINE_COOKIE_SECRET.",
        ) from exc
    if len(secret) < LEAST_CHARACTERS:
        raise ConfigurationError(
            f"The file {FILE_NAME} in FRONTLINE_HOME is damaged.",
            code="cookie-secret-damaged",
            remedy="Delete it; a new one is made at the next start, and everybody signs in again.",
        )
    return SecretStr(secret)


def _create_once(path: Path) -> None:
    # Written aside and linked into place: a second process that starts now sees no file or a whole one.
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        os.link(draft, path)
    except FileExistsError:
        pass  # the other process was first; its secret is the one
    finally:
        draft.unlink()


def derive_key(secret: SecretStr, purpose: str) -> bytes:
    """A key for one purpose only, so that one use tells nothing about another."""
    return hmac.digest(secret.get_secret_value().encode(), f"frontline/{purpose}".encode(), hashlib.sha256)
