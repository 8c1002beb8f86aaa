"""Every choice of the settings leads to its adapter; building one connects to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.answers.fallback import FallbackAnswers
from services.backends.answer_backends import build_answer_generator, build_embedder
from services.backends.local.extractive_answers import ExtractiveAnswers
from services.backends.local.kept_vectors import KeptVectors
from services.backends.local.onnx_embedder import OnnxEmbedder
from services.errors import ConfigurationError
from services.setting_choices import AnswerBackend, EmbeddingBackend
from services.settings import Settings, load_settings
from tests.fakes import FakeEmbedder


def settings(home: Path, **changes: object) -> Settings:
    """Everything that any backend needs, and these changes."""
    return load_settings(
        home=home,
        aws_region="eu-central-1",
        openai_base_url="http://127.0.0.1:9/v1",
        openai_answer_model="tiny",
        bedrock_answer_model="amazon.nova-lite-v1:0",
        bedrock_guardrail_id="gr4frontline",
        bedrock_guardrail_version="1",
        bedrock_kb_id="KB12345678",
        bedrock_kb_data_source_id="DS12345678",
        retrieval_backend="bedrock_kb",
        bedrock_embedding_model="amazon.titan-embed-text-v2:0",
        sagemaker_answer_endpoint="answers",
        sagemaker_embedding_endpoint="embeddings",
        **changes,
    )


@pytest.mark.parametrize("backend", list(AnswerBackend))
def test_generator_is_the_one_that_the_setting_names(tmp_path: Path, backend: AnswerBackend) -> None:
    assert build_answer_generator(settings(tmp_path, answer_backend=backend), FakeEmbedder()).name == backend


@pytest.mark.parametrize("backend", [one for one in AnswerBackend if one is not AnswerBackend.EXTRACTIVE])
def test_fallback_quotes_for_every_backend_that_generates(tmp_path: Path, backend: AnswerBackend) -> None:
    chosen = settings(tmp_path, answer_backend=backend, answer_fallback="extractive")
    generator = build_answer_generator(chosen, FakeEmbedder())
    assert isinstance(generator, FallbackAnswers)
    assert (generator.name, generator.substitute.name) == (backend, "extractive")


def test_quoting_needs_no_fallback(tmp_path: Path) -> None:
    generator = build_answer_generator(settings(tmp_path, answer_fallback="extractive"), FakeEmbedder())
    assert isinstance(generator, ExtractiveAnswers)


@pytest.mark.parametrize("backend", [EmbeddingBackend.BEDROCK, EmbeddingBackend.SAGEMAKER])
def test_vectors_of_other_machines_are_kept_and_sentences_are_weighed_on_this_one(
    model_home: Path, backend: EmbeddingBackend
) -> None:
    chosen = settings(model_home, embedding_backend=backend)
    assert isinstance(build_embedder(chosen), KeptVectors)
    paid = FakeEmbedder()
    build_answer_generator(chosen, paid).check_ready()
    assert paid.embedded == []


def test_local_embedder_keeps_nothing(tmp_path: Path) -> None:
    assert isinstance(build_embedder(settings(tmp_path)), OnnxEmbedder)


def test_embedding_model_that_cannot_be_asked_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        build_embedder(load_settings(home=tmp_path, embedding_backend="bedrock", bedrock_embedding_model="some.thing"))
