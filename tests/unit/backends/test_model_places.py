"""The model that an old snapshot was made with is found again where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.backends.local.model_places import ModelPlaces
from services.backends.local.onnx_embedder import OnnxEmbedder
from services.backends.local.sentence_transformers_embedder import SentenceTransformersEmbedder
from tests.contract.test_embedders import make_tiny_model


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", seed=1)


def test_packaged_model_needs_no_note(tmp_path: Path) -> None:
    found = ModelPlaces(tmp_path).embedder_of(OnnxEmbedder.model_id)
    assert isinstance(found, OnnxEmbedder)


@pytest.mark.slow
def test_model_that_was_used_is_found_by_another_process(tmp_path: Path, tiny_model: Path) -> None:
    used = SentenceTransformersEmbedder(str(tiny_model), ModelPlaces(tmp_path).remember)
    vectors = used.embed(["insulin"])
    found = ModelPlaces(tmp_path).embedder_of(used.model_id)
    assert found is not None
    assert (found.embed(["insulin"]) == vectors).all()


@pytest.mark.slow
def test_model_whose_files_changed_is_not_taken_for_the_old_one(tmp_path: Path, tiny_model: Path) -> None:
    model_id = SentenceTransformersEmbedder(str(tiny_model)).model_id
    places = ModelPlaces(tmp_path)
    places.remember(model_id, str(tiny_model))
    (tiny_model / "extra.txt").write_text("changed", encoding="utf-8")
    assert places.embedder_of(model_id) is None
    (tiny_model / "extra.txt").unlink()


def test_model_that_is_nowhere_is_none(tmp_path: Path) -> None:
    places = ModelPlaces(tmp_path)
    places.remember("gone-000000000000", str(tmp_path / "gone"))
    assert places.embedder_of("gone-000000000000") is None


def test_damaged_notes_are_written_anew(tmp_path: Path) -> None:
    notes = tmp_path / "models" / "places.json"
    notes.parent.mkdir()
    notes.write_text("{", encoding="utf-8")
    ModelPlaces(tmp_path).remember("a/b", "a/b")
    assert "a/b" in notes.read_text(encoding="utf-8")


def test_home_that_cannot_be_written_does_not_stop_the_work(tmp_path: Path) -> None:
    in_the_way = tmp_path / "models"
    in_the_way.write_text("a file where the folder should be", encoding="utf-8")
    ModelPlaces(tmp_path).remember("a/b", "a/b")
    assert in_the_way.read_text(encoding="utf-8") == "a file where the folder should be"
