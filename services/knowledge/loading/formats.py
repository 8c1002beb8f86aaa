"""Which format a file is in: told by its content first, by its name second."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath

from services.errors import InputError
from services.knowledge.loading.packages import part_names
from services.knowledge.models import LoadFailure


class Format(StrEnum):
    """A format with a loader; the value is the media type of its documents."""

    MARKDOWN = "text/markdown"
    HTML = "text/html"
    PLAIN_TEXT = "text/plain"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    CSV = "text/csv"
    TSV = "text/tab-separated-values"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    JSONL = "application/jsonl"


FORMATS_BY_SUFFIX = {
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".txt": Format.PLAIN_TEXT,
    ".text": Format.PLAIN_TEXT,
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".xlsx": Format.XLSX,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
}
SUPPORTED = "PDF, Word (.docx), Markdown, HTML, text (.txt), tables (.csv, .tsv, .xlsx) and JSONL"
_NAMES = {
    Format.MARKDOWN: "a Markdown file",
    Format.HTML: "a web page (HTML)",
    Format.PLAIN_TEXT: "a text file",
    Format.PDF: "a PDF",
    Format.DOCX: "a Word document",
    Format.CSV: "a CSV table",
    Format.TSV: "a TSV table",
    Format.XLSX: "an Excel workbook",
    Format.JSONL: "a JSONL file",
}
_BINARY = frozenset({Format.PDF, Format.DOCX, Format.XLSX})
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_FOREIGN_MARKS = (
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"{\\rtf", "a Rich Text file (RTF)"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed file (7-Zip)"),
    (b"Rar!\x1a\x07", "a compressed file (RAR)"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "a database"),
    (b"%!PS", "a PostScript file"),
    (b"OggS", "a sound or video file"),
    (b"ID3", "a sound file (MP3)"),
)


def suffix_format(name: str) -> Format | None:
    """The format that a file's name promises, or None."""
    return FORMATS_BY_SUFFIX.get(PurePosixPath(name.replace("\\", "/")).suffix.lower())


def detect_format(name: str, data: bytes) -> tuple[Format, tuple[LoadFailure, ...]]:
    """The format to read a file in, with a warning where name and content disagree.

    Raises:
        InputError: ``empty-file``, ``unsupported-type``, ``content-mismatch``, ``docx-password``, ``xlsx-password``
            or the damage code of the format that the name promises.
    """
    if not data:
        raise InputError(
            f"{name} is empty (0 bytes).",
            code="empty-file",
            remedy="Check where the file came from; the copy may have been interrupted.",
        )
    promised = suffix_format(name)
    found, foreign = _content(data, promised)
    if found is None and data.startswith(_OLE_MARK):
        raise _ole_error(name, promised, data)
    if found is not None and found is not promised:
        if promised in {Format.CSV, Format.TSV, Format.JSONL} and found is Format.HTML:
            raise _mismatch(name, _NAMES[found])
        if promised in _BINARY and found is Format.HTML:
            raise _mismatch(name, _NAMES[found])
        if promised is None and found is Format.HTML:
            raise _unsupported(name)
        return found, (_renamed_warning(name, found),)
    if promised is None:
        raise _unsupported(name)
    if promised in {Format.DOCX, Format.XLSX} and data.startswith(_ZIP_MARKS) and not part_names(data):
        raise _damaged(name, promised)
    if foreign is not None:
        raise _mismatch(name, foreign)
    if promised in _BINARY and found is None:
        raise _broken_binary(name, promised, data)
    return promised, ()


def _content(data: bytes, promised: Format | None) -> tuple[Format | None, str | None]:
    """The supported format that the content shows, or else the name of a known foreign one."""
    # Readers accept a PDF with some bytes before its mark; a text may speak of "%PDF-", so there the name decides.
    if data.lstrip().startswith(b"%PDF-") or (promised is Format.PDF and b"%PDF-" in data[:1024]):
        return Format.PDF, None
    if data.startswith(_ZIP_MARKS):
        names = part_names(data)
        if "word/document.xml" in names:
            return Format.DOCX, None
        if "xl/workbook.xml" in names:
            return Format.XLSX, None
        return None, "a zip archive"
    for mark, words in _FOREIGN_MARKS:
        if data.startswith(mark):
            return None, words
    if data.startswith(b"RIFF") and data[8:12] in {b"WEBP", b"WAVE", b"AVI "}:
        return None, "a picture, sound or video file"
    head = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")) or (head.startswith(b"<?xml") and b"<html" in head):
        return Format.HTML, None
    return None, None


def _ole_error(name: str, promised: Format | None, data: bytes) -> InputError:
    # Office wraps an encrypted document into the old OLE container, with a stream of this name in its directory.
    if "EncryptedPackage".encode("utf-16-le") in data:
        is_table = promised is Format.XLSX
        return InputError(
            f"{name} is protected by a password.",
            code="xlsx-password" if is_table else "docx-password",
            remedy=f"Open it in {'Excel' if is_table else 'Word'}, remove the password (File, Info, Protect), save it, "
            "and load it again.",
        )
    if promised is None:
        return _unsupported(name, " Word and Excel files in the old formats (.doc, .xls) must be saved anew first.")
    return _mismatch(name, "an Office file in the old format (.doc, .xls)")


def _broken_binary(name: str, promised: Format, data: bytes) -> InputError:
    head = data[:4096]
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as exc:
        # The last letter of the sample may be cut in two; anything earlier is not text.
        if exc.start < len(head) - 4:
            return _damaged(name, promised)
    return _mismatch(name, "a text file")


def _damaged(name: str, promised: Format) -> InputError:
    code = {Format.PDF: "pdf-damaged", Format.DOCX: "docx-damaged", Format.XLSX: "xlsx-damaged"}[promised]
    return InputError(
        f"{name} is damaged: it cannot be opened as {_NAMES[promised]}.",
        code=code,
        remedy="Fetch the file again from where it came from; the copy may have been interrupted.",
    )


def _unsupported(name: str, hint: str = "") -> InputError:
    return InputError(
        f"{name} is of a type that cannot be loaded.",
        code="unsupported-type",
        remedy=f"Supported are {SUPPORTED}.{hint} Save it as one of these and load that file.",
    )


def _mismatch(name: str, found: str) -> InputError:
    suffix = PurePosixPath(name).suffix
    return InputError(
        f"{name} is not what its name says: it ends in {suffix} but is {found}.",
        code="content-mismatch",
        remedy=f"Load the original document. Supported are {SUPPORTED}.",
    )


def _renamed_warning(name: str, found: Format) -> LoadFailure:
    return LoadFailure(
        name,
        "content-mismatch",
        f"The name does not fit the content: the file is {_NAMES[found]} and was read as one.",
        "Nothing is lost. Rename the file so that people can open it.",
    )
