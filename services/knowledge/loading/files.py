"""From a path or uploaded bytes to documents: one file never stops the others."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from services.errors import InputError
from services.knowledge.loading.docx import load_docx
from services.knowledge.loading.formats import Format, detect_format, suffix_format
from services.knowledge.loading.html import load_html
from services.knowledge.loading.jsonl import JsonlReader, stream_sha256
from services.knowledge.loading.loaded_file import Content, LoadedFile, Source
from services.knowledge.loading.markdown import load_markdown
from services.knowledge.loading.pdf import load_pdf
from services.knowledge.loading.plain_text import load_plain_text
from services.knowledge.loading.tables import load_csv, load_workbook
from services.knowledge.models import LoadFailure

_LOADERS: dict[Format, Callable[[Source], Content]] = {
    Format.MARKDOWN: load_markdown,
    Format.HTML: load_html,
    Format.PLAIN_TEXT: load_plain_text,
    Format.PDF: load_pdf,
    Format.DOCX: load_docx,
    Format.CSV: load_csv,
    Format.TSV: load_csv,
    Format.XLSX: load_workbook,
}
_HEAD_BYTES = 4096


def load_path(path: Path, *, max_file_bytes: int) -> Iterator[LoadedFile]:
    """Load a file, or every file in a folder and the folders below it in the order of their names.

    Hidden files, and the lock files that Word leaves beside a document, are skipped. A JSONL file comes as several
    ``LoadedFile`` of up to 1,000 lines each. Whatever is wrong with a file stands in its ``failures``.

    Args:
        path: A file or a folder. A document's id is its POSIX path below the folder, or the name of the single file.
        max_file_bytes: Largest file that is read; for JSONL the longest line instead.
    """
    seen_ids: set[str] = set()
    if not path.is_dir():
        yield from _load_one(path, _shown(path.name), max_file_bytes, seen_ids)
        return
    is_empty = True
    root = path.resolve()
    for name, file in _walk(path):
        is_empty = False
        if file.is_symlink() and not file.resolve().is_relative_to(root):
            yield _failed(
                name,
                "outside-folder",
                f"{name} is a link to a file outside the folder; such links are not followed.",
                "Copy the file into the folder, or load it on its own.",
            )
        else:
            yield from _load_one(file, name, max_file_bytes, seen_ids)
    if is_empty:
        yield _failed(
            _shown(path.name or str(path)),
            "empty-folder",
            "There are no files in the folder.",
            "Choose another folder.",
        )


def load_bytes(name: str, data: bytes, *, document_id: str | None = None, max_file_bytes: int) -> LoadedFile:
    """Load an uploaded file.

    Args:
        name: The file's name, which says in which format it should be.
        data: The whole file.
        document_id: Id of the document; the name when not given. JSONL documents have their own ids.
        max_file_bytes: Largest file that is read.
    """
    return _load_bytes(_shown(name), data, document_id, max_file_bytes, set())


def _load_bytes(name: str, data: bytes, document_id: str | None, limit_bytes: int, seen_ids: set[str]) -> LoadedFile:
    sha256 = hashlib.sha256(data).hexdigest()
    if len(data) > limit_bytes:
        return _failed(name, *_too_large(name, len(data), limit_bytes), sha256=sha256)
    media_type = ""
    try:
        file_format, warnings = detect_format(name, data)
        media_type = file_format.value
        if file_format is Format.JSONL:
            content = _whole_jsonl(name, data, sha256, limit_bytes, seen_ids)
        else:
            content = _LOADERS[file_format](Source(name, document_id or name, data, sha256))
            content = _without_used_ids(content, name, seen_ids)
    except InputError as exc:
        return _failed(
            name, exc.code, exc.message_for_user, exc.remedy, sha256=sha256, media_type=media_type, original=data
        )
    return LoadedFile(
        source_name=name,
        data_sha256=sha256,
        documents=content.documents,
        failures=content.failures,
        warnings=warnings + content.warnings,
        media_type=media_type,
        original=data,
    )


def _load_one(path: Path, name: str, limit_bytes: int, seen_ids: set[str]) -> Iterator[LoadedFile]:
    try:
        state = path.stat()
        if stat.S_ISDIR(state.st_mode):
            raise PermissionError(path)
        if not stat.S_ISREG(state.st_mode):
            yield _failed(
                name, "unsupported-type", f"{name} is not an ordinary file.", "Load the file that it stands for."
            )
        elif suffix_format(name) is Format.JSONL:
            yield from _load_jsonl(path, name, limit_bytes, seen_ids)
        elif state.st_size > limit_bytes:
            yield _failed(name, *_too_large(name, state.st_size, limit_bytes))
        else:
            with path.open("rb") as stream:
                data = stream.read(limit_bytes + 1)
            yield _load_bytes(name, data, None, limit_bytes, seen_ids)
    except FileNotFoundError:
        yield _failed(name, "not-found", f"{name} is not there.", "Check the path; the file may have been moved.")
    except OSError:
        yield _failed(
            name,
            "unreadable",
            f"{name} could not be read.",
            "Check that this program may read the file, and try again.",
        )


def _load_jsonl(path: Path, name: str, limit_bytes: int, seen_ids: set[str]) -> Iterator[LoadedFile]:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
        try:
            file_format, _ = detect_format(name, head)
            if file_format is not Format.JSONL or head.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise _not_jsonl(name)
        except InputError as exc:
            yield _failed(name, exc.code, exc.message_for_user, exc.remedy)
            return
        stream.seek(0)
        sha256 = stream_sha256(stream)
        stream.seek(0)
        found_any = False
        for part, content in enumerate(JsonlReader(name, sha256, limit_bytes, seen_ids).read(stream)):
            found_any = found_any or bool(content.documents or content.failures)
            yield LoadedFile(
                name, sha256, content.documents, content.failures, content.warnings, Format.JSONL.value, path, part
            )
    if not found_any:
        yield _failed(name, *_blank_jsonl(name), sha256=sha256, media_type=Format.JSONL.value)


def _whole_jsonl(name: str, data: bytes, sha256: str, limit_bytes: int, seen_ids: set[str]) -> Content:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _not_jsonl(name)
    parts = list(JsonlReader(name, sha256, limit_bytes, seen_ids).read(io.BytesIO(data)))
    content = Content(
        tuple(document for part in parts for document in part.documents),
        tuple(failure for part in parts for failure in part.failures),
        tuple(warning for part in parts for warning in part.warnings),
    )
    if not content.documents and not content.failures:
        code, cause, remedy = _blank_jsonl(name)
        raise InputError(cause, code=code, remedy=remedy)
    return content


def _without_used_ids(content: Content, name: str, seen_ids: set[str]) -> Content:
    if not any(document.id in seen_ids for document in content.documents):
        seen_ids.update(document.id for document in content.documents)
        return content
    failure = LoadFailure(
        name,
        "duplicate-id",
        f"A line of a JSONL file already uses the id “{name}”; {name} was not loaded.",
        "Rename the file, or give the line another id.",
    )
    return Content(failures=(*content.failures, failure), warnings=content.warnings)


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file to load below a folder in the order of names; a folder that cannot be opened stands for itself."""
    files: list[tuple[str, Path]] = []

    def add_closed_folder(error: OSError) -> None:
        closed = Path(error.filename)
        files.append((_shown(closed.relative_to(folder).as_posix()), closed))

    for directory, folder_names, file_names in os.walk(folder, onerror=add_closed_folder):
        folder_names[:] = [name for name in folder_names if not _is_hidden(name)]
        for file_name in file_names:
            if not _is_hidden(file_name):
                file = Path(directory, file_name)
                files.append((_shown(file.relative_to(folder).as_posix()), file))
    yield from sorted(files)


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name in {"__MACOSX", "Thumbs.db", "desktop.ini"}


def _shown(name: str) -> str:
    """A file name that can be stored and shown: bytes that are no UTF-8 become replacement marks."""
    return os.fsencode(name).decode("utf-8", errors="replace") if name else "file"


def _failed(
    name: str,
    code: str,
    cause: str,
    remedy: str,
    *,
    sha256: str = "",
    media_type: str = "",
    original: bytes = b"",
) -> LoadedFile:
    return LoadedFile(name, sha256, (), (LoadFailure(name, code, cause, remedy),), (), media_type, original)


def _too_large(name: str, size_bytes: int, limit_bytes: int) -> tuple[str, str, str]:
    cause = f"{name} has {size_bytes / 1e6:,.1f} MB; the limit is {limit_bytes / 1e6:,.1f} MB."
    return "too-large", cause, "Split the file, or ask your administrator to raise the limit."


def _blank_jsonl(name: str) -> tuple[str, str, str]:
    return "no-text", f"{name} holds no lines with text.", "Write one document per line, as a JSON object."


def _not_jsonl(name: str) -> InputError:
    return InputError(
        f"{name} is not a JSONL file in UTF-8.",
        code="content-mismatch",
        remedy="Save it as text in UTF-8, one JSON object per line, and load it again.",
    )
