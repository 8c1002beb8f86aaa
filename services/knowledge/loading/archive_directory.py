"""How many entries a zip archive has, counted in its directory before a library makes an object of each."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from services.errors import InputError

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_LONGEST_COMMENT = 1 << 16
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_ZIP64_LOCATOR_MARK = b"PK\x06\x07"
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_ZIP64_END_MARK = b"PK\x06\x06"
_ENTRY_MARK = b"PK\x01\x02"
_ENTRY_BYTES = 46
_ENTRY_LENGTHS = struct.Struct("<3H")
_ENTRY_LENGTHS_OFFSET = 28
_MEAN_ENTRY_BYTES = 1_000


def check_entry_count(file: BinaryIO, name: str, limit: int) -> None:
    """Refuse an archive with more entries than the limit; what the archive says of itself is not believed.

    Raises:
        InputError: ``too-many-entries``; or ``archive-damaged`` where there is no directory.
        OSError: the file cannot be read.
    """
    size_bytes, offset = _directory(file, name)
    # A directory has 46 bytes per entry and its name; far more than that is refused unread.
    if size_bytes > limit * _MEAN_ENTRY_BYTES:
        raise _too_many(name, limit)
    file.seek(offset)
    directory = file.read(size_bytes)
    count = place = 0
    while directory.startswith(_ENTRY_MARK, place) and place + _ENTRY_BYTES <= len(directory):
        place += _ENTRY_BYTES + sum(_ENTRY_LENGTHS.unpack_from(directory, place + _ENTRY_LENGTHS_OFFSET))
        count += 1
        if count > limit:
            raise _too_many(name, limit)
    file.seek(0)


def _directory(file: BinaryIO, name: str) -> tuple[int, int]:
    """Size and place of the directory in bytes, found as ``zipfile`` finds it, so that both count the same entries."""
    file_bytes = file.seek(0, os.SEEK_END)
    tail_start = max(0, file_bytes - _LONGEST_COMMENT - _END.size)
    file.seek(tail_start)
    tail = file.read(_LONGEST_COMMENT + _END.size)
    has_no_comment = tail[-_END.size :].startswith(_END_MARK) and tail.endswith(b"\0\0")
    place = len(tail) - _END.size if has_no_comment else tail.rfind(_END_MARK)
    if place < 0 or len(tail) - place < _END.size:
        raise _no_directory(name)
    size_bytes = _END.unpack_from(tail, place)[5]
    end = tail_start + place
    zip64_start = end - _ZIP64_LOCATOR.size - _ZIP64_END.size
    if zip64_start >= 0:
        file.seek(zip64_start)
        zip64_end = _ZIP64_END.unpack(file.read(_ZIP64_END.size))
        locator = _ZIP64_LOCATOR.unpack(file.read(_ZIP64_LOCATOR.size))
        if locator[0] == _ZIP64_LOCATOR_MARK and zip64_end[0] == _ZIP64_END_MARK:
            size_bytes, end = zip64_end[8], zip64_start
    # Something may stand before the archive, which moves the directory; it always ends where its end mark begins.
    if size_bytes > end:
        raise _no_directory(name)
    return size_bytes, end - size_bytes


def _too_many(name: str, limit: int) -> InputError:
    return InputError(
        f"{name} holds more than {limit:,} files; nothing of it was loaded.",
        code="too-many-entries",
        remedy="Split the archive and load the parts.",
    )


def _no_directory(name: str) -> InputError:
    return InputError(
        f"{name} is damaged: it cannot be opened as a zip archive.",
        code="archive-damaged",
        remedy="Fetch the archive again from where it came from; the copy may have been interrupted.",
    )
