"""The contract of FileStore: a folder, a bucket over S3, and the fake."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.errors import BackendUnavailableError
from services.ports.knowledge import FileStore
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

    def test_check_leaves_no_file(self, files: FileStore, tmp_path: Path) -> None:
        files.check_ready()
        assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]

    def test_folder_that_cannot_be_written_is_explained(self, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file where the folder should be", encoding="utf-8")
        with pytest.raises(BackendUnavailableError) as caught:
            RootedFiles(str(tmp_path / "taken")).check_ready()
        assert caught.value.code == "storage-unavailable"
        assert str(tmp_path) not in caught.value.message_for_user


class TestRootedFilesOverS3(FileStoreContract):
    @pytest.fixture
    def files(self, s3_root: str) -> FileStore:
        return RootedFiles(s3_root)

    def test_file_lies_below_the_prefix(self, files: FileStore, s3_root: str) -> None:
        import boto3

        files.write("a/b", b"words")
        listed = boto3.client("s3").list_objects_v2(Bucket="frontline", Prefix=s3_root.split("/", 3)[3])
        assert [entry["Key"] for entry in listed["Contents"]] == [s3_root.split("/", 3)[3] + "/a/b"]

    def test_missing_bucket_is_our_error(self, s3_root: str) -> None:
        files = RootedFiles(s3_root.replace("frontline", "no-such-bucket"))
        for call in (lambda: files.write("a", b"words"), lambda: files.read("a"), lambda: files.exists("a")):
            with pytest.raises(BackendUnavailableError):
                call()


class TestFakeFiles(FileStoreContract):
    @pytest.fixture
    def files(self) -> FileStore:
        return FakeFiles()
