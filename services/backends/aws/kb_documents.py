"""Puts pieces of text into a custom data source of a Bedrock knowledge base, waits for them, and removes them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import AwsService, CallPolicy, Usage
from services.backends.aws.kb_keys import PieceId, attributes_of, prefix_of
from services.errors import BackendMisconfiguredError, BackendRejectedError, BackendTimeoutError
from services.logs import get_logger

_T = TypeVar("_T")
CALLED = "knowledge base"
BACKEND = "bedrock_kb"
# Nobody waits at a screen, and the quotas are small: five requests a second for a whole account.
INGEST_POLICY = CallPolicy(
    attempts=10, first_wait_seconds=1.0, longest_wait_seconds=20.0, give_up_seconds=240.0, at_once=4
)
# What one request takes.
PIECES_PER_REQUEST = 10
IDS_PER_PAGE = 1_000
# Put in and not yet indexed: more wait until some of them are.
MOST_PENDING = 200
SECONDS_BETWEEN_LOOKS = 3.0
# Without any piece indexed for so long, the build ends.
STALLED_AFTER_SECONDS = 900.0
# A piece that failed is put in once more.
TRIES = 2
_INDEXED = frozenset({"INDEXED"})
_UNDER_WAY = frozenset({"PENDING", "STARTING", "IN_PROGRESS"})
_NAMED_FAILURES = 3

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """A text for the knowledge base.

    Attributes:
        title: Of its document, for messages.
    """

    id: PieceId
    text: str
    title: str


class KnowledgeBaseDocuments:
    """The pieces in one data source. Safe to use from many threads.

    Args:
        sleep, clock: For tests.
    """

    def __init__(
        self,
        aws: AwsAccess,
        kb_id: str,
        data_source_id: str,
        *,
        policy: CallPolicy = INGEST_POLICY,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = {"knowledgeBaseId": kb_id, "dataSourceId": data_source_id}
        self._sleep = sleep
        self._clock = clock
        self._service = AwsService(
            aws.clients,
            "bedrock-agent",
            called=CALLED,
            backend=BACKEND,
            policy=policy,
            recorder=aws.recorder,
            sleep=sleep,
            clock=clock,
        )

    def present(self, tenant: str) -> set[PieceId]:
        """All pieces of a tenant that can be found."""
        return {piece for piece, status in self._listed(tenant) if status in _INDEXED}

    def put(self, pieces: Iterable[Piece], on_indexed: Callable[[int], None] | None = None) -> None:
        """Put pieces in and wait until they can be found.

        Args:
            on_indexed: Hears how many of them can be found by now; what it raises ends the work.

        Raises:
            BackendRejectedError: some could not be indexed (``kb-pieces-failed``); the others are.
            BackendTimeoutError: for long none was indexed (``kb-indexing-stalled``).
            BackendError: Bedrock failed.
        """
        work = _Work(self, on_indexed or (lambda _: None))
        for group in _groups(pieces, PIECES_PER_REQUEST):
            work.begin(group)
        work.finish()

    def remove(self, tenant: str, chosen: Callable[[PieceId], bool]) -> int:
        """Remove the pieces of a tenant that are chosen, whatever became of them; returns how many."""
        ids = [piece for piece, _ in self._listed(tenant) if chosen(piece)]
        for group in _groups(ids, PIECES_PER_REQUEST):
            parameters = {**self._source, "documentIdentifiers": _identifiers(group)}
            self._service.call("DeleteKnowledgeBaseDocuments", {**parameters, "clientToken": str(uuid.uuid4())})
        return len(ids)

    def require_ready(self) -> None:
        """Raise BackendError unless the data source can take pieces."""
        source = self._service.call("GetDataSource", self._source).get("dataSource", {})
        if source.get("dataSourceConfiguration", {}).get("type") != "CUSTOM":
            raise BackendMisconfiguredError(
                f"The data source of the {CALLED} does not take documents from Frontline.",
                code="kb-data-source-type",
                remedy="An administrator must set FRONTLINE_BEDROCK_KB_DATA_SOURCE_ID to one of the type Custom.",
            )
        if source.get("status") not in {"AVAILABLE", "UPDATING"}:
            raise BackendMisconfiguredError(
                f"The data source of the {CALLED} is not available.",
                code="kb-data-source-not-available",
                remedy="An administrator must look at it in the Bedrock console.",
            )

    def ingest(self, pieces: Sequence[Piece]) -> Mapping[str, str]:
        """Hand over up to ten pieces; gives the status of each by its id."""
        # One token for all requests of this call: what is repeated is not indexed, and paid for, twice.
        parameters = {
            **self._source,
            "clientToken": str(uuid.uuid4()),
            "documents": [_document(one) for one in pieces],
        }
        reply = self._service.call("IngestKnowledgeBaseDocuments", parameters, usage=lambda _: Usage(units=1))
        return _statuses(reply)

    def statuses(self, pieces: Sequence[Piece]) -> Mapping[str, str]:
        """The status of up to ten pieces by their ids."""
        identifiers = _identifiers([one.id for one in pieces])
        return _statuses(
            self._service.call("GetKnowledgeBaseDocuments", {**self._source, "documentIdentifiers": identifiers})
        )

    def wait(self) -> None:
        """Give the knowledge base some time."""
        self._sleep(SECONDS_BETWEEN_LOOKS)

    def now(self) -> float:
        """Seconds that only grow."""
        return self._clock()

    def _listed(self, tenant: str) -> Iterator[tuple[PieceId, str]]:
        prefix = prefix_of(tenant)
        page: dict[str, Any] = {}
        while True:
            reply = self._service.call(
                "ListKnowledgeBaseDocuments", {**self._source, "maxResults": IDS_PER_PAGE, **page}
            )
            for text, status in _statuses(reply).items():
                piece = PieceId.parsed(text) if text.startswith(prefix) else None
                if piece is not None:
                    yield piece, status
            if not reply.get("nextToken"):
                return
            page = {"nextToken": reply["nextToken"]}


class _Work:
    """Pieces on their way into the knowledge base."""

    def __init__(self, documents: KnowledgeBaseDocuments, on_indexed: Callable[[int], None]) -> None:
        self._documents = documents
        self._on_indexed = on_indexed
        self._pending: dict[str, Piece] = {}
        self._tries: dict[str, int] = {}
        self._failed: list[tuple[Piece, str]] = []
        self._indexed = 0
        self._moved_at = documents.now()

    def begin(self, pieces: Sequence[Piece]) -> None:
        while len(self._pending) + len(pieces) > MOST_PENDING:
            self._look()
        self._ingest(pieces)
        self._on_indexed(self._indexed)

    def finish(self) -> None:
        while self._pending:
            self._look()
        self._on_indexed(self._indexed)
        if self._failed:
            raise _failure(self._failed)

    def _ingest(self, pieces: Sequence[Piece]) -> None:
        for one in pieces:
            self._tries[str(one.id)] = self._tries.get(str(one.id), 0) + 1
            self._pending[str(one.id)] = one
        self._settle(pieces, self._documents.ingest(pieces))

    def _look(self) -> None:
        """See what became of those that wait longest."""
        self._documents.wait()
        before = self._indexed + len(self._failed)
        oldest = list(self._pending.values())[: 5 * PIECES_PER_REQUEST]
        for group in _groups(oldest, PIECES_PER_REQUEST):
            self._settle(group, self._documents.statuses(group))
        if self._indexed + len(self._failed) > before:
            self._moved_at = self._documents.now()
            self._on_indexed(self._indexed)
        elif self._documents.now() - self._moved_at > STALLED_AFTER_SECONDS:
            raise BackendTimeoutError(
                f"The {CALLED} has not indexed anything for a long time; {len(self._pending):,} passages wait.",
                code="kb-indexing-stalled",
                remedy="Build the version again: what was indexed stays. If it lasts, an administrator must look at "
                "the data source in the Bedrock console.",
            )

    def _settle(self, pieces: Sequence[Piece], statuses: Mapping[str, str]) -> None:
        again: list[Piece] = []
        for one in pieces:
            name = str(one.id)
            status = statuses.get(name, "NOT_FOUND")
            if status in _UNDER_WAY or name not in self._pending:
                continue
            if status in _INDEXED:
                self._indexed += 1
            elif self._tries[name] < TRIES:
                again.append(one)
                continue
            else:
                _log.warning("piece not indexed", piece=name, status=status)
                self._failed.append((one, status))
            del self._pending[name]
        if again:
            for one in again:
                del self._pending[str(one.id)]
            self._ingest(again)


def _failure(failed: Sequence[tuple[Piece, str]]) -> BackendRejectedError:
    titles = list(dict.fromkeys(piece.title for piece, _ in failed))
    named = ", ".join(f"“{title}”" for title in titles[:_NAMED_FAILURES])
    more = f" and {len(titles) - _NAMED_FAILURES:,} more" if len(titles) > _NAMED_FAILURES else ""
    passages = "1 passage" if len(failed) == 1 else f"{len(failed):,} passages"
    return BackendRejectedError(
        f"The {CALLED} could not index {passages} of {named}{more}.",
        code="kb-pieces-failed",
        remedy="Build the version again: only these are put in anew. If it happens again, change or disable these "
        "documents.",
    )


def _document(piece: Piece) -> dict[str, Any]:
    return {
        "content": {
            "dataSourceType": "CUSTOM",
            "custom": {
                "customDocumentIdentifier": {"id": str(piece.id)},
                "sourceType": "IN_LINE",
                "inlineContent": {"type": "TEXT", "textContent": {"data": piece.text}},
            },
        },
        "metadata": {"type": "IN_LINE_ATTRIBUTE", "inlineAttributes": attributes_of(piece.id)},
    }


def _identifiers(ids: Sequence[PieceId]) -> list[dict[str, Any]]:
    return [{"dataSourceType": "CUSTOM", "custom": {"id": str(one)}} for one in ids]


def _statuses(reply: Mapping[str, Any]) -> dict[str, str]:
    found = ((one.get("identifier", {}).get("custom", {}).get("id"), one) for one in reply.get("documentDetails", ()))
    return {name: one.get("status", "NOT_FOUND") for name, one in found if name is not None}


def _groups(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    group: list[_T] = []
    for item in items:
        group.append(item)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
