"""Vectors that were paid for are found again, whatever happens to their file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.backends.local import kept_vectors
from services.backends.local.kept_vectors import KeptVectors
from services.errors import BackendThrottledError
from services.ports.knowledge import Embedder
from tests.contract.embedder import TEXTS, EmbedderContract
from tests.fakes import FakeEmbedder


class TestKeptVectors(EmbedderContract):
    @pytest.fixture
    def embedder(self, tmp_path: Path) -> Embedder:
        return KeptVectors(FakeEmbedder(), tmp_path)


class Breaking(FakeEmbedder):
    """Fails after so many texts."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def embed(self, texts):  # type: ignore[no-untyped-def]
        if len(self.embedded) + len(texts) > self.after:
            raise BackendThrottledError("Too many requests.")
        return super().embed(texts)


def test_known_texts_are_not_asked_for_again_by_another_process(tmp_path: Path) -> None:
    first, second = FakeEmbedder(), FakeEmbedder()
    vectors = KeptVectors(first, tmp_path).embed(TEXTS)
    again = KeptVectors(second, tmp_path).embed([TEXTS[2], "new", TEXTS[0]])
    assert second.embedded == ["new"]
    np.testing.assert_array_equal(again[[0, 2]], vectors[[2, 0]])


def test_text_that_comes_twice_is_asked_for_once(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    vectors = KeptVectors(embedder, tmp_path).embed(["a", "b", "a"])
    assert embedder.embedded == ["a", "b"]
    np.testing.assert_array_equal(vectors[0], vectors[2])


def test_what_came_before_a_failure_is_kept(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(3 * kept_vectors.BLOCK)]
    with pytest.raises(BackendThrottledError):
        KeptVectors(Breaking(2 * kept_vectors.BLOCK), tmp_path).embed(texts)
    later = FakeEmbedder()
    KeptVectors(later, tmp_path).embed(texts)
    assert later.embedded == texts[2 * kept_vectors.BLOCK :]


def test_models_do_not_share_vectors(tmp_path: Path) -> None:
    KeptVectors(FakeEmbedder("bedrock/a/256"), tmp_path).embed(["a"])
    other = FakeEmbedder("bedrock/a/512", dimension=512)
    assert KeptVectors(other, tmp_path).embed(["a"]).shape == (1, 512)
    assert other.embedded == ["a"]


def test_texts_themselves_are_not_kept(tmp_path: Path) -> None:
    KeptVectors(FakeEmbedder(), tmp_path).embed(["Zora Smith asked about insulin"])
    assert not any(b"Zora" in path.read_bytes() for path in tmp_path.iterdir())


def test_vectors_not_used_for_the_longest_time_go_first(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    kept = KeptVectors(embedder, tmp_path, most_vectors=3)
    for text in ("a", "b", "c", "d"):
        kept.embed([text])
    embedder.embedded.clear()
    kept.embed(["d", "c", "b"])
    assert embedder.embedded == []
    kept.embed(["a"])
    assert embedder.embedded == ["a"]


def test_damaged_file_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "fake.sqlite3").write_bytes(b"no database at all " * 100)
    embedder = FakeEmbedder()
    kept = KeptVectors(embedder, tmp_path)
    kept.embed(["a"])
    kept.embed(["a"])
    again = FakeEmbedder()
    KeptVectors(again, tmp_path).embed(["a"])
    assert again.embedded == []


def test_folder_that_cannot_be_written_costs_money_and_not_the_work(tmp_path: Path) -> None:
    in_the_way = tmp_path / "vectors"
    in_the_way.write_text("a file where the folder should be", encoding="utf-8")
    embedder = FakeEmbedder()
    kept = KeptVectors(embedder, in_the_way)
    assert kept.embed(["a"]).shape == kept.embed(["a"]).shape == (1, 256)
    assert embedder.embedded == ["a", "a"]
