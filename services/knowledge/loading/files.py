"""From the bytes of one file to documents, in this process."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from services.errors import InputError
from services.knowledge.loading.blocks import has_words
from services.knowledge.loading.docx import load_docx
from services.knowledge.loading.formats import Format, detect_format
from services.knowledge.loading.html import load_html
from services.knowledge.loading.jsonl import JsonlReader
from services.knowledge.loading.loaded_file import Content, LoadedFile, Source, failed_file
from services.knowledge.loading.mail import load_mail
from services.knowledge.loading.markdown import load_markdown
from services.knowledge.loading.pdf import load_pdf
from services.knowledge.loading.plain_text import load_plain_text
from services.knowledge.loading.pptx import load_pptx
from services.knowledge.loading.tables import load_csv, load_workbook
from services.knowledge.models import Document, LoadFailure

_LOADERS: dict[Format, Callable[[Source], Content]] = {
    Format.MARKDOWN: load_markdown,
    Format.HTML: load_html,
    Format.PLAIN_TEXT: load_plain_text,
    Format.PDF: load_pdf,
    Format.DOCX: load_docx,
    Format.PPTX: load_pptx,
    Format.EML: load_mail,
    Format.CSV: load_csv,
    Format.TSV: load_csv,
    Format.XLSX: load_workbook,
}
_HEAD_BYTES = 4096
_HIDDEN_NAMES = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class InProcessParser:
    """A :class:`FileParser` that parses right here; a parser that crashes takes the process with it."""

    def __init__(self, max_file_bytes: int) -> None:
        self._max_file_bytes = max_file_bytes

    def load_bytes(self, name: str, data: bytes, document_id: str | None = None) -> LoadedFile:
        return load_bytes(name, data, document_id=document_id, max_file_bytes=self._max_file_bytes)

    def load_lines(self, path: Path, name: str, sha256: str, seen_ids: set[str]) -> Iterator[LoadedFile]:
        return load_lines(path, name, sha256, seen_ids, max_line_bytes=self._max_file_bytes)


def load_bytes(name: str, data: bytes, *, document_id: str | None = None, max_file_bytes: int) -> LoadedFile:
    """Load an uploaded file.

    Args:
        name: The file's name, which says in which format it should be.
        data: The whole file.
        document_id: Id of the document; the name when not given. JSONL documents have their own ids.
        max_file_bytes: Largest file that is read.
    """
    name = shown_name(name)
    sha256 = hashlib.sha256(data).hexdigest()
    if len(data) > max_file_bytes:
        return failed_file(too_large(name, len(data), max_file_bytes), sha256=sha256)
    media_type = ""
    try:
        file_format, warnings = detect_format(name, data)
        media_type = file_format.value
        if file_format is Format.JSONL:
            content = _whole_jsonl(name, data, sha256, max_file_bytes)
        else:
            content = _LOADERS[file_format](Source(name, document_id or name, data, sha256))
    except InputError as exc:
        return failed_file(as_failure(name, exc), sha256=sha256, media_type=media_type, original=data)
    return LoadedFile(
        source_name=name,
        data_sha256=sha256,
        documents=content.documents,
        failures=content.failures,
        warnings=warnings + content.warnings + _nothing_to_find(name, content.documents),
        media_type=media_type,
        original=data,
    )


def load_lines(path: Path, name: str, sha256: str, seen_ids: set[str], *, max_line_bytes: int) -> Iterator[LoadedFile]:
    """Load a JSONL file in batches of lines; see :meth:`FileParser.load_lines`.

    Args:
        max_line_bytes: Longest line that is read.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
        try:
            file_format, _ = detect_format(name, head)
            if file_format is not Format.JSONL or head.startswith(_UTF16_MARKS):
                raise _not_jsonl(name)
        except InputError as exc:
            yield failed_file(as_failure(name, exc))
            return
        stream.seek(0)
        found_any = False
        for part, content in enumerate(JsonlReader(name, sha256, max_line_bytes, seen_ids).read(stream)):
            found_any = found_any or bool(content.documents or content.failures)
            yield LoadedFile(
                name, sha256, content.documents, content.failures, content.warnings, Format.JSONL.value, path, part
            )
    if not found_any:
        yield failed_file(as_failure(name, _blank_jsonl(name)), sha256=sha256, media_type=Format.JSONL.value)


def shown_name(name: str) -> str:
    """A file name that can be stored and shown: bytes that are no UTF-8 become replacement marks."""
    return os.fsencode(name).decode("utf-8", errors="replace") if name else "file"


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is no document but what a system or a program leaves behind."""
    return name.startswith((".", "~$")) or name in _HIDDEN_NAMES


def as_failure(name: str, error: InputError) -> LoadFailure:
    """An error of a loader as an entry of the report."""
    return LoadFailure(name, error.code, error.message_for_user, error.remedy)


def too_large(name: str, size_bytes: int, limit_bytes: int) -> LoadFailure:
    """The failure of a file over the limit."""
    return LoadFailure(
        name,
        "too-large",
        f"{name} has {size_bytes / 1e6:,.1f} MB; the limit is {limit_bytes / 1e6:,.1f} MB.",
        "Split the file, or ask your administrator to raise the limit.",
    )


def _nothing_to_find(name: str, documents: tuple[Document, ...]) -> tuple[LoadFailure, ...]:
    empty = [
        document
        for document in documents
        if not any(has_words(document.text[section.start : section.end]) for section in document.sections)
    ]
    if not empty:
        return ()
    cause = f"Nothing of “{empty[0].title}” can be found: no text was read from it."
    return (LoadFailure(name, "zero-chunks", cause, "Open the file, check that the text is in it, and load it again."),)


def _whole_jsonl(name: str, data: bytes, sha256: str, limit_bytes: int) -> Content:
    if data.startswith(_UTF16_MARKS):
        raise _not_jsonl(name)
    parts = list(JsonlReader(name, sha256, limit_bytes).read(io.BytesIO(data)))
    content = Content(
        tuple(document for part in parts for document in part.documents),
        tuple(failure for part in parts for failure in part.failures),
        tuple(warning for part in parts for warning in part.warnings),
    )
    if not content.documents and not content.failures:
        raise _blank_jsonl(name)
    return content


def _blank_jsonl(name: str) -> InputError:
    return InputError(
        f"{name} holds no lines with text.",
        code="no-text",
        remedy="Write one document per line, as a JSON object.",
    )


def _not_jsonl(name: str) -> InputError:
    return InputError(
        f"{name} is not a JSONL file in UTF-8.",
        code="content-mismatch",
        remedy="Save it as text in UTF-8, one JSON object per line, and load it again.",
    )
