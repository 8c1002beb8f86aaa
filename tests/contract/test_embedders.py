"""The contract of Embedder: the packaged model in onnxruntime, a model made on the spot, and the fake."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.backends.local.onnx_embedder import OnnxEmbedder
from services.backends.local.sentence_transformers_embedder import SentenceTransformersEmbedder
from services.errors import BackendMisconfiguredError, ConfigurationError
from services.ports.knowledge import Embedder
from tests.contract.embedder import TEXTS, EmbedderContract
from tests.fakes import FakeEmbedder


@pytest.fixture(scope="module")
def onnx_embedder(model_home: Path) -> OnnxEmbedder:
    return OnnxEmbedder(model_home)


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of a few thousand random weights, saved as sentence-transformers saves any model."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", seed=0)


def make_tiny_model(folder: Path, *, seed: int) -> Path:
    """Make and save the model."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(seed)
    source = folder.with_name(f"{folder.name}-source")
    source.mkdir(parents=True)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *letters,
        *(f"##{letter}" for letter in letters),
        *"0123456789",
    ]
    (source / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(source)
    BertTokenizer(vocab=str(source / "vocab.txt"), model_max_length=128).save_pretrained(source)
    transformer = Transformer(str(source), max_seq_length=128)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(folder))
    return folder


@pytest.mark.slow
class TestOnnxEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, onnx_embedder: OnnxEmbedder) -> Embedder:
        return onnx_embedder

    def test_meaning_beats_words(self, onnx_embedder: OnnxEmbedder) -> None:
        question, right, wrong = onnx_embedder.embed(
            [
                "How cold must insulin be stored?",
                "Keep it in a refrigerator between 36 and 46 degrees Fahrenheit.",
                "How old must a patient be to sign the form?",
            ]
        )
        assert question @ right > question @ wrong + 0.05

    def test_batches_of_unlike_lengths_keep_their_order(self, onnx_embedder: OnnxEmbedder) -> None:
        texts = [f"number {number} " + "pharmacy counter " * (number % 97) for number in range(120)]
        together = onnx_embedder.embed(texts)
        for row in (0, 96, 97, 119):
            assert together[row] @ onnx_embedder.embed([texts[row]])[0] > 0.98

    def test_home_that_cannot_hold_the_model_is_explained(self, tmp_path: Path) -> None:
        (tmp_path / "models").write_text("a file where the folder should be", encoding="utf-8")
        with pytest.raises(ConfigurationError) as caught:
            OnnxEmbedder(tmp_path).check_ready()
        assert caught.value.code == "embedding-export-failed"


class TestSentenceTransformersEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, tiny_model: Path) -> Embedder:
        return SentenceTransformersEmbedder(str(tiny_model))

    def test_other_weights_under_the_same_name_have_another_id(
        self, embedder: Embedder, tmp_path: Path, tiny_model: Path
    ) -> None:
        other = make_tiny_model(tmp_path / tiny_model.name, seed=1)
        assert SentenceTransformersEmbedder(str(other)).model_id != embedder.model_id

    def test_model_that_is_not_there_is_explained(self, tmp_path: Path) -> None:
        with pytest.raises(BackendMisconfiguredError) as caught:
            SentenceTransformersEmbedder(str(tmp_path / "nowhere")).check_ready()
        assert caught.value.code == "embedding-model-missing"
        assert str(tmp_path) not in caught.value.message_for_user


class TestFakeEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return FakeEmbedder()

    def test_texts_with_common_words_are_alike(self) -> None:
        question, like, unlike = FakeEmbedder().embed(["insulin storage", "storage of insulin pens", TEXTS[0]])
        assert question @ like > question @ unlike
