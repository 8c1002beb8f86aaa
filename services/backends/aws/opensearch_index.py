"""The knowledge index in OpenSearch: an index per snapshot, and an alias that names the one that answers."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from services.backends.aws.opensearch_errors import INDEX_MISSING
from services.backends.aws.opensearch_queries import held_documents_query, identifier_query
from services.backends.aws.opensearch_schema import IndexFacts, alias_name, index_name
from services.backends.aws.opensearch_search import SEARCH_TYPES, SnapshotSearch
from services.backends.aws.opensearch_service import OpenSearchService
from services.backends.aws.opensearch_writer import SnapshotWriter
from services.backends.local.everyday_questions import EverydayQuestions
from services.backends.local.snapshot_search import Wanted
from services.errors import AppError, ConfigurationError, NotFoundError
from services.knowledge.chunking import ChunkSize
from services.knowledge.models import DocumentVersion, Ranking, Retrieval, SearchType
from services.knowledge.tokens import identifiers
from services.logs import get_logger
from services.ports.documents import HeldDocument
from services.ports.explanations import Explanation
from services.ports.knowledge import BuildListener, BuiltSnapshot, Embedder

# Facts of so many snapshots are remembered.
KNOWN_SNAPSHOTS = 32
DOCUMENTS_PER_PAGE = 1_000
# Of another embedding model, by its id; None when it cannot be had.
EmbedderOf = Callable[[str], Embedder | None]

_log = get_logger(__name__)


class OpenSearchIndex:
    """See :class:`services.ports.knowledge.KnowledgeIndex`.

    Args:
        embedder: What new snapshots are made with.
        size: How new snapshots are cut.
        embedder_of: Finds the embedder of snapshots that were made with another model; they are refused without it.
        everyday: What no knowledge base answers; without it nothing is alike.
    """

    def __init__(
        self,
        service: OpenSearchService,
        embedder: Embedder,
        size: ChunkSize | None = None,
        embedder_of: EmbedderOf | None = None,
        everyday: EverydayQuestions | None = None,
    ) -> None:
        self._service = service
        self._embedder = embedder
        self._size = size or ChunkSize()
        self._embedder_of = embedder_of or (lambda _: None)
        self._everyday = everyday or EverydayQuestions(tuple)
        self._search_of = SnapshotSearch(service)
        self._facts: OrderedDict[tuple[str, int], IndexFacts] = OrderedDict()
        self._lock = threading.Lock()

    def build(
        self,
        tenant: str,
        number: int,
        versions: Iterator[DocumentVersion],
        previous: int | None,
        on_progress: BuildListener | None = None,
    ) -> BuiltSnapshot:
        self._forget(tenant, number)
        writer = SnapshotWriter(
            self._service,
            self._embedder,
            self._size,
            index_name(tenant, number),
            self._predecessor(tenant, previous),
        )
        return writer.write(versions, on_progress)

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
        return self._found(tenant, number, question, wanted)

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
        return self._found(tenant, number, question, wanted)

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
        with self._snapshot(tenant, number) as facts:
            asked = self._everyday.embedded(question, self._embedder_for(facts))
            passages, evidence = self._search_of.explain(
                index_name(tenant, number), facts.chunk_count, asked.text, asked.vector, wanted
            )
        evidence = replace(evidence, everyday_likeness=asked.everyday_likeness)
        codes, vector = identifiers(asked.text), tuple(asked.vector.tolist())
        return Explanation(passages, evidence, number, wanted.ranking, codes, vector)

    def open_snapshot(self, tenant: str, number: int) -> None:
        with self._snapshot(tenant, number) as facts:
            self._embedder_for(facts, number)

    def held_documents(self, tenant: str, number: int) -> list[HeldDocument]:
        index = index_name(tenant, number)
        held: dict[str, HeldDocument] = {}
        after: str | None = None
        with self._snapshot(tenant, number):
            while True:
                body = held_documents_query(after, DOCUMENTS_PER_PAGE)
                page = self._service.ask(partial(_documents, index=index, body=body))
                held |= {one.document_id: one for one in page}
                if len(page) < DOCUMENTS_PER_PAGE:
                    return sorted(held.values())
                after = page[-1].document_id

    def mark_live(self, tenant: str, number: int) -> None:
        alias, index = alias_name(tenant), index_name(tenant, number)
        present = self._service.ask(partial(_indexes_of, alias=alias))
        # In one step: whoever reads the alias meets one snapshot at every moment.
        actions = [{"remove": {"index": one, "alias": alias}} for one in present if one != index]
        actions.append({"add": {"index": index, "alias": alias}})
        with self._snapshot(tenant, number):
            self._service.ask(lambda client: client.indices.update_aliases(body={"actions": actions}))

    @property
    def search_types(self) -> tuple[SearchType, ...]:
        return SEARCH_TYPES

    def delete(self, tenant: str, number: int) -> None:
        self._forget(tenant, number)
        SnapshotWriter(self._service, self._embedder, self._size, index_name(tenant, number), None).delete()

    @property
    def chunk_size(self) -> tuple[int, int]:
        return self._size.words, self._size.overlap

    def knows_identifier(self, tenant: str, number: int, identifier: str) -> bool:
        body = identifier_query(identifier.lower())
        with self._snapshot(tenant, number):
            count = self._service.ask(
                lambda client: int(client.count(index=index_name(tenant, number), body=body)["count"])
            )
        return count > 0

    def check_ready(self) -> None:
        """Raise an AppError unless the service answers, and lets this machine look for aliases and make pipelines."""
        self._service.ask(partial(_indexes_of, alias=alias_name("readiness-check")))
        self._search_of.make_pipeline(Ranking())

    def _found(self, tenant: str, number: int, question: str, wanted: Wanted) -> Retrieval:
        with self._snapshot(tenant, number) as facts:
            started = time.thread_time()
            asked = self._everyday.embedded(question, self._embedder_for(facts))
            passages, evidence = self._search_of.search(
                index_name(tenant, number), facts.chunk_count, asked.text, asked.vector, wanted
            )
        evidence = replace(evidence, everyday_likeness=asked.everyday_likeness)
        cpu_ms = (time.thread_time() - started) * 1000
        return Retrieval(passages, evidence, number, cpu_ms, tuple(asked.vector.tolist()))

    def _embedder_for(self, facts: IndexFacts, number: int | None = None) -> Embedder:
        if facts.embedding_model == self._embedder.model_id:
            return self._embedder
        embedder = self._embedder_of(facts.embedding_model)
        if embedder is None:
            called = f"Snapshot {number}" if number is not None else "The snapshot"
            raise ConfigurationError(
                f"{called} was made with another embedding model ({facts.embedding_model}).",
                code="snapshot-model",
                remedy="Load the knowledge base again, or set the embedding model back.",
            )
        return embedder

    def _predecessor(self, tenant: str, previous: int | None) -> str | None:
        """The index to take vectors over from; without it the build takes longer and nothing is lost."""
        if previous is None:
            return None
        try:
            with self._snapshot(tenant, previous) as facts:
                same = facts.embedding_model == self._embedder.model_id
        except AppError as error:
            _log.warning("predecessor not read", tenant=tenant, number=previous, code=error.code)
            return None
        return index_name(tenant, previous) if same else None

    @contextmanager
    def _snapshot(self, tenant: str, number: int) -> Iterator[IndexFacts]:
        """What is known of a snapshot while it is used; that its index is gone becomes our error."""
        try:
            yield self._facts_of(tenant, number)
        except NotFoundError as exc:
            if exc.code != INDEX_MISSING:
                raise
            self._forget(tenant, number)
            raise NotFoundError(
                f"Snapshot {number} is not there.", code="snapshot-missing", remedy="Publish another snapshot."
            ) from exc

    def _facts_of(self, tenant: str, number: int) -> IndexFacts:
        key = (tenant, number)
        with self._lock:
            known = self._facts.get(key)
        if known is not None:
            return known
        index = index_name(tenant, number)
        mapping = self._service.ask(lambda client: client.indices.get_mapping(index=index)[index]["mappings"])
        facts = IndexFacts.of_mapping(mapping)
        if facts is None:
            raise ConfigurationError(
                f"Snapshot {number} has a format that this version does not read.",
                code="snapshot-format",
                remedy="Build and publish a new version.",
            )
        if not facts.complete:
            raise NotFoundError(
                f"Snapshot {number} is not complete.", code="snapshot-missing", remedy="Publish another snapshot."
            )
        with self._lock:
            self._facts[key] = facts
            while len(self._facts) > KNOWN_SNAPSHOTS:
                self._facts.popitem(last=False)
        return facts

    def _forget(self, tenant: str, number: int) -> None:
        with self._lock:
            self._facts.pop((tenant, number), None)


def _documents(client: Any, *, index: str, body: Mapping[str, Any]) -> list[HeldDocument]:
    hits = client.search(index=index, body=body)["hits"]["hits"]
    return [
        HeldDocument(one["_source"]["document_id"], one["_source"]["document_version"], one["_source"]["title"])
        for one in hits
    ]


def _indexes_of(client: Any, *, alias: str) -> list[str]:
    try:
        return list(client.indices.get_alias(name=alias))
    except Exception as exc:
        if getattr(exc, "status_code", None) == 404:
            return []
        raise
