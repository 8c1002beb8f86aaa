"""Files and folders on disk: one file never stops the others."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.knowledge.loading.archives import ArchiveLimits, load_archive
from services.knowledge.loading.files import InProcessParser, is_hidden, shown_name, too_large
from services.knowledge.loading.formats import Format, is_archive_name, suffix_format
from services.knowledge.loading.jsonl import stream_sha256
from services.knowledge.loading.loaded_file import FileParser, LoadedFile, failed_file
from services.knowledge.loading.repeats import Repeats
from services.knowledge.models import LoadFailure


def load_path(path: Path, *, max_file_bytes: int, parser: FileParser | None = None) -> Iterator[LoadedFile]:
    """Load one file or folder; see :func:`load_paths`."""
    return load_paths([path], max_file_bytes=max_file_bytes, parser=parser)


def load_paths(paths: Sequence[Path], *, max_file_bytes: int, parser: FileParser | None = None) -> Iterator[LoadedFile]:
    """Load files, and every file in folders and the folders below them in the order of their names.

    Hidden files, and the lock files that Word leaves beside a document, are skipped. A JSONL file comes as several
    ``LoadedFile`` of up to 1,000 lines each, a zip archive as one per entry. Whatever is wrong with a file stands in
    its ``failures``; what the files have in common, in the ``failures`` and ``warnings`` of the later one.

    Args:
        paths: A document's id is its POSIX path below the folder, or the name of the single file; in a zip archive it
            is the path in the archive, below the archive's own path when that lies in a folder.
        max_file_bytes: Largest file that is read; for JSONL the longest line instead.
        parser: Who parses the files; in this process when None.
    """
    parser = parser or InProcessParser(max_file_bytes)
    repeats = Repeats()
    for path in paths:
        if path.is_dir():
            yield from _load_folder(path, max_file_bytes, parser, repeats)
        else:
            yield from _load_one(path, shown_name(path.name), max_file_bytes, parser, repeats, prefix="")


def _load_folder(folder: Path, limit_bytes: int, parser: FileParser, repeats: Repeats) -> Iterator[LoadedFile]:
    is_empty = True
    root = folder.resolve()
    for name, file in _walk(folder):
        is_empty = False
        refused = _refused_link(name, file, root) if file.is_symlink() else None
        if refused is not None:
            yield failed_file(refused)
        else:
            yield from _load_one(file, name, limit_bytes, parser, repeats, prefix=f"{name}/")
    if is_empty:
        name = shown_name(folder.name or str(folder))
        yield failed_file(
            LoadFailure(name, "empty-folder", "There are no files in the folder.", "Choose another folder.")
        )


def _load_one(
    path: Path, name: str, limit_bytes: int, parser: FileParser, repeats: Repeats, *, prefix: str
) -> Iterator[LoadedFile]:
    try:
        state = path.stat()
        if stat.S_ISDIR(state.st_mode):
            raise PermissionError(path)
        if not stat.S_ISREG(state.st_mode):
            cause = f"{name} is not an ordinary file."
            yield failed_file(LoadFailure(name, "unsupported-type", cause, "Load the file that it stands for."))
        elif suffix_format(name) is Format.JSONL:
            yield from _load_lines(path, name, parser, repeats)
        elif is_archive_name(name):
            limits = ArchiveLimits(file_bytes=limit_bytes)
            with path.open("rb") as file:
                yield from load_archive(name, file, limits=limits, parser=parser, repeats=repeats, prefix=prefix)
        elif state.st_size > limit_bytes:
            yield failed_file(too_large(name, state.st_size, limit_bytes))
        else:
            with path.open("rb") as stream:
                data = stream.read(limit_bytes + 1)
            yield repeats.check(parser.load_bytes(name, data))
    except FileNotFoundError:
        failure = LoadFailure(
            name, "not-found", f"{name} is not there.", "Check the path; the file may have been moved."
        )
        yield failed_file(failure)
    except OSError:
        cause = f"{name} could not be read."
        failure = LoadFailure(name, "unreadable", cause, "Check that this program may read the file, and try again.")
        yield failed_file(failure)


def _load_lines(path: Path, name: str, parser: FileParser, repeats: Repeats) -> Iterator[LoadedFile]:
    with path.open("rb") as stream:
        sha256 = stream_sha256(stream)
    for batch in parser.load_lines(path, name, sha256, repeats.ids):
        yield repeats.check(batch)


def _refused_link(name: str, link: Path, root: Path) -> LoadFailure | None:
    """Why a link is not followed; None when it leads to a file below the folder that is loaded."""
    try:
        is_inside = link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a link that leads to itself
        is_inside = False
    if not is_inside:
        return LoadFailure(
            name,
            "outside-folder",
            f"{name} is a link to a file outside the folder; such links are not followed.",
            "Copy the file into the folder, or load it on its own.",
        )
    if link.is_dir():
        cause = f"{name} is a link to another folder; such links are not followed."
        return LoadFailure(name, "linked-folder", cause, "Nothing is lost: the folder that it leads to is loaded too.")
    return None


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file to load below a folder in the order of names; a folder that cannot be opened stands for itself."""
    files: list[tuple[str, Path]] = []

    def add_closed_folder(error: OSError) -> None:
        closed = Path(error.filename)
        files.append((shown_name(closed.relative_to(folder).as_posix()), closed))

    for directory, folder_names, file_names in os.walk(folder, onerror=add_closed_folder):
        folder_names[:] = [name for name in folder_names if not is_hidden(name)]
        for file_name in [*file_names, *(name for name in folder_names if Path(directory, name).is_symlink())]:
            if not is_hidden(file_name):
                file = Path(directory, file_name)
                files.append((shown_name(file.relative_to(folder).as_posix()), file))
    yield from sorted(files)
