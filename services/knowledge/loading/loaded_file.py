"""What goes into a loader and what comes out of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from services.errors import InputError
from services.knowledge.models import Document, LoadFailure


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file on their way into the loader of its format.

    Attributes:
        name: Path below the loaded folder, or the file name; shown to people.
        document_id: The id that a document made of the whole file gets.
    """

    name: str
    document_id: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a loader found in one file."""

    documents: tuple[Document, ...] = ()
    failures: tuple[LoadFailure, ...] = ()
    warnings: tuple[LoadFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class Properties:
    """What a file says about itself; every field may be missing."""

    title: str | None = None
    url: str | None = None
    owner: str | None = None
    reviewed_on: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One file, or one batch of lines of a JSONL file, as documents and as what went wrong.

    Attributes:
        source_name: Path below the loaded folder, or the file name.
        data_sha256: Hash of the whole original file; empty when it could not be read.
        failures: What could not be loaded: the file, or lines of it.
        warnings: What was loaded but needs a look by the person who keeps the documents.
        original: The original bytes, or where they lie when they are too big to hold.
        part: Counts the batches of one JSONL file from 0; always 0 for other formats.
    """

    source_name: str
    data_sha256: str
    documents: tuple[Document, ...]
    failures: tuple[LoadFailure, ...]
    warnings: tuple[LoadFailure, ...]
    media_type: str
    original: bytes | Path = b""
    part: int = 0

    def open_data(self) -> BinaryIO:
        """Open the original file for reading; the caller closes it.

        Raises:
            InputError: The file that was loaded is no longer there (code ``unreadable``).
        """
        if isinstance(self.original, bytes):
            return io.BytesIO(self.original)
        try:
            return self.original.open("rb")
        except OSError as exc:
            raise InputError(
                f"{self.source_name} could not be opened again.",
                code="unreadable",
                remedy="Check that the file is still there, then load it again.",
            ) from exc
