"""The knowledge index on a Bedrock knowledge base: it finds candidates, and our own record of the snapshot weighs them.

The record is a snapshot as the local index keeps it. What is cited, how sure an answer is, and which codes are known
comes from it, whatever the knowledge base gives back; so the cuts that were calibrated keep their meaning, and nothing
is cited that the snapshot does not hold.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.backends.aws.kb_documents import KnowledgeBaseDocuments
from services.backends.aws.kb_filling import SnapshotFilling, remove_unheld
from services.backends.aws.kb_holdings import Holding, Holdings
from services.backends.aws.kb_keys import Filter, document_key, passage_key, passage_of_result, snapshot_filter
from services.backends.aws.kb_retrieval import MOST_RESULTS, KnowledgeBaseRetrieval, Result
from services.backends.aws.kb_sources import SourcePassages
from services.backends.local.everyday_questions import EmbeddedQuestion, EverydayQuestions
from services.backends.local.faiss_index import FaissIndex
from services.backends.local.snapshot_search import OpenSnapshot, Wanted
from services.errors import AppError, ConfigurationError, InputError
from services.knowledge.chunking import ChunkSize
from services.knowledge.models import DocumentVersion, Ranking, Retrieval, SearchType
from services.knowledge.tokens import identifiers
from services.ports.documents import HeldDocument
from services.ports.explanations import Explanation
from services.ports.files import FileStore
from services.ports.knowledge import BuildListener, BuiltSnapshot

SEARCH_TYPES = (SearchType.HYBRID, SearchType.SEMANTIC, SearchType.AUTO)
CANDIDATES = 50
OPEN_SNAPSHOTS = 8


@dataclass(slots=True)
class _Rows:
    """Where the passages of an open snapshot stand, as far as anybody asked."""

    snapshot: OpenSnapshot
    by_key: dict[str, int] | None = None
    by_source: SourcePassages | None = None

    def of_key(self, key: str | None) -> list[int]:
        if self.by_key is None:
            self.by_key = {
                passage_key(one.document_id, one.document_version, one.ordinal, one.text_key): one.row
                for one in self.snapshot.chunks()
            }
        row = self.by_key.get(key or "")
        return [] if row is None else [row]

    def of_source(self, result: Result) -> list[int]:
        if self.by_source is None:
            self.by_source = SourcePassages(self.snapshot)
        return self.by_source.rows_of(result)


class KnowledgeBaseIndex:
    """See :class:`services.ports.knowledge.KnowledgeIndex`.

    Args:
        record: Keeps snapshots and weighs what was found.
        documents: Where new snapshots are put in; None where others fill the knowledge base.
        ids: Of the knowledge base and of its data source; the latter empty where there is none.
        files: Where it is written down what belongs to which snapshot.
        everyday: As the record has it.
    """

    def __init__(
        self,
        record: FaissIndex,
        retrieval: KnowledgeBaseRetrieval,
        documents: KnowledgeBaseDocuments | None,
        ids: tuple[str, str],
        files: FileStore,
        everyday: EverydayQuestions | None = None,
    ) -> None:
        self._record = record
        self._retrieval = retrieval
        self._documents = documents
        self._ids = ids
        self._holdings = Holdings(files)
        self._everyday = everyday or EverydayQuestions(tuple)
        self._rows: OrderedDict[tuple[str, int], _Rows] = OrderedDict()
        self._lock = threading.Lock()

    def build(
        self,
        tenant: str,
        number: int,
        versions: Iterator[DocumentVersion],
        previous: int | None,
        on_progress: BuildListener | None = None,
    ) -> BuiltSnapshot:
        listener = on_progress or (lambda *_: None)
        if self._documents is None:
            return self._record.build(tenant, number, versions, previous, on_progress)
        self._holdings.delete(tenant, number)
        size = ChunkSize(*self.chunk_size)
        try:
            with SnapshotFilling(self._documents, self._holdings, self._ids, size, tenant, number) as filling:
                recorded = 0

                def told(done: int, total: int) -> None:
                    nonlocal recorded
                    recorded = total
                    listener(done, total + filling.count)

                built = self._record.build(tenant, number, filling.noting(versions), previous, told)
                filling.fill(previous, lambda done, total: listener(recorded + done, recorded + total))
        except BaseException:
            with suppress(AppError):
                self._record.delete(tenant, number)
            raise
        return built

    def search(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        search_type: SearchType,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Retrieval:
        wanted = Wanted(limit, search_type, hidden or {}, ranking or Ranking())
        return self._search(tenant, number, question, wanted)

    def search_documents(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        search_type: SearchType,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Retrieval:
        wanted = Wanted(limit, search_type, hidden or {}, ranking or Ranking(), one_per_document=True)
        return self._search(tenant, number, question, wanted)

    def explain(
        self,
        tenant: str,
        number: int,
        question: str,
        *,
        limit: int,
        hidden: Mapping[str, int] | None = None,
        ranking: Ranking | None = None,
    ) -> Explanation:
        wanted = Wanted(limit, SearchType.HYBRID, hidden or {}, ranking or Ranking())
        holding = self._holding(tenant, number)
        opened = self._record.opened(tenant, number)
        asked = self._everyday.embedded(question, opened.embedder)
        among = {
            search_type: self._candidates(tenant, number, opened.snapshot, holding, asked, wanted, search_type)
            for search_type in SEARCH_TYPES
        }
        passages, evidence = opened.snapshot.explain(asked.text, asked.vector, wanted, among)
        evidence = replace(evidence, everyday_likeness=asked.everyday_likeness)
        codes, vector = identifiers(asked.text), tuple(asked.vector.tolist())
        return Explanation(passages, evidence, number, wanted.ranking, codes, vector, SEARCH_TYPES)

    def open_snapshot(self, tenant: str, number: int) -> None:
        self._holding(tenant, number)
        self._record.open_snapshot(tenant, number)

    def held_documents(self, tenant: str, number: int) -> list[HeldDocument]:
        self._holding(tenant, number)
        return self._record.held_documents(tenant, number)

    def mark_live(self, tenant: str, number: int) -> None:
        """Nothing to do: the filter of every search names the snapshot."""

    @property
    def search_types(self) -> tuple[SearchType, ...]:
        return SEARCH_TYPES

    def delete(self, tenant: str, number: int) -> None:
        # First what makes it a snapshot; should the rest fail, the next build cleans up.
        self._holdings.delete(tenant, number)
        self._record.delete(tenant, number)
        if self._documents is not None:
            remove_unheld(self._documents, self._holdings, tenant, before=number + 1)

    @property
    def chunk_size(self) -> tuple[int, int]:
        return self._record.chunk_size

    def knows_identifier(self, tenant: str, number: int, identifier: str) -> bool:
        return self._record.knows_identifier(tenant, number, identifier)

    def check_ready(self) -> None:
        self._record.check_ready()
        self._retrieval.require_ready()
        if self._documents is not None:
            self._documents.require_ready()

    def _search(self, tenant: str, number: int, question: str, wanted: Wanted) -> Retrieval:
        if wanted.search_type not in SEARCH_TYPES:
            raise InputError(
                "This knowledge base does not search by words alone.",
                code="search-type-not-offered",
                remedy="Search by meaning, or by both.",
            )
        holding = self._holding(tenant, number)
        opened = self._record.opened(tenant, number)
        started = time.thread_time()
        asked = self._everyday.embedded(question, opened.embedder)
        rows = self._candidates(tenant, number, opened.snapshot, holding, asked, wanted, wanted.search_type)
        passages, evidence = opened.snapshot.search(asked.text, asked.vector, wanted, rows)
        evidence = replace(evidence, everyday_likeness=asked.everyday_likeness)
        cpu_ms = (time.thread_time() - started) * 1000
        return Retrieval(passages, evidence, number, cpu_ms, tuple(asked.vector.tolist()))

    def _candidates(
        self,
        tenant: str,
        number: int,
        snapshot: OpenSnapshot,
        holding: Holding | None,
        asked: EmbeddedQuestion,
        wanted: Wanted,
        search_type: SearchType,
    ) -> NDArray[np.int64]:
        """Rows of what the knowledge base found and this snapshot holds."""
        # Where others cut the documents, or phrasings stand beside texts, several results are one passage.
        count = MOST_RESULTS if holding is None else max(CANDIDATES, 4 * wanted.limit)
        chosen = self._filter(tenant, number, holding, wanted.hidden) if holding is not None else None
        results = self._retrieval.retrieve(asked.text, search_type, count=count, chosen=chosen)
        rows = self._rows_of(tenant, number, snapshot)
        found = {
            row
            for result in results
            for row in (rows.of_source(result) if holding is None else rows.of_key(passage_of_result(result)))
        }
        return np.array(sorted(found), dtype=np.int64)

    def _filter(self, tenant: str, number: int, holding: Holding, hidden: Mapping[str, int]) -> Filter:
        held = self._record.held_documents(tenant, number) if hidden else []
        words, overlap = self._record.opened(tenant, number).snapshot.chunk_size
        keys = (
            document_key(one.document_id, one.version, words, overlap)
            for one in held
            if one.version <= hidden.get(one.document_id, 0)
        )
        return snapshot_filter(tenant, number, holding.epoch, holding.excluded(keys))

    def _holding(self, tenant: str, number: int) -> Holding | None:
        """What the snapshot holds of the knowledge base; None where others fill it.

        Raises:
            NotFoundError: it is not in any knowledge base.
            ConfigurationError: it is in another one.
        """
        if self._documents is None:
            return None
        holding = self._holdings.get(tenant, number)
        if (holding.knowledge_base, holding.data_source) != self._ids:
            raise ConfigurationError(
                f"Snapshot {number} is in another knowledge base.",
                code="snapshot-elsewhere",
                remedy="Build and publish a new version, or set FRONTLINE_BEDROCK_KB_ID and "
                "FRONTLINE_BEDROCK_KB_DATA_SOURCE_ID back.",
            )
        return holding

    def _rows_of(self, tenant: str, number: int, snapshot: OpenSnapshot) -> _Rows:
        with self._lock:
            rows = self._rows.get((tenant, number))
            if rows is None or rows.snapshot is not snapshot:
                rows = self._rows[tenant, number] = _Rows(snapshot)
                while len(self._rows) > OPEN_SNAPSHOTS:
                    self._rows.popitem(last=False)
            return rows
