"""What goes wrong at a Bedrock knowledge base while it is searched, filled or cleaned up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from services.backends.aws.calls import CallPolicy
from tests.aws_endpoint.endpoint import AwsEndpoint
from tests.aws_endpoint.services.bedrock_agent import knowledge_base_of
from tests.contract.aws_faults import AwsFaultContract
from tests.contract.kb_place import Place
from tests.contract.knowledge_index import TENANT, found, versions
from tests.contract.knowledge_samples import STORAGE, version
from tests.fakes import FakeEmbedder


class TestRetrieveFaults(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = ("bedrock-agent-runtime", "Retrieve")
    action: ClassVar[str] = "bedrock:Retrieve"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy, tmp_path: Path) -> Callable[[], object]:
        Place(tmp_path).index(knowledge_base_of(endpoint), FakeEmbedder()).build(TENANT, 1, versions(), None)
        index = Place(tmp_path, policy).index(knowledge_base_of(endpoint), FakeEmbedder())
        return lambda: found(index, "insulin")


class _BuildFaults(AwsFaultContract):
    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy, tmp_path: Path) -> Callable[[], object]:
        index = Place(tmp_path, policy).index(knowledge_base_of(endpoint), FakeEmbedder())
        return lambda: index.build(TENANT, 1, iter([version(STORAGE)]), None)


class TestIngestFaults(_BuildFaults):
    operation: ClassVar[tuple[str, str]] = ("bedrock-agent", "IngestKnowledgeBaseDocuments")
    action: ClassVar[str] = "bedrock:IngestKnowledgeBaseDocuments"


class TestPollingFaults(_BuildFaults):
    operation: ClassVar[tuple[str, str]] = ("bedrock-agent", "GetKnowledgeBaseDocuments")
    action: ClassVar[str] = "bedrock:GetKnowledgeBaseDocuments"


class TestDeleteFaults(AwsFaultContract):
    operation: ClassVar[tuple[str, str]] = ("bedrock-agent", "DeleteKnowledgeBaseDocuments")
    action: ClassVar[str] = "bedrock:DeleteKnowledgeBaseDocuments"

    @pytest.fixture
    def call(self, endpoint: AwsEndpoint, policy: CallPolicy, tmp_path: Path) -> Callable[[], object]:
        whole = Place(tmp_path).index(knowledge_base_of(endpoint), FakeEmbedder())
        whole.build(TENANT, 1, iter([version(STORAGE)]), None)
        index = Place(tmp_path, policy).index(knowledge_base_of(endpoint), FakeEmbedder())
        return lambda: index.delete(TENANT, 1)
