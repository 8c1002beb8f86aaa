"""Zip archives: a bad entry is a failure of its own, a bomb stops before it is unpacked, the others load."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest

from services.knowledge.loading import LoadedFile, load_path
from services.knowledge.loading.archives import ArchiveLimits, load_archive
from services.knowledge.loading.files import InProcessParser
from tests.unit.knowledge.loading.samples import LIMIT_BYTES, make_docx, make_zip

LIMITS = ArchiveLimits(file_bytes=LIMIT_BYTES)


def load(archive: bytes | BinaryIO, limits: ArchiveLimits = LIMITS) -> list[LoadedFile]:
    file = io.BytesIO(archive) if isinstance(archive, bytes) else archive
    return list(load_archive("a.zip", file, limits=limits, parser=InProcessParser(limits.file_bytes)))


def codes(loaded: list[LoadedFile]) -> list[str]:
    return [failure.code for file in loaded for failure in file.failures]


def one_entry(entry: zipfile.ZipInfo, data: bytes = b"Some text.") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(entry, data)
        archive.writestr("good.md", "Other text.")
    return stream.getvalue()


def assert_only_the_good_one_loads(archive: bytes, code: str) -> None:
    loaded = load(archive)

    assert codes(loaded) == [code]
    assert [document.id for file in loaded for document in file.documents] == ["good.md"]
    for file in loaded:
        assert all(failure.remedy and failure.cause.endswith(".") for failure in file.failures)


def test_entries_are_documents_with_their_paths_as_ids() -> None:
    loaded = load(make_zip({"policies/returns.md": b"# Returns\n\nText.", "letter.docx": make_docx()}))

    assert [file.documents[0].id for file in loaded] == ["policies/returns.md", "letter.docx"]
    with loaded[0].open_data() as stream:
        assert stream.read() == b"# Returns\n\nText."


@pytest.mark.parametrize(
    "name",
    ["../evil.md", "a/../../evil.md", "/etc/evil.md", "C:\\evil.md", "C:evil.md", "..\\evil.md", "\\\\host\\evil.md"],
)
def test_name_that_leads_out_of_the_archive_is_refused(name: str) -> None:
    assert_only_the_good_one_loads(one_entry(zipfile.ZipInfo(name)), "unsafe-name")


@pytest.mark.parametrize("name", ["a\nb.md", "a\x1b[31m.md", "x" * 500 + ".md", "a//b.md", "./b.md", "a\u202egnp.md"])
def test_name_that_cannot_be_used_is_refused(name: str) -> None:
    assert_only_the_good_one_loads(one_entry(zipfile.ZipInfo(name)), "odd-name")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(kind: int) -> None:
    entry = zipfile.ZipInfo("link.md")
    entry.external_attr = (kind | 0o777) << 16

    assert_only_the_good_one_loads(one_entry(entry, b"/etc/passwd"), "archive-link")


def test_encrypted_entry_is_refused() -> None:
    archive = bytearray(make_zip({"secret.md": b"Some text.", "good.md": b"Other text."}))
    archive[6] |= 1
    directory = archive.index(b"PK\x01\x02")
    archive[directory + 8] |= 1

    assert_only_the_good_one_loads(bytes(archive), "archive-password")


def test_unusual_packing_is_refused() -> None:
    entry = zipfile.ZipInfo("a.md")
    entry.compress_type = zipfile.ZIP_LZMA

    assert_only_the_good_one_loads(one_entry(entry), "archive-method")


@pytest.mark.parametrize("name", ["inner.zip", "inner.md"])
def test_archive_in_the_archive_is_refused_whatever_its_name(name: str) -> None:
    assert_only_the_good_one_loads(
        make_zip({name: make_zip({"a.md": b"x"}), "good.md": b"Other text."}), "nested-archive"
    )


def test_damaged_entry_is_refused() -> None:
    archive = bytearray(make_zip({"a.md": b"Some text." * 50, "good.md": b"Other text."}))
    archive[40] ^= 0xFF

    assert_only_the_good_one_loads(bytes(archive), "archive-damaged")


def test_second_entry_of_a_name_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("good.md", "First.")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("good.md", "Second.")

    loaded = load(stream.getvalue())

    assert codes(loaded) == ["duplicate-name"]
    assert [document.text for file in loaded for document in file.documents] == ["First."]


def test_same_text_twice_is_a_warning() -> None:
    loaded = load(make_zip({"a.md": b"Some text.", "b.txt": b"Some text."}))

    assert [[warning.code for warning in file.warnings] for file in loaded] == [[], ["duplicate-content"]]
    assert "a.md" in loaded[1].warnings[0].cause


def test_what_macos_adds_and_hidden_files_are_skipped() -> None:
    names = ("__MACOSX/._a.md", "a/.DS_Store", ".git/config", "~$a.docx", "Thumbs.db", "a/")
    loaded = load(make_zip({**dict.fromkeys(names, b"x"), "good.md": b"Other text."}))

    assert [file.source_name for file in loaded] == ["good.md"]


def test_names_of_other_systems_are_understood() -> None:
    assert [file.source_name for file in load(make_zip({"a\\b.md": b"Some text."}))] == ["a/b.md"]
    archive = make_zip({"caf__.md": b"Some text."}).replace(b"caf__", "café".encode())
    assert [file.source_name for file in load(archive)] == ["café.md"]


def test_file_over_the_limit_is_refused_unread() -> None:
    loaded = load(make_zip({"a.md": b"0123456789" * 100, "good.md": b"Other."}), ArchiveLimits(file_bytes=100))

    assert codes(loaded) == ["too-large"]
    assert loaded[1].documents


def test_bomb_is_refused_without_filling_memory() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("bomb.txt", "w") as entry:
            for _ in range(300):
                entry.write(bytes(1_000_000))
        archive.writestr("good.md", "Other text.")
    limits = ArchiveLimits(file_bytes=1_000_000_000)

    tracemalloc.start()
    loaded = load(stream.getvalue(), limits)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert codes(loaded) == ["zip-bomb"]
    assert loaded[1].documents
    assert peak_bytes < 20_000_000


def test_entry_that_declares_less_than_it_holds_is_cut_off_and_refused() -> None:
    archive = bytearray(make_zip({"a.txt": b"word " * 200_000, "good.md": b"Other text."}))
    directory = archive.index(b"PK\x01\x02")
    for place in (22, directory + 24):
        struct.pack_into("<L", archive, place, 1_000)

    assert_only_the_good_one_loads(bytes(archive), "archive-damaged")


def test_everything_together_has_a_limit_and_what_came_before_it_loads() -> None:
    parts = {f"{index}.txt": f"Text {index}. ".encode() * 1_000 for index in range(10)}

    loaded = load(make_zip(parts), ArchiveLimits(file_bytes=LIMIT_BYTES, total_bytes=30_000))

    assert sum(bool(file.documents) for file in loaded) == 3
    assert codes(loaded) == ["archive-too-large"]
    assert "7 files" in loaded[-1].failures[0].cause


def test_hundred_thousand_tiny_files_are_one_failure_that_names_the_limit() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for index in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{index}.txt"), b"x")

    (loaded,) = load(stream.getvalue())

    assert [failure.code for failure in loaded.failures] == ["too-many-entries"]
    assert "10,000 files" in loaded.failures[0].cause


def test_count_that_the_archive_claims_is_not_believed() -> None:
    archive = bytearray(make_zip({f"{index}.txt": b"x" for index in range(50)}))
    end = archive.rindex(b"PK\x05\x06")
    struct.pack_into("<2H", archive, end + 8, 1, 1)

    assert codes(load(bytes(archive), ArchiveLimits(file_bytes=100, entries=20))) == ["too-many-entries"]


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"no archive", b"PK\x03\x04" + bytes(100), bytes(100_000)])
def test_what_is_no_archive_is_a_failure(data: bytes) -> None:
    assert codes(load(data)) == ["archive-damaged"]


def test_archive_without_files_is_a_failure() -> None:
    assert codes(load(make_zip({}))) == ["empty-archive"]
    assert codes(load(make_zip({"folder/": b"", "__MACOSX/x": b"x"}))) == ["empty-archive"]


def test_archive_on_disk_is_loaded_and_in_a_folder_its_name_leads_the_ids(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(make_zip({"sub/a.md": b"Some text."}))
    (tmp_path / "c.md").write_bytes(b"Other text.")

    (alone,) = load_path(tmp_path / "b.zip", max_file_bytes=LIMIT_BYTES)
    in_folder = list(load_path(tmp_path, max_file_bytes=LIMIT_BYTES))

    assert alone.documents[0].id == "sub/a.md"
    assert [file.documents[0].id for file in in_folder] == ["b.zip/sub/a.md", "c.md"]
