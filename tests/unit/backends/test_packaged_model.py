"""Where the exported embedding model comes from."""

from __future__ import annotations

from pathlib import Path

from services.backends.local.packaged_model import ensure_exported_model, exported_model_path, installed_model_path


def placed(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a model")
    return path


def test_file_that_came_with_the_installation_is_taken_and_nothing_is_written(tmp_path: Path) -> None:
    installed = placed(installed_model_path(tmp_path / "environment"))
    assert ensure_exported_model(tmp_path / "home", tmp_path / "environment") == installed
    assert not (tmp_path / "home").exists()


def test_file_in_the_home_is_taken_where_the_installation_brought_none(tmp_path: Path) -> None:
    exported = placed(exported_model_path(tmp_path / "home"))
    assert ensure_exported_model(tmp_path / "home", tmp_path / "environment") == exported
