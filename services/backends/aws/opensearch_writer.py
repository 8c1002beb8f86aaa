"""Puts a snapshot into an index of OpenSearch: embeds what is new, sends it in bulk, and says when it can be found."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from services.backends.aws.opensearch_errors import status_error
from services.backends.aws.opensearch_schema import (
    IndexFacts,
    chunk_record,
    document_record,
    index_body,
    text_key,
    vector_of,
    vector_text,
)
from services.backends.aws.opensearch_service import CALLED, OpenSearchService
from services.errors import (
    AppError,
    BackendRejectedError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    NotFoundError,
)
from services.knowledge.chunking import ChunkSize, chunk_document
from services.knowledge.models import DocumentVersion
from services.logs import get_logger
from services.ports.knowledge import BuildListener, BuiltSnapshot, Embedder

# Texts between two words on how far the work is, and the most that an interruption waits for.
EMBED_BLOCK = 256
# Below the 10 MiB that small domains and Serverless take.
BULK_BYTES = 4_000_000
BULK_RECORDS = 500
KEYS_PER_LOOKUP = 200
HEADINGS_KEPT = 2_000
# Serverless shows what was written after a minute or two, and offers nothing to hurry it.
SERVERLESS_SHOWS_WITHIN_SECONDS = 300.0
SHOWN_WITHIN_SECONDS = 20.0
SECONDS_BETWEEN_LOOKS = 5.0

_log = get_logger(__name__)
_Record = dict[str, Any]


@dataclass(slots=True)
class _Counts:
    documents: int = 0
    chunks: int = 0
    texts: int = 0
    reused: int = 0
    records: int = 0


@dataclass(slots=True)
class _Block:
    """Some records with all texts of theirs that need vectors.

    Attributes:
        plain: Records that have none.
        chunks: Record, heading, and texts: the chunk's own, then its phrasings.
        texts: By key, each once.
    """

    plain: list[_Record] = field(default_factory=list)
    chunks: list[tuple[_Record, str, list[str]]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


class SnapshotWriter:
    """Writes one snapshot into an index that is not there yet.

    Args:
        name: The index.
        previous: An index whose vectors are taken over for texts that did not change.
    """

    def __init__(
        self, service: OpenSearchService, embedder: Embedder, size: ChunkSize, name: str, previous: str | None
    ) -> None:
        self._service = service
        self._embedder = embedder
        self._size = size
        self._name = name
        self._previous = previous
        # Vectors of the last headings, as they are sent: the chunks of a document share a few.
        self._headings: OrderedDict[str, str] = OrderedDict()
        self._sent_headings: set[str] = set()

    def write(self, versions: Iterable[DocumentVersion], on_progress: BuildListener | None = None) -> BuiltSnapshot:
        """Write everything; after an error the index is gone again.

        Raises:
            ConfigurationError: there is no text to index.
            BackendError: the embedder or OpenSearch failed.
        """
        with TemporaryFile("w+", encoding="utf-8") as spool:
            counts = self._spooled(versions, spool)
            if not counts.chunks:
                raise ConfigurationError(
                    "There is no text to index.",
                    code="nothing-to-index",
                    remedy="Load at least one document with text.",
                )
            facts = IndexFacts(self._embedder.model_id, self._embedder.dimension, self._size.words, self._size.overlap)
            self.delete()  # what a process that was killed has left
            try:
                self._create(facts)
                self._fill(spool, counts, on_progress or (lambda *_: None))
                self._wait_until_shown(counts.records)
                done = replace(facts, document_count=counts.documents, chunk_count=counts.chunks, complete=True)
                self._service.ask(lambda client: client.indices.put_mapping(index=self._name, body=done.as_meta()))
            except BaseException:
                with suppress(AppError):
                    self.delete()
                raise
        return BuiltSnapshot(counts.documents, counts.chunks, counts.reused)

    def delete(self) -> None:
        """Remove the index; nothing happens when there is none."""
        with suppress(NotFoundError):
            self._service.ask(lambda client: client.indices.delete(index=self._name))

    def _spooled(self, versions: Iterable[DocumentVersion], spool: IO[str]) -> _Counts:
        """Write the records down, so that memory stays flat and the number of texts is known before they are sent."""
        counts = _Counts()
        headings: set[str] = set()
        for stored in versions:
            counts.documents += 1
            _write_line(spool, {"record": document_record(stored)})
            for chunk in chunk_document(stored.document, self._size):
                counts.chunks += 1
                counts.texts += 1 + len(chunk.questions)
                if (key := text_key(chunk.heading)) not in headings:
                    headings.add(key)
                    counts.texts += 1
                line = {
                    "record": chunk_record(chunk, stored),
                    "heading": chunk.heading,
                    "texts": [chunk.indexed_text, *chunk.questions],
                }
                _write_line(spool, line)
        spool.seek(0)
        return counts

    def _create(self, facts: IndexFacts) -> None:
        body = index_body(facts, serverless=self._service.serverless)
        self._service.ask(lambda client: _create(client, self._name, body), patient=True)

    def _fill(self, spool: IO[str], counts: _Counts, on_progress: BuildListener) -> None:
        on_progress(0, counts.texts)
        seen = 0
        for block in self._blocks(spool):
            vectors, reused = self._vectors(block.texts)
            counts.reused += reused
            self._send([*block.plain, *self._records_of(block, vectors)], counts)
            seen += sum(len(texts) for _, _, texts in block.chunks)
            on_progress(min(seen, counts.texts), counts.texts)
            while len(self._headings) > HEADINGS_KEPT:
                self._headings.popitem(last=False)
        on_progress(counts.texts, counts.texts)

    def _blocks(self, spool: IO[str]) -> Iterator[_Block]:
        block = _Block()
        for raw in spool:
            line = json.loads(raw)
            if "texts" not in line:
                block.plain.append(line["record"])
            else:
                heading = line["heading"]
                block.chunks.append((line["record"], heading, line["texts"]))
                texts = [*line["texts"], *([] if heading in self._headings else [heading])]
                block.texts |= {text_key(text): text for text in texts}
            if len(block.texts) >= EMBED_BLOCK or len(block.plain) >= BULK_RECORDS:
                yield block
                block = _Block()
        if block.plain or block.chunks:
            yield block

    def _vectors(self, texts: Mapping[str, str]) -> tuple[dict[str, NDArray[np.float32]], int]:
        """The vector of every text by its key, and how many were taken over."""
        known = self._known(list(texts)) if self._previous is not None else {}
        # Texts of like length next to each other: less padding.
        fresh = sorted((key for key in texts if key not in known), key=lambda key: len(texts[key]))
        if fresh:
            made = self._embedder.embed([texts[key] for key in fresh])
            known |= dict(zip(fresh, np.asarray(made, dtype=np.float32), strict=True))
        return known, len(texts) - len(fresh)

    def _known(self, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        found: dict[str, NDArray[np.float32]] = {}
        for offset in range(0, len(keys), KEYS_PER_LOOKUP):
            some = keys[offset : offset + KEYS_PER_LOOKUP]
            body = {
                "query": {"terms": {"key": some}},
                "collapse": {"field": "key"},
                "size": len(some),
                "_source": ["key", "vector_bytes"],
            }
            try:
                found |= self._service.ask(lambda client, body=body: _vectors_by_key(client, self._previous, body))  # type: ignore[misc]
            except AppError as error:  # without them the build takes longer and nothing is lost
                _log.warning("previous index not read", index=self._previous, code=error.code)
                self._previous = None
                break
        return found

    def _records_of(self, block: _Block, vectors: Mapping[str, NDArray[np.float32]]) -> Iterator[_Record]:
        for record, heading, (_, *questions) in block.chunks:
            if heading not in self._headings:
                key = text_key(heading)
                self._headings[heading] = vector_text(vectors[key])
                if key not in self._sent_headings:
                    self._sent_headings.add(key)
                    yield {"kind": "heading", "key": key, "vector_bytes": self._headings[heading]}
            vector = vectors[record["key"]]
            yield {
                **record,
                "vector": vector.tolist(),
                "vector_bytes": vector_text(vector),
                "heading_bytes": self._headings[heading],
            }
            for place, question in enumerate(questions):
                key = text_key(question)
                yield {
                    "kind": "phrasing",
                    "chunk_id": record["chunk_id"],
                    "document_id": record["document_id"],
                    "document_version": record["document_version"],
                    "phrasing": place,
                    "key": key,
                    "vector": vectors[key].tolist(),
                    "vector_bytes": vector_text(vectors[key]),
                }

    def _send(self, records: Iterable[_Record], counts: _Counts) -> None:
        waiting: list[tuple[str, str]] = []
        size = 0
        for record in records:
            counts.records += 1
            line = json.dumps(record)
            waiting.append((self._action(record), line))
            size += len(line)
            if size >= BULK_BYTES or len(waiting) >= BULK_RECORDS:
                self._send_bulk(waiting)
                waiting, size = [], 0
        if waiting:
            self._send_bulk(waiting)

    def _action(self, record: _Record) -> str:
        if self._service.serverless:  # which takes no ids of ours; what arrives twice is told apart when it is read
            return json.dumps({"index": {}})
        part = record.get("phrasing", "")
        place = record.get("chunk_id") or record.get("document_id") or record["key"]
        # Hashed, because an id has 512 bytes at most; sent again, a record replaces itself.
        return json.dumps({"index": {"_id": text_key(f"{record['kind']}\n{part}\n{place}")}})

    def _send_bulk(self, waiting: list[tuple[str, str]]) -> None:
        remaining = waiting

        def send(client: Any) -> None:
            nonlocal remaining
            body = "".join(f"{action}\n{line}\n" for action, line in remaining)
            try:
                items = client.bulk(index=self._name, body=body)["items"]
            except Exception as exc:
                if getattr(exc, "status_code", None) == 404:  # Serverless takes a while to know a new index
                    raise BackendUnavailableError(f"The {CALLED} is not available at the moment.") from exc
                raise
            results = [next(iter(item.values())) for item in items]
            if len(results) != len(remaining):
                raise BackendUnavailableError(f"The {CALLED} did not say what became of every record.")
            failed = [
                (one, result)
                for one, result in zip(remaining, results, strict=True)
                if result.get("status", 500) >= 300
            ]
            remaining = [one for one, _ in failed]
            if failed:
                raise _item_error([result for _, result in failed])

        self._service.ask(send, patient=True)

    def _wait_until_shown(self, records: int) -> None:
        service = self._service
        if not service.serverless:
            service.ask(lambda client: client.indices.refresh(index=self._name), patient=True)
        deadline = service.clock() + (SERVERLESS_SHOWS_WITHIN_SECONDS if service.serverless else SHOWN_WITHIN_SECONDS)
        while (shown := self._shown()) < records:
            if service.clock() >= deadline:
                raise BackendTimeoutError(
                    f"The {CALLED} shows {shown:,} of {records:,} records that were sent.",
                    code="opensearch-not-shown",
                    remedy="Build the version again. If it happens again, an administrator must check the service.",
                )
            service.sleep(SECONDS_BETWEEN_LOOKS)

    def _shown(self) -> int:
        try:
            return self._service.ask(lambda client: int(client.count(index=self._name)["count"]))
        except NotFoundError:
            return 0


def _create(client: Any, name: str, body: Mapping[str, Any]) -> None:
    try:
        client.indices.create(index=name, body=body)
    except Exception as exc:
        # Sent twice because the first reply was lost: it was not there before, so it is this one.
        if "resource_already_exists_exception" not in str(getattr(exc, "error", "")):
            raise


def _vectors_by_key(client: Any, index: str | None, body: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    hits = client.search(index=index, body=body)["hits"]["hits"]
    return {hit["_source"]["key"]: vector_of(hit["_source"]["vector_bytes"]) for hit in hits}


def _item_error(results: Sequence[Mapping[str, Any]]) -> AppError:
    """What to say of records that were not taken: only if all of them may be taken the next time, that."""
    errors = []
    for result in results:
        error = result.get("error")
        kind = str(error.get("type", "")) if isinstance(error, Mapping) else ""
        errors.append(status_error(int(result.get("status", 500)), kind, str(error).casefold(), CALLED))
    final = [error for error in errors if not error.retryable]
    if not final:
        return errors[0]
    return BackendRejectedError(
        f"The {CALLED} refused {len(final):,} records of this version.",
        code="opensearch-records-refused",
        remedy="Build the version again. If it happens again, an administrator must check the service.",
    )


def _write_line(spool: IO[str], line: Mapping[str, Any]) -> None:
    spool.write(json.dumps(line) + "\n")
