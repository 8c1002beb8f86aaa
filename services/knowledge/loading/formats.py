"""Which format a file is in: told by its content first, by its name second."""

from __future__ import annotations

import re
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
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    EML = "message/rfc822"


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
    ".pptx": Format.PPTX,
    ".eml": Format.EML,
}
ARCHIVE_SUFFIX = ".zip"
SUPPORTED = (
    "PDF, Word (.docx), PowerPoint (.pptx), Markdown, HTML, text (.txt), mail (.eml), tables (.csv, .tsv, .xlsx), "
    "JSONL and zip archives of these"
)
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
    Format.PPTX: "a PowerPoint presentation",
    Format.EML: "a mail (.eml)",
}
_DAMAGE_CODES = {
    Format.PDF: "pdf-damaged",
    Format.DOCX: "docx-damaged",
    Format.XLSX: "xlsx-damaged",
    Format.PPTX: "pptx-damaged",
    Format.EML: "eml-damaged",
}
# Which part of its package tells an Office format, the program that writes it, and the code for a password.
_OFFICE_PARTS = {
    "word/document.xml": Format.DOCX,
    "xl/workbook.xml": Format.XLSX,
    "ppt/presentation.xml": Format.PPTX,
}
_OFFICE_PROGRAMS = {
    Format.DOCX: ("Word", "docx-password"),
    Format.XLSX: ("Excel", "xlsx-password"),
    Format.PPTX: ("PowerPoint", "pptx-password"),
}
_OLD_OFFICE = "an Office file in an old format (.doc, .xls, .ppt, .msg)"
_MAIL_HEADERS = frozenset(
    {"from", "to", "subject", "date", "received", "return-path", "mime-version", "message-id", "content-type", "sender"}
)
_HEADER_LINE = re.compile(rb"([!-9;-~]{1,100}):")
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


def is_archive_name(name: str) -> bool:
    """Whether a name promises a zip archive."""
    return name.lower().endswith(ARCHIVE_SUFFIX)


def detect_format(name: str, data: bytes) -> tuple[Format, tuple[LoadFailure, ...]]:
    """The format to read a file in, with a warning where name and content disagree.

    Raises:
        InputError: ``empty-file``, ``unsupported-type``, ``content-mismatch``, ``docx-password``, ``xlsx-password``,
            ``pptx-password`` or the damage code of the format that the name promises.
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
        if promised in _DAMAGE_CODES and found is Format.HTML:
            raise _mismatch(name, _NAMES[found])
        if promised is None and found is Format.HTML:
            raise _unsupported(name)
        return found, (_renamed_warning(name, found),)
    if promised is None:
        is_archive = is_archive_name(name) or foreign == "a zip archive"
        raise _unsupported(name, " Load an archive as a whole, or unpack it first." if is_archive else "")
    if promised in _OFFICE_PROGRAMS and data.startswith(_ZIP_MARKS) and not part_names(data):
        raise _damaged(name, promised)
    if foreign is not None:
        raise _mismatch(name, foreign)
    if promised in _DAMAGE_CODES and found is None:
        raise _broken_binary(name, promised, data)
    return promised, ()


def _content(data: bytes, promised: Format | None) -> tuple[Format | None, str | None]:
    """The supported format that the content shows, or else the name of a known foreign one."""
    # Readers accept a PDF with some bytes before its mark; a text may speak of "%PDF-", so there the name decides.
    if data.lstrip().startswith(b"%PDF-") or (promised is Format.PDF and b"%PDF-" in data[:1024]):
        return Format.PDF, None
    if data.startswith(_ZIP_MARKS):
        names = part_names(data)
        found = next((office for part, office in _OFFICE_PARTS.items() if part in names), None)
        return found, None if found else "a zip archive"
    for mark, words in _FOREIGN_MARKS:
        if data.startswith(mark):
            return None, words
    if data.startswith(b"RIFF") and data[8:12] in {b"WEBP", b"WAVE", b"AVI "}:
        return None, "a picture, sound or video file"
    head = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")) or (head.startswith(b"<?xml") and b"<html" in head):
        return Format.HTML, None
    # Notes may begin with "Subject:"; only where the name promises nothing do three lines of a mail's head decide.
    if promised in {Format.EML, None} and _mail_header_count(data) >= (1 if promised else 3):
        return Format.EML, None
    return None, None


def _mail_header_count(data: bytes) -> int:
    """How many different headers of a mail stand in the lines above the first blank one."""
    found: set[str] = set()
    for line in data[:16_384].lstrip(b"\r\n").splitlines():
        named = _HEADER_LINE.match(line)
        if named:
            found.add(named.group(1).decode("ascii").lower())
        elif not line.startswith((b" ", b"\t", b"From ")):
            break
    return len(found & _MAIL_HEADERS)


def _ole_error(name: str, promised: Format | None, data: bytes) -> InputError:
    # Office wraps an encrypted document into the old OLE container, with a stream of this name in its directory.
    if "EncryptedPackage".encode("utf-16-le") in data:
        program, code = _OFFICE_PROGRAMS.get(promised or Format.DOCX, _OFFICE_PROGRAMS[Format.DOCX])
        return InputError(
            f"{name} is protected by a password.",
            code=code,
            remedy=f"Open it in {program}, remove the password (File, Info, Protect), save it, and load it again.",
        )
    if promised is None:
        return _unsupported(name, " Files in the old formats (.doc, .xls, .ppt, .msg) must be saved anew first.")
    return _mismatch(name, _OLD_OFFICE)


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
    return InputError(
        f"{name} is damaged: it cannot be opened as {_NAMES[promised]}.",
        code=_DAMAGE_CODES[promised],
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
