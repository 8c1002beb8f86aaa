"""Homes with the embedding model, and with the sample tenants."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import run_command


def home_with_model(home: Path, model_home: Path) -> Path:
    """An empty FRONTLINE_HOME that need not export the model again."""
    home.mkdir()
    (home / "models").symlink_to(model_home / "models", target_is_directory=True)
    return home


@pytest.fixture(scope="session")
def sample_home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with both sample tenants loaded, published and calibrated; only for reading."""
    home = home_with_model(tmp_path_factory.mktemp("sample") / "home", model_home)
    ended = run_command(home, "load-sample")
    assert (ended.code, ended.err) == (0, "")
    return home


@pytest.fixture(scope="module")
def empty_home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home without any tenant, for the tests of one module."""
    return home_with_model(tmp_path_factory.mktemp("empty") / "home", model_home)
