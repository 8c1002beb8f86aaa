"""The key that signs the cookie."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.access.secret import FILE_NAME, derive_key, load_secret
from services.errors import ConfigurationError


def test_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = load_secret(tmp_path, None)
    assert load_secret(tmp_path, None).get_secret_value() == first.get_secret_value()
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_processes_that_start_together_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = {secret.get_secret_value() for secret in pool.map(lambda _: load_secret(tmp_path, None), range(8))}
    assert len(found) == 1


def test_configured_secret_wins_and_must_be_long(tmp_path: Path) -> None:
    assert load_secret(tmp_path, SecretStr("s" * 32)).get_secret_value() == "s" * 32
    with pytest.raises(ConfigurationError):
        load_secret(tmp_path, SecretStr("short"))


def test_each_purpose_has_a_key_of_its_own() -> None:
    secret = SecretStr("s" * 32)
    assert derive_key(secret, "one") != derive_key(secret, "two")
