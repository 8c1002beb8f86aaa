"""What every FileStore holds; a test class for one adapter inherits it and gives the fixture ``files``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.errors import ConflictError, NotFoundError
from services.ports.files import FileStore

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

    @pytest.mark.parametrize(
        "name",
        [
            "Été – 100%.pdf",
            "日本語 ファイル.txt",
            "a+b&c=d?e#f.txt",
            "e\u0301 is not \u00e9",
            "quote'\"<>.md",
            "🩺.png",
            "%2e%2e",
        ],
    )
    def test_names_in_any_script_and_with_any_sign_work(self, files: FileStore, name: str) -> None:
        files.write(f"a/b/{name}", b"words")
        assert files.read(f"a/b/{name}") == b"words"
        assert files.exists(f"a/b/{name}")
        files.delete(f"a/b/{name}")
        assert not files.exists(f"a/b/{name}")
        files.write(f"a/b/{name}/c", b"words")
        assert files.folders("a/b") == [name]
        files.delete_folder("a/b")
        assert not files.exists(f"a/b/{name}/c")

    def test_new_file_is_written_once_and_stays(self, files: FileStore) -> None:
        files.write_new("a/b", b"first")
        with pytest.raises(ConflictError) as caught:
            files.write_new("a/b", b"second")
        assert caught.value.code == "file-exists"
        assert files.read("a/b") == b"first"
        files.delete("a/b")
        files.write_new("a/b", b"third")
        assert files.read("a/b") == b"third"

    def test_of_many_who_write_the_same_new_file_one_succeeds(self, files: FileStore) -> None:
        def attempt(number: int) -> int | None:
            try:
                files.write_new("a/b", str(number).encode())
            except ConflictError:
                return None
            return number

        with ThreadPoolExecutor(8) as pool:
            winners = [one for one in pool.map(attempt, range(8)) if one is not None]
        assert [files.read("a/b").decode()] == [str(one) for one in winners]

    @pytest.mark.parametrize("size", [0, 5, 3_000_000])
    def test_file_of_this_machine_is_stored_as_it_is(self, files: FileStore, tmp_path: Path, size: int) -> None:
        source = tmp_path / "source.bin"
        source.write_bytes((bytes(range(251)) * (size // 251 + 1))[:size])
        files.write("a/b", b"before")
        files.write_from("a/b", source)
        assert files.read("a/b") == source.read_bytes()

    def test_folders_are_those_right_below(self, files: FileStore) -> None:
        for name in ("a/b/c", "a/b/d/e", "a/bc/f", "a/g", "h/i"):
            files.write(name, b"words")
        assert files.folders() == ["a", "h"]
        assert files.folders("a") == ["b", "bc"]
        assert files.folders("a/b") == ["d"]
        assert files.folders("nowhere") == []

    def test_link_is_an_address_or_nothing(self, files: FileStore) -> None:
        files.write("a/b", b"words")
        link = files.link("a/b", seconds=60, download_name="b.txt")
        assert link is None or link.startswith(("http://", "https://"))

    def test_missing_file_is_not_found(self, files: FileStore) -> None:
        with pytest.raises(NotFoundError) as caught:
            files.read("a/b")
        assert caught.value.code == "file-missing"

    @pytest.mark.parametrize("name", OUTSIDE_NAMES)
    def test_name_that_leads_outside_is_refused(self, files: FileStore, name: str) -> None:
        for call in (
            lambda: files.write(name, b"words"),
            lambda: files.write_new(name, b"words"),
            lambda: files.read(name),
            lambda: files.exists(name),
            lambda: files.link(name, seconds=60, download_name="b.txt"),
        ):
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
