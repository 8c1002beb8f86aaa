"""What stands in an index of OpenSearch, and what its queries ask for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.backends.aws.opensearch_index import OpenSearchIndex
from services.backends.aws.opensearch_queries import Question, candidates_query, pipeline
from services.backends.aws.opensearch_schema import codes_in, vector_of, vector_text
from services.backends.local.faiss_index import FaissIndex
from services.knowledge.models import Ranking, SearchType
from services.knowledge.tokens import holds_identifier, identifiers
from services.storage.files import SnapshotFolders
from tests.contract.knowledge_index import TENANT, versions
from tests.contract.knowledge_samples import DOCUMENTS
from tests.contract.test_aws_opensearch_indexes import service_of
from tests.fakes import FakeEmbedder
from tests.opensearch_server import running_opensearch

TEXTS = [
    *(one.text for one in DOCUMENTS),
    "Call 1-800-555-0142, or +1 (212) 555 0199 ext 33; form PA100 is not PA-100, nor PA 1000b.",
    "#75 rejects COVID-19 tests of 28 days; see step 4, policy 12a and MSG 9.",
    "a1 b2c3 x" * 3,
    "",
    "🙂 (75)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_codes_of_a_text_are_all_that_a_question_finds_in_it(text: str) -> None:
    codes = codes_in(text)
    asked = {code for one in TEXTS for code in identifiers(one)} | {"75", "7", "pa10", "pa100", "100", "0142", "a1"}
    for code in asked:
        assert (code in codes) == holds_identifier(text, code), code


def test_vectors_come_back_as_they_were() -> None:
    vector = np.random.default_rng(0).standard_normal(384).astype(np.float32)
    np.testing.assert_array_equal(vector_of(vector_text(vector)), vector)


@pytest.mark.parametrize("keyword_weight", [0.0, 0.2, 0.7, 1.0])
@pytest.mark.parametrize(("tokens", "codes"), [(["insulin"], []), (["pa100"], ["pa100"])])
def test_pipeline_has_a_weight_for_every_part_of_its_query(
    keyword_weight: float, tokens: list[str], codes: list[str]
) -> None:
    question = Question((1.0, 0.0), tokens, codes)
    body = candidates_query(question, SearchType.HYBRID, 10)
    assert body is not None
    name, definition = pipeline(question, Ranking(keyword_weight))
    (processor,) = definition["phase_results_processors"]
    weights = processor["normalization-processor"]["combination"]["parameters"]["weights"]
    assert len(weights) == len(body["query"]["hybrid"]["queries"])
    assert sum(weights) == pytest.approx(1)
    assert f"{round(keyword_weight * 100):03d}" in name


def test_other_weights_have_another_pipeline() -> None:
    question = Question((1.0,), ["insulin"])
    assert len({pipeline(question, Ranking(weight / 20))[0] for weight in range(21)}) == 21


def test_words_that_are_repeated_weigh_as_often() -> None:
    body = candidates_query(Question((1.0,), ["insulin", "pen", "insulin"]), SearchType.KEYWORD, 10)
    assert body is not None
    boosts = {one["term"]["words"]["value"]: one["term"]["words"]["boost"] for one in body["query"]["bool"]["should"]}
    assert boosts == {"insulin": 2, "pen": 1}


@pytest.mark.parametrize(
    "question",
    [
        "Where is insulin kept?",
        "What is reject 75?",
        "How long can a pen stay out of the fridge?",
        "Who won?",
    ],
)
def test_evidence_is_on_the_scale_of_the_local_index(tmp_path: Path, question: str) -> None:
    local = FaissIndex(SnapshotFolders(str(tmp_path), tmp_path), FakeEmbedder())
    local.build(TENANT, 1, versions(), None)
    expected = local.search(TENANT, 1, question, limit=5, search_type=SearchType.HYBRID)
    with running_opensearch() as server:
        index = OpenSearchIndex(service_of(server), FakeEmbedder())
        index.build(TENANT, 1, versions(), None)
        found = index.search(TENANT, 1, question, limit=5, search_type=SearchType.HYBRID)
    for name in ("similarity", "breadth", "term_coverage", "lead"):
        assert getattr(found.evidence, name) == pytest.approx(getattr(expected.evidence, name), abs=0.01), name
    assert found.evidence.held_identifiers == expected.evidence.held_identifiers
    assert [one.chunk_id for one in found.passages] == [one.chunk_id for one in expected.passages]
    assert [one.score for one in found.passages] == pytest.approx([one.score for one in expected.passages], abs=0.01)
