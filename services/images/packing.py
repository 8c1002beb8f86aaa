"""Results under the photos' own folders and names, and the zip of them."""

from __future__ import annotations

import contextlib
import time
import uuid
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from services.images.derived import disk_full, is_disk_full
from services.ports.images import ImageFiles

# What stands after the last dot of other names belongs to the name.
PICTURE_SUFFIXES = frozenset(
    (
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".heic", ".heif", ".hif"),
        *(".avif", ".gif", ".bmp", ".svg"),
    )
)
_KEPT_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of the zip: its name there, and its name in the storage."""

    name: str
    file: str


def output_names(
    file_names: Sequence[str], suffixes: Mapping[str, Sequence[str]], *, all_names: Iterable[str] = ()
) -> dict[str, list[str]]:
    """What the results of each photo are called; no two results have the same name, whatever the case of its letters.

    ``shoes/red.v2.jpg`` becomes ``shoes/red.v2.png``, and its second variation ``shoes/red.v2-2.png``. Where two photos
    share folder and stem, the whole file name stands before the ending: ``red.jpg.png`` beside ``red.heic.png``.

    Args:
        file_names: The photos, each name once.
        suffixes: The endings of the results of each photo, in the order of the variations.
        all_names: Photos of the same batch beside these: names stay what they are with and without them.
    """
    every = list(dict.fromkeys([*file_names, *all_names]))
    shared = Counter(_stem(name).casefold() for name in every)
    taken: set[str] = set()
    bases = {}
    for name in every:
        base = name if shared[_stem(name).casefold()] > 1 else _stem(name)
        bases[name] = base
    # First results have the plain names: a photo called "red-2" comes before the second variation of "red".
    names: dict[str, list[str]] = {name: [] for name in file_names}
    for turn in range(max((len(endings) for endings in suffixes.values()), default=0)):
        for name in every:
            endings = suffixes.get(name, ())
            if turn == 0 and turn >= len(endings):
                taken.add(f"{bases[name]}.png".casefold())
            if turn < len(endings):
                wanted = bases[name] if turn == 0 else f"{bases[name]}-{turn + 1}"
                found = _unused(wanted, endings[turn], taken)
                if name in names:
                    names[name].append(found)
    return names


def write_zip(folder: Path, files: ImageFiles, packed: Sequence[PackedFile]) -> Path:
    """A zip archive in this folder, made of files in the storage, one in memory at a time.

    Archives of earlier are deleted from the folder after some hours. Pictures are compressed already, so they are only
    stored.

    Raises:
        AppError: a file cannot be read, or there is no room for the archive (``disk-full``).
    """
    folder.mkdir(parents=True, exist_ok=True)
    _tidy(folder)
    path = folder / f"{uuid.uuid4().hex}.zip"
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for one in packed:
                archive.writestr(one.name, files.read(one.file))
    except OSError as error:
        path.unlink(missing_ok=True)
        if is_disk_full(error):
            raise disk_full() from error
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.casefold() in PICTURE_SUFFIXES else str(path)


def _unused(base: str, suffix: str, taken: set[str]) -> str:
    found, number = f"{base}{suffix}", 1
    while found.casefold() in taken:
        number += 1
        found = f"{base} ({number}){suffix}"
    taken.add(found.casefold())
    return found


def _tidy(folder: Path) -> None:
    oldest = time.time() - _KEPT_SECONDS
    for path in folder.glob("*.zip"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
