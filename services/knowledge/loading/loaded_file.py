"""What goes into a loader and what comes out of it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, Protocol

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


def failed_file(
    failure: LoadFailure, *, sha256: str = "", media_type: str = "", original: bytes | Path = b""
) -> LoadedFile:
    """A file of which nothing could be loaded, for one reason."""
    return LoadedFile(failure.source_name, sha256, (), (failure,), (), media_type, original)


class FileParser(Protocol):
    """Turns single files into documents. What is wrong with a file stands in the result and never raises."""

    def load_bytes(self, name: str, data: bytes, document_id: str | None = None) -> LoadedFile:
        """Load one file of any format.

        Args:
            name: The file's name, which says in which format it should be; shown to people.
            data: The whole file.
            document_id: Id of the document; the name when None. JSONL documents have their own ids.
        """
        ...

    def load_lines(self, path: Path, name: str, sha256: str, seen_ids: set[str]) -> Iterator[LoadedFile]:
        """Load a JSONL file of any size in batches of lines.

        Args:
            sha256: Hash of the file, hexadecimal.
            seen_ids: Ids that may not come again; those of the file are added as it is read.
        """
        ...


class DocumentLoader(Protocol):
    """Loads uploads, files, folders and zip archives. Safe to call from many threads."""

    def load_bytes(self, name: str, data: bytes, document_id: str | None = None) -> LoadedFile:
        """As :meth:`FileParser.load_bytes`."""
        ...

    def load_path(self, path: Path) -> Iterator[LoadedFile]:
        """Load a file, a folder or a zip archive; see :func:`services.knowledge.loading.folders.load_path`."""
        ...

    def load_paths(self, paths: Sequence[Path]) -> Iterator[LoadedFile]:
        """As :meth:`load_path` for several at once, so that what they have in common is noticed."""
        ...

    def load_archive(self, name: str, file: BinaryIO) -> Iterator[LoadedFile]:
        """Load a zip archive that is open; see :func:`services.knowledge.loading.archives.load_archive`."""
        ...

    def close(self) -> None:
        """Let go of everything that is held; the loader can still be used and starts anew then."""
        ...
