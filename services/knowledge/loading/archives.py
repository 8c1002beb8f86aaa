"""Zip archives: every entry is checked before it is unpacked, and unpacked only as far as the limits allow."""

from __future__ import annotations

import contextlib
import re
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from services.errors import InputError
from services.knowledge.loading.archive_directory import check_entry_count
from services.knowledge.loading.files import as_failure, is_hidden, shown_name
from services.knowledge.loading.formats import is_archive_name
from services.knowledge.loading.loaded_file import FileParser, LoadedFile, failed_file
from services.knowledge.loading.packages import DAMAGE_ERRORS
from services.knowledge.loading.repeats import Repeats
from services.knowledge.models import LoadFailure

_BLOCK_BYTES = 1 << 20
_LONGEST_NAME = 400
_ENCRYPTED_FLAG, _UTF8_FLAG = 0x1, 0x800
# bzip2 and LZMA are hardly met in archives and cannot be unpacked in bounded pieces here.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DRIVE = re.compile(r"[A-Za-z]:")
_OFFICE_MARK = b"[Content_Types].xml"


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much one archive may hold.

    Attributes:
        file_bytes: Largest entry, unpacked.
        total_bytes: All entries together, unpacked.
        entries: Most entries, folders included.
        ratio: Most bytes that one packed byte may stand for, in entries over 10 MB; honest text stays below 50.
    """

    file_bytes: int
    total_bytes: int = 2_000_000_000
    entries: int = 10_000
    ratio: int = 100


def load_archive(
    name: str,
    file: BinaryIO,
    *,
    limits: ArchiveLimits,
    parser: FileParser,
    repeats: Repeats | None = None,
    prefix: str = "",
) -> Iterator[LoadedFile]:
    """Load the entries of a zip archive in its own order, one in memory at a time; nothing is written to disk.

    Every entry that is refused is a failure of its own and the others load. Hidden files and what macOS adds are
    skipped. An archive in the archive is refused.

    Args:
        name: What the archive is called in messages.
        file: The archive, open for reading, seekable; stays open.
        parser: Who parses the entries.
        repeats: What was loaded before with the same call.
        prefix: Set before the path in the archive, which together are the id of the document.
    """
    repeats = repeats or Repeats()
    try:
        check_entry_count(file, name, limits.entries)
        archive = zipfile.ZipFile(file)
    except InputError as exc:
        yield failed_file(as_failure(name, exc))
        return
    except DAMAGE_ERRORS:
        yield failed_file(_damaged(name))
        return
    is_empty = True
    with archive:
        for loaded in _entries(archive, name, limits, parser, repeats, prefix):
            is_empty = False
            yield loaded
    if is_empty:
        yield failed_file(
            LoadFailure(name, "empty-archive", "There are no files in the archive.", "Choose another archive.")
        )


def _entries(
    archive: zipfile.ZipFile, name: str, limits: ArchiveLimits, parser: FileParser, repeats: Repeats, prefix: str
) -> Iterator[LoadedFile]:
    left_bytes = limits.total_bytes
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith(("/", "\\"))]
    times = Counter(entry.filename for entry in entries)
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        path = _decoded_name(entry)
        if _is_skipped(path):
            continue
        shown = f"{prefix}{_printable(path)}"
        refused = _refused(shown, path, entry, limits)
        if refused is None and times[entry.filename] > 1 and path in seen:
            refused = _duplicate_name(shown)
        seen.add(path)
        if refused is not None:
            yield failed_file(refused)
            continue
        if entry.file_size > left_bytes:
            yield failed_file(_total_exceeded(name, limits, len(entries) - index))
            return
        try:
            data = _read(archive, entry, min(limits.file_bytes, left_bytes))
        except DAMAGE_ERRORS:
            yield failed_file(_entry_damaged(shown))
            continue
        left_bytes -= len(data)
        if _is_archive(data):
            yield failed_file(_nested(shown))
        else:
            yield repeats.check(parser.load_bytes(shown, data))


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit_bytes: int) -> bytes:
    """The unpacked bytes; ``zipfile`` gives no more than the entry declares, and checks its sum at the end.

    Raises:
        OSError: there are more than the limit allows, whatever the entry declares.
    """
    blocks: list[bytes] = []
    size_bytes = 0
    with archive.open(entry) as stream:
        while block := stream.read(_BLOCK_BYTES):
            blocks.append(block)
            size_bytes += len(block)
            if size_bytes > limit_bytes:
                raise OSError("entry is larger than it declares")
    return b"".join(blocks)


def _decoded_name(entry: zipfile.ZipInfo) -> str:
    """The name with ``/`` between its parts; UTF-8 that was not marked as such is recognized."""
    name = entry.filename
    if not entry.flag_bits & _UTF8_FLAG:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", shown_name(name).replace("\\", "/"))


def _printable(path: str) -> str:
    """The name for messages: nothing that cannot be seen, and not endless."""
    visible = "".join(char if char.isprintable() else "\ufffd" for char in path)
    return visible if len(visible) <= _LONGEST_NAME else f"{visible[:_LONGEST_NAME]}…"


def _is_skipped(path: str) -> bool:
    return any(is_hidden(part) and part != ".." for part in path.split("/") if part not in {"", "."})


def _refused(shown: str, path: str, entry: zipfile.ZipInfo, limits: ArchiveLimits) -> LoadFailure | None:
    """Why an entry is not unpacked; None when it may be."""
    parts = path.split("/")
    if path.startswith("/") or _DRIVE.match(path) or ".." in parts:
        return LoadFailure(
            shown,
            "unsafe-name",
            f"The name of {shown} leads out of the archive.",
            "Make the archive anew from the folder that holds the files.",
        )
    if len(path) > _LONGEST_NAME or not all(char.isprintable() for char in path) or "" in parts or "." in parts:
        return LoadFailure(
            shown,
            "odd-name",
            f"The name of {shown} cannot be used: it is too long, or holds characters that names may not have.",
            "Rename the file and make the archive anew.",
        )
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return LoadFailure(
            shown,
            "archive-link",
            f"{shown} is a link or a device, not a file; such entries are not unpacked.",
            "Put the file itself into the archive.",
        )
    if entry.flag_bits & _ENCRYPTED_FLAG:
        return LoadFailure(
            shown,
            "archive-password",
            f"{shown} is protected by a password.",
            "Make the archive without a password, and load it again.",
        )
    if entry.compress_type not in _METHODS:
        return LoadFailure(
            shown,
            "archive-method",
            f"{shown} is packed in a way that is not supported.",
            "Make the archive with the usual settings (Deflate), and load it again.",
        )
    if is_archive_name(path):
        return _nested(shown)
    return _refused_size(shown, entry, limits)


def _refused_size(shown: str, entry: zipfile.ZipInfo, limits: ArchiveLimits) -> LoadFailure | None:
    is_bomb = entry.file_size > 10_000_000 and entry.file_size > limits.ratio * max(1, entry.compress_size)
    if is_bomb:
        return LoadFailure(
            shown,
            "zip-bomb",
            f"{shown} would unpack to {entry.file_size / 1e6:,.0f} MB from {entry.compress_size / 1e6:,.1f} MB, which "
            "no honest document does.",
            "If you trust the file, unpack it and load it on its own.",
        )
    if entry.file_size > limits.file_bytes:
        return LoadFailure(
            shown,
            "too-large",
            f"{shown} has {entry.file_size / 1e6:,.1f} MB; the limit is {limits.file_bytes / 1e6:,.1f} MB.",
            "Split the file, or ask your administrator to raise the limit.",
        )
    return None


def _is_archive(data: bytes) -> bool:
    """Whether an entry is a zip archive under another name; Office files are zip archives too, and documents."""
    return data.startswith(b"PK\x03\x04") and _OFFICE_MARK not in data


def _nested(shown: str) -> LoadFailure:
    return LoadFailure(
        shown,
        "nested-archive",
        f"{shown} is an archive in an archive, which is not unpacked.",
        "Load that archive on its own.",
    )


def _duplicate_name(shown: str) -> LoadFailure:
    return LoadFailure(
        shown,
        "duplicate-name",
        f"The archive holds {shown} more than once; only the first was loaded.",
        "Make the archive anew, with one file of each name.",
    )


def _entry_damaged(shown: str) -> LoadFailure:
    return LoadFailure(
        shown,
        "archive-damaged",
        f"{shown} is damaged in the archive: it cannot be unpacked.",
        "Fetch the archive again from where it came from, or load the file on its own.",
    )


def _total_exceeded(name: str, limits: ArchiveLimits, left_count: int) -> LoadFailure:
    return LoadFailure(
        name,
        "archive-too-large",
        f"{name} unpacks to more than {limits.total_bytes / 1e6:,.0f} MB; its last {left_count:,} files were left out.",
        "Split the archive and load the parts.",
    )


def _damaged(name: str) -> LoadFailure:
    return LoadFailure(
        name,
        "archive-damaged",
        f"{name} is damaged: it cannot be opened as a zip archive.",
        "Fetch the archive again from where it came from; the copy may have been interrupted.",
    )
