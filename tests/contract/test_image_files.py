"""The contract of ImageFiles beyond that of FileStore: what is stored can be removed. A folder, S3, and the fake."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.clients import AwsClients
from services.backends.file_backends import build_files
from services.errors import BackendUnavailableError, NotFoundError
from services.ports.images import ImageFiles
from services.settings import load_settings
from services.storage.files import RootedFiles
from tests.contract.file_store import OUTSIDE_NAMES, FileStoreContract
from tests.image_fakes import FakeFiles


class ImageFilesContract:
    """Give a fixture ``files`` that is empty."""

    @pytest.fixture
    def files(self) -> ImageFiles:
        raise NotImplementedError

    def test_deleted_file_is_gone_and_leaves_its_neighbors(self, files: ImageFiles) -> None:
        for name in ("images/pharmacy/a", "images/pharmacy/ab", "images/pharmacy/a.png"):
            files.write(name, b"words")
        files.delete("images/pharmacy/a")
        assert [files.exists(f"images/pharmacy/{name}") for name in ("a", "ab", "a.png")] == [False, True, True]
        with pytest.raises(NotFoundError) as caught:
            files.read("images/pharmacy/a")
        assert caught.value.code == "file-missing"

    def test_deleting_what_is_not_there_does_nothing(self, files: ImageFiles) -> None:
        files.delete("images/pharmacy/none")
        files.write("images/pharmacy/a", b"words")
        for _ in range(2):
            files.delete("images/pharmacy/a")
        files.delete("images/pharmacy/a/b")
        assert not files.exists("images/pharmacy/a")

    def test_deleted_file_can_be_written_anew(self, files: ImageFiles) -> None:
        files.write("a/b", b"first")
        files.read("a/b")
        files.delete("a/b")
        files.write("a/b", b"second")
        assert files.read("a/b") == b"second"

    @pytest.mark.parametrize("name", OUTSIDE_NAMES)
    def test_name_that_leads_outside_is_not_deleted(self, files: ImageFiles, name: str) -> None:
        with pytest.raises(NotFoundError):
            files.delete(name)


class TestFilesInAFolder(ImageFilesContract):
    @pytest.fixture
    def files(self, tmp_path: Path) -> ImageFiles:
        return RootedFiles(str(tmp_path / "files"))

    def test_folder_is_not_deleted_as_if_it_were_a_file(self, files: ImageFiles) -> None:
        files.write("a/b", b"words")
        with pytest.raises(BackendUnavailableError) as caught:
            files.delete("a")
        assert caught.value.code == "storage-unavailable"
        assert files.read("a/b") == b"words"


class TestFilesOverS3(ImageFilesContract):
    @pytest.fixture
    def files(self, s3_root: str) -> ImageFiles:
        return build_files(load_settings(storage_root=s3_root), AwsAccess(AwsClients()))


class TestFakeFiles(ImageFilesContract, FileStoreContract):
    @pytest.fixture
    def files(self) -> FakeFiles:
        return FakeFiles()

    def test_broken_storage_says_so(self, files: FakeFiles) -> None:
        files.broken = True
        for call in (lambda: files.write("a", b""), lambda: files.read("a"), lambda: files.delete("a")):
            with pytest.raises(BackendUnavailableError):
                call()
