"""Built files wait on the disk until they are fetched."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import BinaryIO

import pytest

from services.errors import BackendUnavailableError, NotFoundError
from services.surveys.exports.built_files import BuiltExports


def hello(file: BinaryIO) -> None:
    file.write(b"hello")


def test_a_built_file_is_found_by_its_id_in_its_tenant_alone(tmp_path: Path) -> None:
    built = BuiltExports(tmp_path)
    one, other = (built.build("pharmacy", "s1", "coffee app.csv", hello) for _ in range(2))
    assert one.id != other.id
    assert (one.path.name, one.size_bytes, one.path.read_bytes()) == ("coffee app.csv", 5, b"hello")
    assert built.find("pharmacy", one.id) == one
    for tenant_id, export_id in (("clinic", one.id), ("pharmacy", "0" * 32), ("pharmacy", "../pharmacy"), ("", "")):
        with pytest.raises(NotFoundError) as caught:
            built.find(tenant_id, export_id)
        assert caught.value.code == "export-missing"


def test_a_deleted_file_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    built = BuiltExports(tmp_path)
    one, other = (built.build("pharmacy", "s1", "a.csv", hello) for _ in range(2))
    built.delete(one)
    built.delete(one)
    with pytest.raises(NotFoundError):
        built.find("pharmacy", one.id)
    assert built.find("pharmacy", other.id) == other


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("no"), OSError(errno.EIO, "bad disk")])
def test_what_is_broken_off_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise error

    with pytest.raises(type(error)):
        BuiltExports(tmp_path).build("pharmacy", "s1", "a.csv", fail)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_full_disk_is_said_with_a_remedy(tmp_path: Path) -> None:
    def fail(_file: BinaryIO) -> None:
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(BackendUnavailableError) as caught:
        BuiltExports(tmp_path).build("pharmacy", "s1", "a.csv", fail)
    assert caught.value.code == "disk-full"
    assert "make room" in caught.value.remedy


def test_files_of_earlier_are_deleted_after_some_hours(tmp_path: Path) -> None:
    now = 0.0
    built = BuiltExports(tmp_path, now=lambda: now)
    old = built.build("pharmacy", "s1", "a.csv", hello)
    now = old.path.stat().st_mtime + 5 * 3600
    newer = built.build("pharmacy", "s1", "a.csv", hello)
    assert built.find("pharmacy", old.id) == old
    now += 2 * 3600
    built.build("clinic", "s2", "a.csv", hello)
    with pytest.raises(NotFoundError):
        built.find("pharmacy", old.id)
    # By the clock of the disk it is as old.
    with pytest.raises(NotFoundError):
        built.find("pharmacy", newer.id)


def test_without_a_folder_a_temporary_one_is_made_when_it_is_needed() -> None:
    built = BuiltExports()
    one = built.build("pharmacy", "s1", "a.csv", hello)
    try:
        assert one.path.parents[3].stat().st_mode & 0o077 == 0
    finally:
        shutil.rmtree(one.path.parents[3])


def test_files_of_a_survey_are_forgotten_with_it(tmp_path: Path) -> None:
    built = BuiltExports(tmp_path)
    one, other = (built.build("pharmacy", survey, "a.csv", hello) for survey in ("s1", "s2"))
    built.forget("pharmacy", "s1")
    built.forget("pharmacy", "s1")
    assert not one.path.exists()
    assert built.find("pharmacy", other.id) == other
