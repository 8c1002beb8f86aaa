"""Uploads as a list of single files: zips are unpacked, names are made safe, and no two are the same."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NoReturn

from services.errors import AppError, InputError
from services.images.intake_formats import known_picture
from services.images.intake_limits import ImageUpload, IntakeLimits
from services.knowledge.loading.archives import ArchiveLimits, load_archive
from services.knowledge.loading.files import is_hidden
from services.knowledge.loading.loaded_file import LoadedFile
from services.knowledge.models import LoadFailure

_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_OFFICE_MARK = b"[Content_Types].xml"
_DRIVE = re.compile(r"[A-Za-z]:")
# So that a name with an ending of its own still fits into the 255 bytes that file systems allow.
_LONGEST_PART_BYTES = 200
_LONGEST_SUFFIX_BYTES = 12
_MOST_PARTS = 12
# Where the words of the archive rules are about documents, these are about pictures.
_REWORDED = {
    "nested-archive": (None, "Upload that archive on its own."),
    "empty-archive": ("There are no pictures in the archive.", "Choose another archive."),
    "zip-bomb": (
        "The file would unpack to far more bytes than any photo has.",
        "If you trust the file, unpack it and upload it on its own.",
    ),
    "too-many-entries": (None, "Split the archive and upload the parts."),
    "archive-too-large": (None, "Split the archive and upload the parts."),
}


def unpack(
    uploads: Iterable[ImageUpload], limits: IntakeLimits | None = None, *, taken: Collection[str] = ()
) -> Iterator[ImageUpload]:
    """The single files, one in memory at a time, those of zips with their folders; hidden files are left out.

    What cannot be unpacked comes as an upload whose :meth:`ImageUpload.read` raises why. Names are safe to store: no
    ``..``, no drive, nothing that cannot be printed, at most 200 bytes per part; a name that was there before in any
    spelling of its letters gets `` (2)``.

    Args:
        taken: Names that are in the batch already.

    Raises:
        InputError: there are more files than a batch may have (``too-many-images``).
    """
    limits = limits or IntakeLimits()
    names = _Names(taken)
    room = limits.max_images - len(taken)
    for upload in _single_files(uploads, limits):
        if room <= 0:
            raise InputError(
                f"A batch holds {limits.max_images:,} photos at most.",
                code="too-many-images",
                remedy="Put the others into a second batch.",
            )
        room -= 1
        yield ImageUpload(names.unused(safe_name(upload.name)), upload.data)


def safe_name(name: str) -> str:
    """The name with the folders that it may have, printable and short enough for any file system."""
    text = unicodedata.normalize("NFC", _DRIVE.sub("", name, count=1) if _DRIVE.match(name) else name)
    text = "".join(char if char.isprintable() else "\ufffd" for char in text.replace("\\", "/").replace("\0", ""))
    parts = [part.strip() for part in text.split("/")]
    kept = [_shortened(part) for part in parts if part.strip(".")]
    return "/".join(kept[-_MOST_PARTS:]) or "photo"


class _Names:
    """Gives every name once; names that differ in case alone are the same on many disks."""

    def __init__(self, taken: Collection[str]) -> None:
        self._used = {name.casefold() for name in taken}
        self._counts: dict[str, int] = {}

    def unused(self, name: str) -> str:
        path = PurePosixPath(name)
        found, number = name, self._counts.get(name.casefold(), 1)
        while found.casefold() in self._used:
            number += 1
            found = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
        self._counts[name.casefold()] = number
        self._used.add(found.casefold())
        return found


class _KeptBytes:
    """A :class:`services.knowledge.loading.loaded_file.FileParser` that parses nothing: the bytes are the result."""

    def load_bytes(self, name: str, data: bytes, document_id: str | None = None) -> LoadedFile:
        return LoadedFile(name, hashlib.sha256(data).hexdigest(), (), (), (), "", data)

    def load_lines(self, path: Path, name: str, sha256: str, seen_ids: set[str]) -> Iterator[LoadedFile]:
        yield self.load_bytes(name, path.read_bytes())


def _single_files(uploads: Iterable[ImageUpload], limits: IntakeLimits) -> Iterator[ImageUpload]:
    for upload in uploads:
        try:
            data = upload.read()
        except AppError as error:
            yield ImageUpload(upload.name, _Refused(error))
            continue
        if data.startswith(_ZIP_MARKS) and _OFFICE_MARK not in data:
            yield from _archived(upload.name, data, limits)
        elif known_picture(data) or not is_hidden(PurePosixPath(upload.name.replace("\\", "/")).name):
            yield ImageUpload(upload.name, data)


def _archived(name: str, data: bytes, limits: IntakeLimits) -> Iterator[ImageUpload]:
    shown = safe_name(name)
    if len(data) > limits.max_archive_bytes:
        error = InputError(
            f"{shown} has {len(data) / 1e6:,.0f} MB; the limit is {limits.max_archive_bytes / 1e6:,.0f} MB.",
            code="archive-too-large",
            remedy="Split the archive and upload the parts.",
        )
        yield ImageUpload(name, _Refused(error))
        return
    bounds = ArchiveLimits(file_bytes=limits.max_file_bytes, total_bytes=limits.max_archive_bytes)
    for loaded in load_archive(shown, io.BytesIO(data), limits=bounds, parser=_KeptBytes()):
        if loaded.failures:
            yield ImageUpload(loaded.source_name, _Refused(_error(loaded.failures[0], limits)))
        elif isinstance(loaded.original, bytes):
            yield ImageUpload(loaded.source_name, loaded.original)


def _error(failure: LoadFailure, limits: IntakeLimits) -> InputError:
    if failure.code == "too-large":
        return InputError(
            f"The file is larger than {limits.max_file_bytes / 1e6:,.1f} MB.",
            code="image-too-large-bytes",
            remedy="Save it smaller, for instance as JPEG, or ask your administrator to raise the limit.",
        )
    cause, remedy = _REWORDED.get(failure.code, (None, failure.remedy.replace("load it", "upload it")))
    return InputError(cause or failure.cause, code=failure.code, remedy=remedy)


class _Refused:
    """The bytes of a file that could not be had: asking for them says why."""

    def __init__(self, error: AppError) -> None:
        self._error = error

    def __call__(self) -> NoReturn:
        raise self._error


def _shortened(part: str) -> str:
    if len(part.encode()) <= _LONGEST_PART_BYTES:
        return part
    suffix = PurePosixPath(part).suffix
    suffix = suffix if len(suffix.encode()) <= _LONGEST_SUFFIX_BYTES else ""
    stem = part.removesuffix(suffix).encode()[: _LONGEST_PART_BYTES - len(suffix.encode())]
    return stem.decode(errors="ignore").rstrip() + suffix
