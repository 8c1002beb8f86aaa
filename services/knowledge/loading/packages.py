"""Office files are zip archives; here they are checked before a library unpacks them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from lxml import etree  # type: ignore[import-untyped, unused-ignore]

from services.errors import InputError
from services.knowledge.loading.archive_directory import check_entry_count

UNPACKED_LIMIT_BYTES = 400_000_000
PART_LIMIT_BYTES = 100_000_000
PART_LIMIT_COUNT = 10_000
_MARKUP = (".xml", ".rels")

# What zipfile, lxml, python-docx and openpyxl raise on archives that are not what they should be. The libraries check
# little themselves: a missing attribute or part surfaces as AttributeError, TypeError, KeyError or IndexError.
DAMAGE_ERRORS: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    etree.LxmlError,
    SyntaxError,  # xml.etree.ElementTree.ParseError is one
    EOFError,
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
    NotImplementedError,  # a compression method that Python lacks
    RuntimeError,  # an encrypted archive
)


def part_names(data: bytes) -> frozenset[str]:
    """The names of the parts in a zip archive; empty when it cannot be read."""
    try:
        check_entry_count(io.BytesIO(data), "", PART_LIMIT_COUNT)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(archive.namelist())
    except InputError:
        return frozenset()
    except DAMAGE_ERRORS:
        return frozenset()


def check_unpacked_size(data: bytes, name: str) -> None:
    """Refuse an archive that would unpack to far more than a document needs (a "zip bomb").

    ``zipfile`` never unpacks more than the archive declares for a part, so the declared sizes bound the memory.

    Raises:
        InputError: Too large when unpacked (``too-large``), or not a readable archive (``content-mismatch``).
    """
    try:
        check_entry_count(io.BytesIO(data), name, PART_LIMIT_COUNT)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except InputError as exc:
        raise _too_big(name, f"in more than {PART_LIMIT_COUNT:,} parts") from exc
    except DAMAGE_ERRORS as exc:
        raise InputError(
            f"{name} cannot be unpacked.",
            code="content-mismatch",
            remedy="Open the file in the program that made it, save it again, and load the new file.",
        ) from exc
    total_bytes = sum(part.file_size for part in parts)
    largest_markup_bytes = max((part.file_size for part in parts if part.filename.endswith(_MARKUP)), default=0)
    if total_bytes > UNPACKED_LIMIT_BYTES or largest_markup_bytes > PART_LIMIT_BYTES or len(parts) > PART_LIMIT_COUNT:
        raise _too_big(name, f"to {total_bytes / 1e6:,.0f} MB in {len(parts):,} parts")


def _too_big(name: str, size: str) -> InputError:
    return InputError(
        f"{name} unpacks {size}, more than a document may hold.",
        code="too-large",
        remedy="Split the file, or leave out large pictures, and load the parts.",
    )
