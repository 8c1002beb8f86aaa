"""What use cases need to keep files, and what reads files of buckets elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from services.errors import ConflictError


class FileStore(Protocol):
    """Files by name below a root: a folder or a bucket. Names are relative, with ``/``. Safe to use from many threads.

    Everything raises NotFoundError (``file-missing``) for a name that leads outside, and BackendError when the storage
    does not answer, or not to us.
    """

    def write(self, name: str, data: bytes) -> None:
        """Store; an existing file of that name is replaced in one step."""
        ...

    def write_new(self, name: str, data: bytes) -> None:
        """Store what has no file of that name yet; of several who try at once, one succeeds.

        Raises:
            ConflictError: there is one (``file-exists``); it stays as it is.
        """
        ...

    def write_from(self, name: str, source: Path) -> None:
        """As :meth:`write`, from a file of this machine of any size, which need not fit into memory."""
        ...

    def read(self, name: str) -> bytes:
        """Raises NotFoundError (``file-missing``)."""
        ...

    def exists(self, name: str) -> bool: ...

    def delete(self, name: str) -> None:
        """Remove the file; nothing happens when it is not there."""
        ...

    def delete_folder(self, name: str) -> None:
        """Remove everything below ``name/``; nothing happens when there is nothing."""
        ...

    def folders(self, name: str = "") -> list[str]:
        """The names of the folders right below ``name/``, sorted; those of the root when empty."""
        ...

    def link(self, name: str, *, seconds: int, download_name: str) -> str | None:
        """An address from which whoever has it can fetch the file; None where the storage gives none, as a folder.

        Args:
            seconds: How long it holds at most; credentials that end earlier end it too.
            download_name: What the file is called where it is fetched.
        """
        ...

    def check_ready(self) -> None:
        """Raise BackendError when a file could not be written and read now."""
        ...


def keep_once(files: FileStore, name: str, data: bytes) -> None:
    """Store bytes under a name that is made of them, unless they are there already."""
    if not files.exists(name):
        with contextlib.suppress(ConflictError):  # somebody else stored the same bytes just now
            files.write_new(name, data)


class FolderStore(Protocol):
    """Whole folders by name, each put and got as one: never a mixture of two. Raises BackendError."""

    def store(self, name: str, source: Path) -> None:
        """Keep this machine's folder; one of that name is replaced in one step.

        Raises:
            ConflictError: somebody else stored it meanwhile (``folder-taken``); theirs stays.
        """
        ...

    def fetch(self, name: str, target: Path) -> bool:
        """Copy it into a new folder of this machine; False, and no folder, when there is none."""
        ...

    def delete(self, name: str) -> None:
        """Remove it; nothing happens when it is not there."""
        ...

    def check_ready(self) -> None:
        """Raise BackendError when nothing could be stored or fetched now."""
        ...


@dataclass(frozen=True, slots=True)
class BucketFile:
    """A file of a bucket.

    Attributes:
        path: Below the address, with ``/``.
        marker: Differs whenever the content may differ.
    """

    path: str
    size_bytes: int
    marker: str


class Buckets(Protocol):
    """Reads what others keep in buckets, by addresses such as ``s3://bucket/prefix``. Raises BackendError."""

    def list_files(self, address: str) -> Iterator[BucketFile]:
        """Every file below the address, in no certain order; none when there is nothing."""
        ...

    def read(self, address: str, path: str, *, limit_bytes: int) -> bytes:
        """The content of a file below the address, cut off after so many bytes. Raises NotFoundError."""
        ...

    def fetch_folder(self, address: str, target: Path) -> None:
        """Copy what lies below an address, or the one file there, into a new folder of this machine.

        Raises:
            NotFoundError: there is nothing (``path-missing``).
        """
        ...
