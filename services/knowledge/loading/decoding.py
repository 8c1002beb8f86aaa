"""From bytes to text: which encoding a file is written in."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from services.errors import InputError
from services.knowledge.models import LoadFailure

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{2,40})", re.IGNORECASE)
_SAMPLE_BYTES = 200_000
_DAMAGED_SHARE = 0.01


def decode_text(data: bytes, name: str, *, declared: str | None = None) -> tuple[str, tuple[LoadFailure, ...]]:
    """The text of a file, with a warning where its encoding had to be guessed.

    Args:
        data: The whole file.
        name: What the file is called in messages.
        declared: The encoding that the file names itself, if it does.

    Raises:
        InputError: The bytes are no text (``content-mismatch``), or in no known encoding (``unknown-encoding``).
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = data.decode(encoding, errors="replace")
            return text, (_replaced_warning(name),) if "\ufffd" in text else ()
    if b"\0" in data:
        return _decode_with_nul_bytes(data, name), ()
    # Pages that are UTF-8 but declare something older are common; the other way round, bytes rarely fit by chance.
    if declared and data.isascii() and (text_or_none := _decoded(data, declared)) is not None:
        return text_or_none, ()
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    if declared and (text_or_none := _decoded(data, declared)) is not None:
        return text_or_none, ()
    return _decode_by_guess(data, name)


def declared_html_encoding(data: bytes) -> str | None:
    """The encoding named by a ``<meta charset>`` in the first 4,096 bytes, if Python knows it."""
    found = _DECLARED.search(data[:4096])
    if found is None:
        return None
    try:
        encoding = codecs.lookup(found.group(1).decode("ascii")).name
    except LookupError:
        return None
    # Browsers read these two as Windows-1252; UTF-7 and the binary "codecs" have no place in a page.
    if encoding in {"iso8859-1", "ascii"}:
        return "cp1252"
    return encoding if encoding not in {"utf-7", "utf-16", "utf-32", "hex", "base64", "zlib", "bz2"} else None


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (LookupError, ValueError):
        return None


def _decode_with_nul_bytes(data: bytes, name: str) -> str:
    # UTF-16 without a mark: text in Western letters has a NUL in nearly every second byte.
    sample = data[:_SAMPLE_BYTES]
    half = max(1, len(sample) // 2)
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        nul_share = sample[offset::2].count(0) / half
        other_share = sample[1 - offset :: 2].count(0) / half
        if nul_share > 0.4 and other_share < 0.05:
            text = _decoded(data[: len(data) // 2 * 2], encoding)
            if text is not None:
                return text
    raise InputError(
        f"{name} is not a text file: it holds binary data.",
        code="content-mismatch",
        remedy="Open it in the program that made it, save it as text in UTF-8, and load that file.",
    )


def _decode_by_guess(data: bytes, name: str) -> tuple[str, tuple[LoadFailure, ...]]:
    repaired = data.decode("utf-8", errors="replace")
    bad = repaired.count("\ufffd")
    good = sum(char > "\x7f" for char in repaired) - bad
    if good > bad:
        return repaired, (_replaced_warning(name),)
    western = data.decode("cp1252", errors="replace")
    undefined = western.count("\ufffd")
    if undefined <= _DAMAGED_SHARE * len(western):
        letters = [char for char in western if char.isalpha()]
        accented = sum(char > "\x7f" for char in letters)
        # Other alphabets read as Western letters consist of accented letters almost alone.
        if accented <= 0.25 * len(letters):
            guess = _guess_warning(name, "Windows-1252 (Western European)")
            return western, (guess, _replaced_warning(name)) if undefined else (guess,)
    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    if best is None:
        raise InputError(
            f"The encoding of {name} is not known: its letters cannot be told.",
            code="unknown-encoding",
            remedy="Open the file in an editor, save it with the encoding UTF-8, and load it again.",
        )
    return data.decode(best.encoding, errors="replace"), (_guess_warning(name, best.encoding),)


def _guess_warning(name: str, encoding: str) -> LoadFailure:
    return LoadFailure(
        name,
        "encoding-guessed",
        f"The file does not say how its letters are encoded; it was read as {encoding}.",
        "Look at accented letters in the text. If they are wrong, save the file as UTF-8 and load it again.",
    )


def _replaced_warning(name: str) -> LoadFailure:
    return LoadFailure(
        name,
        "invalid-characters",
        "Some characters in the file are damaged; each stands as a replacement mark in the text.",
        "Save the file again as UTF-8 from the program that made it, and load it again.",
    )
