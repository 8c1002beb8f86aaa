"""What every FileStore holds; a test class for one adapter inherits it and gives the fixture ``files``."""

from __future__ import annotations

import pytest

from services.errors import NotFoundError
from services.ports.knowledge import FileStore

OUTSIDE_NAMES = ["/etc/passwd", "../secret", "a/../../secret", "..", ""]


class FileStoreContract:
    """Give a fixture ``files`` that is empty."""

    @pytest.mark.parametrize("data", [b"", b"words", bytes(range(256)) * 4096])
    def test_file_comes_back_as_it_was_written(self, files: FileStore, data: bytes) -> None:
        files.write("originals/pharmacy/ab/abc", data)
        assert files.read("originals/pharmacy/ab/abc") == data

    def test_written_file_replaces_the_one_before(self, files: FileStore) -> None:
        files.write("a/b", b"first, and longer")
        assert files.read("a/b") == b"first, and longer"
        files.write("a/b", b"second")
        assert files.read("a/b") == b"second"

    def test_file_exists_once_it_was_written(self, files: FileStore) -> None:
        assert not files.exists("a/b")
        files.write("a/b", b"words")
        assert files.exists("a/b")
        assert not files.exists("a/c")

    def test_names_with_spaces_and_accents_work(self, files: FileStore) -> None:
        files.write("a/Été – 100%.pdf", b"words")
        assert files.read("a/Été – 100%.pdf") == b"words"

    def test_missing_file_is_not_found(self, files: FileStore) -> None:
        with pytest.raises(NotFoundError) as caught:
            files.read("a/b")
        assert caught.value.code == "file-missing"

    @pytest.mark.parametrize("name", OUTSIDE_NAMES)
    def test_name_that_leads_outside_is_refused(self, files: FileStore, name: str) -> None:
        for call in (lambda: files.write(name, b"words"), lambda: files.read(name), lambda: files.exists(name)):
            with pytest.raises(NotFoundError):
                call()

    def test_deleted_folder_takes_all_that_lies_below_it_and_nothing_beside_it(self, files: FileStore) -> None:
        for name in ("a/b/c", "a/b/d/e", "a/bc", "a/f"):
            files.write(name, b"words")
        files.delete_folder("a/b")
        files.delete_folder("a/b")
        assert [files.exists(name) for name in ("a/b/c", "a/b/d/e", "a/bc", "a/f")] == [False, False, True, True]

    @pytest.mark.parametrize("name", OUTSIDE_NAMES)
    def test_no_folder_outside_is_deleted(self, files: FileStore, name: str) -> None:
        files.write("a/b", b"words")
        with pytest.raises(NotFoundError):
            files.delete_folder(name)
        assert files.exists("a/b")

    def test_ready_store_says_so_and_leaves_nothing(self, files: FileStore) -> None:
        files.check_ready()
