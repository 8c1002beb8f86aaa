"""Loading in child processes: a file that crashes, hangs or bloats its parser is a failure and nothing more."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from services.knowledge.loading.archives import ArchiveLimits, load_archive
from services.knowledge.loading.child_pool import ChildDiedError, ChildPool, Death
from services.knowledge.loading.files import shown_name, too_large
from services.knowledge.loading.folders import load_paths
from services.knowledge.loading.loaded_file import LoadedFile, failed_file
from services.knowledge.models import LoadFailure
from services.logs import get_logger

_log = get_logger(__name__)
PARSE_SECONDS = 30.0
PARSE_MEMORY_BYTES = 1_500_000_000
_PARSE = "services.knowledge.loading.isolated_calls:load_bytes"
_PARSE_LINES = "services.knowledge.loading.isolated_calls:load_lines"
_REMEDY = "Open the file in the program that made it, save it anew or print it to a new PDF, and load the result."
_FAILURES: dict[Death, tuple[str, str, str]] = {
    "crashed": ("parser-crashed", "could not be read: its content stopped the program that reads it.", _REMEDY),
    "defect": ("parser-crashed", "could not be read: its content is not as its format demands.", _REMEDY),
    "timeout": (
        "parser-timeout",
        "could not be read within {seconds:g} seconds.",
        "Split the file, or save it anew in the program that made it, and load the result.",
    ),
    "memory": (
        "parser-memory",
        "needs more than {megabytes:,.0f} MB of memory to be read.",
        "Split the file, or leave out what is not text, and load the result.",
    ),
}


class IsolatedLoader:
    """A :class:`DocumentLoader` and :class:`FileParser` whose parsers run in child processes within limits.

    Children start with the first file and are used again. JSONL is streamed; its limits count per batch of lines.

    Args:
        max_file_bytes: Largest file that is read; for JSONL the longest line.
        seconds: Longest time that one file may take, wall-clock.
        memory_bytes: Most memory that one file may take; enforced on Linux only.
        processes: Files that are parsed at once; more wait.
        parse: The function that parses bytes, as ``module:name``; another one in tests.
        on_death: Told the file's name and how the parser ended, beside what is logged.
    """

    def __init__(
        self,
        max_file_bytes: int,
        *,
        seconds: float = PARSE_SECONDS,
        memory_bytes: int = PARSE_MEMORY_BYTES,
        processes: int = 2,
        parse: str = _PARSE,
        on_death: Callable[[str, ChildDiedError], None] | None = None,
    ) -> None:
        self._max_file_bytes = max_file_bytes
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._parse = parse
        self._on_death = on_death
        modules = ("services.knowledge.loading.isolated_calls", parse.partition(":")[0])
        self._pool = ChildPool(modules, seconds=seconds, memory_bytes=memory_bytes, processes=processes)

    def load_bytes(self, name: str, data: bytes, document_id: str | None = None) -> LoadedFile:
        name = shown_name(name)
        if len(data) > self._max_file_bytes:
            return failed_file(
                too_large(name, len(data), self._max_file_bytes), sha256=hashlib.sha256(data).hexdigest()
            )
        try:
            loaded: LoadedFile = self._pool.call(self._parse, name, data, document_id, self._max_file_bytes)
        except ChildDiedError as exc:
            return failed_file(self._failure(name, exc), sha256=hashlib.sha256(data).hexdigest(), original=data)
        return replace(loaded, original=data)

    def load_lines(self, path: Path, name: str, sha256: str, seen_ids: set[str]) -> Iterator[LoadedFile]:
        part = 0
        try:
            for batch in self._pool.stream(
                _PARSE_LINES, str(path.resolve()), name, sha256, seen_ids, self._max_file_bytes
            ):
                part = batch.part
                seen_ids.update(document.id for document in batch.documents)
                yield replace(batch, original=path)
        except ChildDiedError as exc:
            failed = failed_file(self._failure(name, exc), sha256=sha256, original=path)
            yield replace(failed, part=part + 1 if part else 0)

    def load_path(self, path: Path) -> Iterator[LoadedFile]:
        return self.load_paths([path])

    def load_paths(self, paths: Sequence[Path]) -> Iterator[LoadedFile]:
        return load_paths(paths, max_file_bytes=self._max_file_bytes, parser=self)

    def load_archive(self, name: str, file: BinaryIO) -> Iterator[LoadedFile]:
        return load_archive(name, file, limits=ArchiveLimits(file_bytes=self._max_file_bytes), parser=self)

    def close(self) -> None:
        self._pool.close()

    def _failure(self, name: str, error: ChildDiedError) -> LoadFailure:
        _log.warning("document parser failed", death=error.death, detail=error.detail)
        if self._on_death is not None:
            self._on_death(name, error)
        code, cause, remedy = _FAILURES[error.death]
        cause = cause.format(seconds=self._seconds, megabytes=self._memory_bytes / 1e6)
        return LoadFailure(name, code, f"{name} {cause}", remedy)
