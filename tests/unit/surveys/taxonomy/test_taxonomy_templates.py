"""The taxonomies to begin with: complete, and found by an analysis without examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.backends.local.onnx_embedder import OnnxEmbedder
from services.backends.local.surveys.analyzer import LocalSurveyAnalyzer
from services.errors import NotFoundError
from services.surveys.models import Response
from services.surveys.taxonomy_checks import check_storable
from services.surveys.taxonomy_exchange import export_csv, export_yaml, import_taxonomy
from services.surveys.taxonomy_templates import FOLDER, template, templates
from tests.unit.surveys.taxonomy.template_sentences import SENTENCES

IDS = [one.id for one in templates()]
LEAST_RIGHT = 0.8


def test_there_is_a_template_for_every_file_and_each_has_its_sentences() -> None:
    assert sorted(IDS) == sorted(path.stem for path in FOLDER.iterdir())
    assert sorted(IDS) == sorted(SENTENCES)
    assert len({one.name for one in templates()}) == len(IDS) >= 6


@pytest.mark.parametrize("template_id", IDS)
def test_template_can_be_kept_and_every_topic_says_what_it_is_about(template_id: str) -> None:
    one = template(template_id)
    check_storable(one.taxonomy)
    assert 8 <= len(one.taxonomy.topics) <= 20
    assert one.description.endswith(".")
    above = {topic.parent for topic in one.taxonomy.topics}
    for topic in one.taxonomy.topics:
        assert topic.description
        assert topic.keywords or topic.id in above


@pytest.mark.parametrize("template_id", IDS)
def test_template_can_be_exported_and_imported(template_id: str) -> None:
    taxonomy = template(template_id).taxonomy
    assert import_taxonomy("t.csv", export_csv(taxonomy).encode()) == taxonomy
    assert import_taxonomy("t.yaml", export_yaml(taxonomy).encode()) == taxonomy


def test_template_that_is_not_there_is_said() -> None:
    with pytest.raises(NotFoundError):
        template("nowhere")


@pytest.fixture(scope="module")
def analyzer(model_home: Path) -> LocalSurveyAnalyzer:
    return LocalSurveyAnalyzer(OnnxEmbedder(model_home))


@pytest.mark.slow
@pytest.mark.parametrize("template_id", IDS)
def test_sentences_of_the_industry_find_their_topic_first(template_id: str, analyzer: LocalSurveyAnalyzer) -> None:
    sentences = SENTENCES[template_id]
    assert len(sentences) >= 10
    responses = [Response(str(number), text) for number, (text, _) in enumerate(sentences)]
    findings = analyzer.analyze(responses, template(template_id).taxonomy)
    wrong = [
        (text, topic_id, [topic.topic_id for topic in finding.topics])
        for (text, topic_id), finding in zip(sentences, findings, strict=True)
        if not finding.topics or finding.topics[0].topic_id != topic_id
    ]
    assert len(wrong) <= (1 - LEAST_RIGHT) * len(sentences), wrong
