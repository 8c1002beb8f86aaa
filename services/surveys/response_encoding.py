"""Which encoding a survey file is written in, found out without holding the file in memory."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from typing import BinaryIO

from charset_normalizer import from_bytes

from services.errors import InputError
from services.surveys.response_tables import TableWarning

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_SAMPLE_BYTES = 200_000
_CHUNK_BYTES = 1_000_000
# A few stray control characters come from databases; more are a file that is no text.
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
_MOST_CONTROL_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class FoundEncoding:
    """How to decode a file.

    Attributes:
        codec: Python's name.
        label: What people call it.
        warnings: Empty when the encoding is certain and no character is damaged.
    """

    codec: str
    label: str
    warnings: tuple[TableWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class _Census:
    is_utf8: bool
    nul_bytes: int
    control_bytes: int
    total_bytes: int
    damaged_characters: int
    sound_letters: int
    odd_bytes: bytes


def find_encoding(stream: BinaryIO, name: str) -> FoundEncoding:
    """Read a file through once and say how it is encoded; the stream then stands at its beginning again.

    Raises:
        InputError: ``empty-file``, ``not-text`` or ``unknown-encoding``.
    """
    stream.seek(0)
    sample = stream.read(_SAMPLE_BYTES)
    if not sample.strip(b"\0 \t\r\n"):
        raise InputError(
            f"{name} is empty.", code="empty-file", remedy="Export the responses again, and check the file's size."
        )
    found = _by_mark(sample) or _wide_without_mark(sample)
    if found is None:
        found = _by_census(_census(stream), name)
    elif found.codec == "utf-8-sig" and not _census(stream).is_utf8:
        found = replace(found, warnings=(_damaged_warning(),))
    stream.seek(0)
    return found


def _by_mark(sample: bytes) -> FoundEncoding | None:
    for mark, codec, label in _MARKS:
        if sample.startswith(mark):
            return FoundEncoding(codec, label)
    return None


def _wide_without_mark(sample: bytes) -> FoundEncoding | None:
    # UTF-16 without a mark: text in Western letters has a NUL in nearly every second byte.
    half = max(1, len(sample) // 2)
    for offset, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        nul_share = sample[offset::2].count(0) / half
        other_share = sample[1 - offset :: 2].count(0) / half
        if nul_share > 0.4 and other_share < 0.05:
            return FoundEncoding(codec, "UTF-16")
    return None


def _census(stream: BinaryIO) -> _Census:
    """What the whole file is made of, read in pieces."""
    stream.seek(0)
    strict = codecs.getincrementaldecoder("utf-8")()
    lenient = codecs.getincrementaldecoder("utf-8")(errors="replace")
    is_utf8, nul_bytes, control_bytes, total_bytes, damaged, sound = True, 0, 0, 0, 0, 0
    odd = bytearray()
    while chunk := stream.read(_CHUNK_BYTES):
        total_bytes += len(chunk)
        nul_bytes += chunk.count(0)
        control_bytes += len(chunk) - len(chunk.translate(None, _CONTROLS))
        if is_utf8:
            try:
                strict.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
        if chunk.isascii():
            lenient.decode(chunk)
            continue
        repaired = lenient.decode(chunk)
        replaced = repaired.count("\ufffd")
        damaged += replaced
        sound += len(repaired) - len(repaired.encode("ascii", "ignore")) - replaced
        if len(odd) < _SAMPLE_BYTES:
            odd += b"\n".join(line for line in chunk.splitlines() if not line.isascii())
    if is_utf8:
        try:
            strict.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    return _Census(is_utf8, nul_bytes, control_bytes, total_bytes, damaged, sound, bytes(odd[:_SAMPLE_BYTES]))


def _by_census(census: _Census, name: str) -> FoundEncoding:
    warnings: list[TableWarning] = []
    if census.control_bytes > _MOST_CONTROL_SHARE * census.total_bytes:
        raise not_text(name)
    if census.nul_bytes:
        warnings.append(
            TableWarning(
                "null-bytes",
                f"{census.nul_bytes:,} null bytes stood in the file; they were left out.",
                "Nothing to do, unless text is missing in the preview.",
            )
        )
    if census.is_utf8:
        return FoundEncoding("utf-8", "UTF-8", tuple(warnings))
    if census.sound_letters > census.damaged_characters:
        return FoundEncoding("utf-8", "UTF-8", (*warnings, _damaged_warning()))
    western = census.odd_bytes.decode("cp1252", errors="replace")
    letters = [char for char in western if char.isalpha()]
    accented = sum(char > "\x7f" for char in letters)
    undefined = western.count("\ufffd")
    # Other alphabets read as Western letters consist of accented letters almost alone.
    if undefined <= 0.01 * len(western) and accented <= 0.25 * len(letters):
        damaged = (_damaged_warning(),) if undefined else ()
        label = "Windows-1252 (Western European)"
        return FoundEncoding("cp1252", label, (*warnings, _guess_warning(label), *damaged))
    best = from_bytes(census.odd_bytes).best()
    if best is None:
        raise InputError(
            f"The encoding of {name} is not known: its letters cannot be told.",
            code="unknown-encoding",
            remedy="Open the file in a spreadsheet, save it as “CSV UTF-8” or .xlsx, and load it again.",
        )
    return FoundEncoding(best.encoding, best.encoding, (*warnings, _guess_warning(best.encoding)))


def not_text(name: str) -> InputError:
    """The error for a file that holds binary data."""
    return InputError(
        f"{name} is not a table of text: it holds binary data.",
        code="not-text",
        remedy="Export the responses as CSV, TSV, XLSX or JSONL, and load that file.",
    )


def _guess_warning(label: str) -> TableWarning:
    return TableWarning(
        "encoding-guessed",
        f"The file does not say how its letters are encoded; it was read as {label}.",
        "Look at accented letters in the preview. If they are wrong, save the file as UTF-8 and load it again.",
    )


def _damaged_warning() -> TableWarning:
    return TableWarning(
        "invalid-characters",
        "Some characters in the file are damaged; each stands as a replacement mark.",
        "Export the responses again as UTF-8, if the original still has them.",
    )
