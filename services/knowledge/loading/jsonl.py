"""JSONL: one document per line, with its own id; the text is kept to the letter."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from services.errors import InputError
from services.knowledge.loading.blocks import has_words, one_line
from services.knowledge.loading.formats import Format
from services.knowledge.loading.loaded_file import Content
from services.knowledge.loading.properties import checked_url, url_warning
from services.knowledge.models import Document, LoadFailure, Section

BATCH_LINES = 1_000
_BATCH_BYTES = 16_000_000
_HASH_BLOCK_BYTES = 1 << 20
_LONGEST_ID = 512
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LINE_REMEDY = 'Correct the line: {"id": "…", "title": "…", "text": "…", "url": "…"}, all in one line, in UTF-8.'


@dataclass(slots=True)
class JsonlReader:
    """Reads the lines of one file in batches; holds the ids seen so far, never the documents.

    Attributes:
        seen_ids: Ids that may not come again; shared by all files of one folder.
        limit_bytes: Longest line that is read.
    """

    name: str
    sha256: str
    limit_bytes: int
    seen_ids: set[str] = field(default_factory=set)

    def read(self, stream: BinaryIO) -> Iterator[Content]:
        """The documents and failures of every 1,000 lines or 16 MB, so that memory does not grow with the file."""
        for batch in _batches(_lines(stream, self.limit_bytes)):
            documents: list[Document] = []
            failures: list[LoadFailure] = []
            warnings: list[LoadFailure] = []
            for number, line in batch:
                if line is not None and not line.strip():
                    continue
                try:
                    document, warning = self._document(number, line)
                except InputError as exc:
                    failures.append(LoadFailure(self.name, exc.code, exc.message_for_user, exc.remedy))
                    continue
                documents.append(document)
                warnings += [warning] if warning else []
            yield Content(tuple(documents), tuple(failures), tuple(warnings))

    def _document(self, number: int, line: bytes | None) -> tuple[Document, LoadFailure | None]:
        if line is None:
            raise InputError(
                f"Line {number} is longer than the limit of {self.limit_bytes / 1e6:,.1f} MB.",
                code="too-large",
                remedy="Split the text of that line over several documents.",
            )
        fields = _parsed(number, line)
        document_id = _id(number, fields.get("id"))
        text = fields.get("text")
        if not isinstance(text, str):
            raise _bad_line(number, "it has no “text”" if text is None else "its “text” is not a string")
        if "\0" in text or _SURROGATE.search(text):
            raise _bad_line(number, "its “text” holds characters that are no text (NUL or half a character)")
        if not has_words(text):
            raise InputError(
                f"Line {number}: the text is blank.",
                code="no-text",
                remedy="Fill in “text”, or delete the line.",
            )
        if document_id in self.seen_ids:
            raise InputError(
                f"Line {number}: the id “{document_id[:80]}” was used before; only the first document was loaded.",
                code="duplicate-id",
                remedy="Give every document an id of its own.",
            )
        self.seen_ids.add(document_id)
        title, url = fields.get("title"), fields.get("url")
        start = len(text) - len(text.lstrip())
        document = Document(
            id=document_id,
            title=(one_line(title) if isinstance(title, str) else "") or document_id,
            text=text,
            sections=(Section((), start, len(text.rstrip()), questions=_phrasings(number, fields.get("questions"))),),
            media_type=Format.JSONL,
            url=checked_url(url) if isinstance(url, str) else None,
            source_name=self.name,
            source_sha256=self.sha256,
        )
        return document, url_warning(self.name, f"Line {number}: ") if url and document.url is None else None


def stream_sha256(stream: BinaryIO) -> str:
    """SHA-256 of everything in a stream, read in blocks of 1 MiB; hexadecimal."""
    digest = hashlib.sha256()
    while block := stream.read(_HASH_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _lines(stream: BinaryIO, limit_bytes: int) -> Iterator[bytes | None]:
    """The lines of a file; None stands for a line longer than the limit, which is skipped unread."""
    is_first = True
    while line := stream.readline(limit_bytes + 1):
        if len(line) > limit_bytes and not line.endswith(b"\n"):
            while (rest := stream.readline(_HASH_BLOCK_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None
        else:
            yield line.removeprefix(b"\xef\xbb\xbf") if is_first else line
        is_first = False


def _batches(lines: Iterator[bytes | None]) -> Iterator[list[tuple[int, bytes | None]]]:
    """The lines with their numbers from 1, as many at a time as a batch holds."""
    batch: list[tuple[int, bytes | None]] = []
    size_bytes = 0
    for number, line in enumerate(lines, start=1):
        batch.append((number, line))
        size_bytes += len(line or b"")
        if len(batch) >= BATCH_LINES or size_bytes >= _BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


def _parsed(number: int, line: bytes) -> dict[str, object]:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise _bad_line(number, "it is not UTF-8") from exc
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise _bad_line(number, "it is not JSON") from exc
    if not isinstance(fields, dict):
        raise _bad_line(number, "it is JSON, but not an object in braces")
    return fields


def _id(number: int, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise _bad_line(number, "it has no “id”")
    if len(value) > _LONGEST_ID or _CONTROL.search(value) or _SURROGATE.search(value):
        raise _bad_line(number, f"its “id” is longer than {_LONGEST_ID} characters or holds control characters")
    return value


def _phrasings(number: int, value: object) -> tuple[str, ...]:
    # "question" is left alone on purpose: there it belongs to a test set, and indexing it would give answers away.
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(question, str) for question in value):
        raise _bad_line(number, "its “questions” is not a list of strings")
    return tuple(dict.fromkeys(one_line(question) for question in value if has_words(question)))


def _bad_line(number: int, reason: str) -> InputError:
    return InputError(f"Line {number} could not be read: {reason}.", code="bad-line", remedy=_LINE_REMEDY)
