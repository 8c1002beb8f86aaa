"""Fetching a segmentation network, without any network."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.backends.local.mattes.cutter import LocalSubjectCutter
from services.backends.local.mattes.model_fetching import fetch_network, rembg_download
from services.errors import BackendMisconfiguredError, BackendUnavailableError
from tests.unit.images.mattes.tiny_network import write_tiny_network


def good_download(name: str, folder: Path) -> Path:
    return write_tiny_network(folder / f"{name}.onnx")


def bad_download(name: str, folder: Path) -> Path:
    file = folder / f"{name}.onnx"
    file.write_bytes(b"<html>Not here</html>")
    return file


def full_disk(name: str, folder: Path) -> Path:
    raise OSError(28, "No space left on device")


def test_fetched_network_is_checked_and_used_from_then_on(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    file = fetch_network("u2net", folder, good_download)
    assert [entry.name for entry in folder.iterdir()] == ["u2net.onnx"]
    assert file == folder / "u2net.onnx"
    LocalSubjectCutter(folder).check_ready()
    assert LocalSubjectCutter(folder).name != LocalSubjectCutter(tmp_path / "none").name


def test_file_that_is_no_network_is_not_kept(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    with pytest.raises(BackendMisconfiguredError):
        fetch_network("u2net", folder, bad_download)
    assert list(folder.iterdir()) == []


def test_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError) as raised:
        fetch_network("u2net", tmp_path / "models", full_disk)
    assert raised.value.code == "model-not-fetched"
    assert list((tmp_path / "models").iterdir()) == []


def test_without_rembg_people_are_told_what_to_do(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    try:
        import rembg  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        with pytest.raises(BackendMisconfiguredError) as raised:
            rembg_download("u2net", tmp_path)
        assert raised.value.code == "rembg-missing"
        assert "models" in raised.value.remedy
    else:
        pytest.skip("rembg is installed")
