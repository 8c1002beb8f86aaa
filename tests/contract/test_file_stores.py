"""The contract of FileStore: a folder, and the fake; the bucket stands in test_s3_files.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.errors import BackendUnavailableError
from services.ports.files import FileStore
from services.storage.files import RootedFiles
from tests.contract.file_store import FileStoreContract
from tests.fakes import FakeFiles


class TestRootedFilesInAFolder(FileStoreContract):
    @pytest.fixture
    def files(self, tmp_path: Path) -> FileStore:
        return RootedFiles(str(tmp_path / "files"))

    def test_interrupted_write_leaves_the_file_before(self, files: FileStore, tmp_path: Path) -> None:
        files.write("a/b", b"first")
        with pytest.raises(BackendUnavailableError):
            files.write("a/b", "no bytes")  # type: ignore[arg-type]
        assert files.read("a/b") == b"first"

    def test_interrupted_write_leaves_no_file_of_its_own(self, files: FileStore, tmp_path: Path) -> None:
        files.write("a/b", b"first")
        for write in (files.write, files.write_new):
            with pytest.raises(BackendUnavailableError):
                write("a/c", "no bytes")  # type: ignore[arg-type]
        with pytest.raises(BackendUnavailableError):
            files.write_from("a/d", tmp_path / "nowhere")
        assert [path.name for path in (tmp_path / "files" / "a").iterdir()] == ["b"]

    def test_folder_gives_no_links(self, files: FileStore) -> None:
        files.write("a/b", b"words")
        assert files.link("a/b", seconds=60, download_name="b") is None

    def test_check_leaves_no_file(self, files: FileStore, tmp_path: Path) -> None:
        files.check_ready()
        assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]

    def test_folder_that_cannot_be_written_is_explained(self, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file where the folder should be", encoding="utf-8")
        with pytest.raises(BackendUnavailableError) as caught:
            RootedFiles(str(tmp_path / "taken")).check_ready()
        assert caught.value.code == "storage-unavailable"
        assert str(tmp_path) not in caught.value.message_for_user


class TestFakeFiles(FileStoreContract):
    @pytest.fixture
    def files(self) -> FileStore:
        return FakeFiles()

    def test_fake_gives_links_when_told(self, files: FakeFiles) -> None:
        files.links = "https://files.test"
        assert files.link("a/b", seconds=60, download_name="b.txt") == "https://files.test/a/b?seconds=60&as=b.txt"
