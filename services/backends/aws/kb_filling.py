"""Puts a snapshot into a Bedrock knowledge base: what is not there yet, and only that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO

from services.backends.aws.kb_documents import KnowledgeBaseDocuments, Piece
from services.backends.aws.kb_holdings import Holding, Holdings, planned
from services.backends.aws.kb_keys import PieceId, document_key, passage_key
from services.backends.local.snapshot_writer import text_key
from services.errors import AppError
from services.knowledge.chunking import ChunkSize, chunk_document
from services.knowledge.models import DocumentVersion
from services.logs import get_logger
from services.ports.knowledge import BuildListener

_log = get_logger(__name__)


class SnapshotFilling:
    """The pieces of one snapshot on their way into the knowledge base; to be used as a context.

    Args:
        ids: Of the knowledge base and of the data source.

    Attributes:
        count: Pieces of the documents that were noted so far.
    """

    def __init__(
        self,
        documents: KnowledgeBaseDocuments,
        holdings: Holdings,
        ids: tuple[str, str],
        size: ChunkSize,
        tenant: str,
        number: int,
    ) -> None:
        self._documents = documents
        self._holdings = holdings
        self._ids = ids
        self._size = size
        self._tenant = tenant
        self._number = number
        self._noted: dict[str, None] = {}
        self._spool: IO[str] = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by the context
        self.count = 0

    def __enter__(self) -> SnapshotFilling:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._spool.close()

    def noting(self, versions: Iterator[DocumentVersion]) -> Iterator[DocumentVersion]:
        """The documents as they come, each noted on the way."""
        for stored in versions:
            self._note(stored)
            yield stored

    def fill(self, previous: int | None, on_progress: BuildListener) -> None:
        """Put in what is missing, wait until it can be found, and write down what the snapshot holds.

        What was put in before an error stays for the next try, which then does not pay for it again; the snapshot
        itself is there only once all of it is.

        Raises:
            BackendError: Bedrock or the storage failed.
        """
        present = self._documents.present(self._tenant)
        holding = planned(self._number, self._ids, self._noted, self._previous(previous), present)
        there = {piece.same_piece for piece in present if piece.since <= self._number}
        missing = [one.same_piece not in there for one in self._ids_of(holding)]
        reused = self.count - sum(missing)
        self._put(holding, missing, lambda indexed: on_progress(reused + indexed, self.count))
        # What was there may have gone meanwhile, with another snapshot that was deleted.
        kept = {piece.same_piece for piece in self._documents.present(self._tenant)} if reused else set()
        lost = [not new and one.same_piece not in kept for new, one in zip(missing, self._ids_of(holding), strict=True)]
        if any(lost):
            self._put(holding, lost, lambda _: on_progress(self.count, self.count))
        self._holdings.save(self._tenant, self._number, holding)
        _log.info("snapshot put into the knowledge base", tenant=self._tenant, number=self._number, reused=reused)
        with suppress(AppError):
            remove_unheld(self._documents, self._holdings, self._tenant, before=self._number)

    def _note(self, stored: DocumentVersion) -> None:
        key = document_key(stored.document.id, stored.version, self._size.words, self._size.overlap)
        for chunk in chunk_document(stored.document, self._size):
            self._noted[key] = None
            passage = passage_key(chunk.document_id, stored.version, chunk.ordinal, text_key(chunk.indexed_text))
            # A phrasing is found by itself, as in the local index: among the text it would be one sentence of many.
            for place, text in enumerate((chunk.indexed_text, *chunk.questions)):
                self.count += 1
                line = {"document": key, "passage": passage, "place": place, "text": text}
                self._spool.write(json.dumps({**line, "title": stored.document.title}) + "\n")

    def _pieces(self, holding: Holding) -> Iterator[Piece]:
        self._spool.seek(0)
        for raw in self._spool:
            line = json.loads(raw)
            piece = PieceId(self._tenant, holding.epoch, self._number, line["document"], line["passage"], line["place"])
            yield Piece(piece, line["text"], line["title"])

    def _ids_of(self, holding: Holding) -> Iterator[PieceId]:
        return (one.id for one in self._pieces(holding))

    def _put(self, holding: Holding, chosen: list[bool], on_indexed: Callable[[int], None]) -> None:
        wanted = (piece for piece, put in zip(self._pieces(holding), chosen, strict=True) if put)
        self._documents.put(wanted, on_indexed)

    def _previous(self, number: int | None) -> Holding | None:
        if number is None:
            return None
        try:
            return self._holdings.get(self._tenant, number)
        except AppError as error:  # without it everything may be put in anew, and nothing is lost
            _log.warning("predecessor not read", tenant=self._tenant, number=number, code=error.code)
            return None


def remove_unheld(documents: KnowledgeBaseDocuments, holdings: Holdings, tenant: str, *, before: int) -> int:
    """Remove what no snapshot holds, put in for one before this number; returns how many pieces.

    What a later build is putting in at this moment is let alone.
    """
    held = {(one.epoch, key) for one in holdings.all_of(tenant) for key in one.documents}
    removed = documents.remove(tenant, lambda piece: piece.since < before and (piece.epoch, piece.document) not in held)
    if removed:
        _log.info("pieces removed from the knowledge base", tenant=tenant, count=removed)
    return removed
