"""Indexes on the knowledge base of the local AWS endpoint, for several test modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.kb_documents import KnowledgeBaseDocuments
from services.backends.aws.kb_index import KnowledgeBaseIndex
from services.backends.aws.kb_keys import PieceId
from services.backends.aws.kb_retrieval import KnowledgeBaseRetrieval
from services.backends.local.faiss_index import FaissIndex
from services.ports.knowledge import Embedder
from services.ports.model_calls import ModelCall
from services.storage.files import RootedFiles, SnapshotFolders
from tests.aws_endpoint.endpoint import AwsEndpoint, running_aws_endpoint
from tests.aws_endpoint.knowledge_base import LocalKnowledgeBase, StoredDocument
from tests.aws_endpoint.services.bedrock_agent import knowledge_base_of
from tests.contract.knowledge_index import TENANT, KnowledgeIndexContract

REGION = "us-east-1"
AT_ONCE = CallPolicy(attempts=3, first_wait_seconds=0.0, longest_wait_seconds=0.0)


class HeardCalls:
    """A recorder that keeps what it hears."""

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []

    def record(self, call: ModelCall, *, request: Any = None, reply: Any = None) -> None:
        self.calls.append(call)


class Place:
    """A storage and a way to AWS, as processes on one machine share them."""

    def __init__(self, folder: Path, policy: CallPolicy = AT_ONCE) -> None:
        self.folder = folder
        self.policy = policy
        self.heard = HeardCalls()
        self.aws = AwsAccess(AwsClients(REGION), self.heard)
        self.files = RootedFiles(str(folder / "files"))

    def record(self, embedder: Embedder) -> FaissIndex:
        return FaissIndex(SnapshotFolders(str(self.folder / "files"), self.folder / "cache"), embedder)

    def documents(
        self, knowledge_base: LocalKnowledgeBase, clock: Callable[[], float] = lambda: 0.0
    ) -> KnowledgeBaseDocuments:
        return KnowledgeBaseDocuments(
            self.aws,
            knowledge_base.id,
            knowledge_base.data_source,
            policy=self.policy,
            sleep=lambda _: None,
            clock=clock,
        )

    def index(
        self,
        knowledge_base: LocalKnowledgeBase,
        embedder: Embedder,
        *,
        filled: bool = True,
        clock: Callable[[], float] = lambda: 0.0,
    ) -> KnowledgeBaseIndex:
        return KnowledgeBaseIndex(
            self.record(embedder),
            KnowledgeBaseRetrieval(self.aws, knowledge_base.id, policy=self.policy),
            self.documents(knowledge_base, clock) if filled else None,
            (knowledge_base.id, knowledge_base.data_source if filled else ""),
            self.files,
        )


class KnowledgeBaseContract(KnowledgeIndexContract):
    """Gives an endpoint, its knowledge base and a place; give a fixture ``make_index``."""

    @pytest.fixture(scope="class")
    def running_endpoint(self) -> Iterator[AwsEndpoint]:
        with running_aws_endpoint() as endpoint:
            yield endpoint

    @pytest.fixture
    def endpoint(self, running_endpoint: AwsEndpoint) -> AwsEndpoint:
        running_endpoint.reset()
        return running_endpoint

    @pytest.fixture
    def knowledge_base(self, endpoint: AwsEndpoint) -> LocalKnowledgeBase:
        return knowledge_base_of(endpoint)

    @pytest.fixture
    def place(self, tmp_path: Path, endpoint: AwsEndpoint) -> Place:
        return Place(tmp_path)


def documents_of(knowledge_base: LocalKnowledgeBase, tenant: str = TENANT) -> list[PieceId]:
    """The pieces of a tenant that lie in the knowledge base."""
    pieces = [PieceId.parsed(one) for one in knowledge_base.documents]
    return [one for one in pieces if one is not None and one.tenant == tenant]


def sent_search(endpoint: AwsEndpoint) -> dict[str, Any]:
    """How the last Retrieve wanted to search."""
    last = endpoint.calls_of("bedrock-agent-runtime", "Retrieve")[-1].parameters
    search: dict[str, Any] = last["retrievalConfiguration"]["vectorSearchConfiguration"]
    return search


def retrieved(endpoint: AwsEndpoint) -> list[StoredDocument]:
    """What the last Retrieve gave back."""
    last = endpoint.calls_of("bedrock-agent-runtime", "Retrieve")[-1].parameters
    found = knowledge_base_of(endpoint).found(last["retrievalQuery"]["text"], sent_search(endpoint))
    return [one for _, one in found]
