"""Every choice of the settings leads to its index; building one connects to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.backends.aws.kb_index import KnowledgeBaseIndex
from services.backends.aws.opensearch_index import OpenSearchIndex
from services.backends.index_backends import build_index
from services.backends.local.faiss_index import FaissIndex
from services.errors import ConfigurationError
from services.settings import load_settings
from tests.fakes import FakeEmbedder

KNOWLEDGE_BASE = {"retrieval_backend": "bedrock_kb", "bedrock_kb_id": "KB12345678"}
SOURCE = {"bedrock_kb_data_source_id": "DS12345678"}
ANSWERS = {"answer_backend": "bedrock_kb", "bedrock_answer_model": "amazon.nova-lite-v1:0"}


@pytest.mark.parametrize(
    ("chosen", "kind"),
    [
        ({}, FaissIndex),
        ({"retrieval_backend": "opensearch", "opensearch_url": "https://search.example"}, OpenSearchIndex),
        (KNOWLEDGE_BASE, KnowledgeBaseIndex),
        ({**KNOWLEDGE_BASE, **SOURCE}, KnowledgeBaseIndex),
    ],
)
def test_index_is_the_one_that_the_setting_names(tmp_path: Path, chosen: dict[str, str], kind: type[object]) -> None:
    index = build_index(load_settings(home=tmp_path, chunk_words=99, chunk_overlap=9, **chosen), FakeEmbedder())
    assert type(index) is kind
    assert index.chunk_size == (99, 9)


@pytest.mark.parametrize("retrieval", [{}, KNOWLEDGE_BASE, {"bedrock_kb_id": "KB12345678", **SOURCE}])
def test_answers_from_a_knowledge_base_need_passages_that_frontline_put_into_it(
    tmp_path: Path, retrieval: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(home=tmp_path, **{"bedrock_kb_id": "KB12345678", **ANSWERS, **retrieval})
    assert "FRONTLINE_RETRIEVAL_BACKEND=bedrock_kb" in caught.value.message_for_user
    assert "FRONTLINE_BEDROCK_KB_DATA_SOURCE_ID" in caught.value.message_for_user
    load_settings(home=tmp_path, **KNOWLEDGE_BASE, **SOURCE, **ANSWERS)
