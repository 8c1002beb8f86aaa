"""What the children of :class:`IsolatedLoader` are asked to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from services.knowledge.loading import files
from services.knowledge.loading.loaded_file import LoadedFile, failed_file
from services.knowledge.models import LoadFailure


def load_bytes(name: str, data: bytes, document_id: str | None, max_file_bytes: int) -> LoadedFile:
    """As :func:`files.load_bytes`, without the original, which the parent has."""
    loaded = files.load_bytes(name, data, document_id=document_id, max_file_bytes=max_file_bytes)
    return replace(loaded, original=b"")


def load_lines(path: str, name: str, sha256: str, seen_ids: set[str], max_line_bytes: int) -> Iterator[LoadedFile]:
    """As :func:`files.load_lines`, without the path, which the parent has."""
    try:
        for batch in files.load_lines(Path(path), name, sha256, seen_ids, max_line_bytes=max_line_bytes):
            yield replace(batch, original=b"")
    except OSError:
        remedy = "Check that this program may read the file, and try again."
        yield failed_file(LoadFailure(name, "unreadable", f"{name} could not be read.", remedy))
