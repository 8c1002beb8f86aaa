"""The contract of LabelDetector: regions with file-name words, and a CLIP model made on the spot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.backends.local.clip_labels import ClipLabels, read_vocabulary
from services.backends.local.region_labels import RegionLabels
from services.errors import BackendMisconfiguredError
from services.images.mask_models import CutOut
from services.images.models import LabelSource
from services.ports.images import LabelDetector
from tests.contract.label_detector import RegionDetectorContract, two_products


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP of a few thousand random weights, saved as transformers saves any model."""
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("clip")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: place for place, word in enumerate(words)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    start, end = len(words) - 2, len(words) - 1
    config = CLIPConfig(
        text_config={
            **sizes,
            "vocab_size": len(words),
            "bos_token_id": start,
            "eos_token_id": end,
            "pad_token_id": end,
        },
        vision_config={**sizes, "image_size": 32, "patch_size": 16},
        projection_dim=16,
    )
    CLIPModel(config).save_pretrained(folder)
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    tokenizer = CLIPTokenizer(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=77)
    CLIPProcessor(pictures, tokenizer).save_pretrained(folder)  # type: ignore[no-untyped-call]
    return folder


class TestRegionLabels(RegionDetectorContract):
    @pytest.fixture
    def detector(self) -> LabelDetector:
        return RegionLabels()

    def test_subjects_are_numbered(self, detector: LabelDetector, cut: CutOut) -> None:
        labels = detector.detect(two_products(), cut, "photo.jpg")
        assert [label.name for label in labels] == ["Subject 1", "Subject 2"]


@pytest.fixture(scope="module")
def few_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("words") / "words.txt"
    file.write_text("# two words\nmug\nbag\nmug\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def clip_labels(tiny_clip: Path, few_words: Path) -> ClipLabels:
    return ClipLabels(tiny_clip, RegionLabels(), few_words)


class TestClipLabels(RegionDetectorContract):
    @pytest.fixture
    def detector(self, clip_labels: ClipLabels) -> LabelDetector:
        return clip_labels

    def test_subjects_are_named_out_of_the_vocabulary(self, detector: LabelDetector, cut: CutOut) -> None:
        labels = [label for label in detector.detect(two_products(), cut, "photo.jpg") if label.region is not None]
        assert {label.name for label in labels} <= {"Mug", "Bag"}
        assert {label.source for label in labels} == {LabelSource.MODEL}
        # Two words: the surer one has at least half.
        assert all(label.confidence is not None and label.confidence >= 0.5 for label in labels)


def test_missing_model_is_told_by_check_ready(tmp_path: Path) -> None:
    with pytest.raises(BackendMisconfiguredError) as raised:
        ClipLabels(tmp_path, RegionLabels()).check_ready()
    assert raised.value.code == "clip-model-missing"
    assert str(tmp_path) not in raised.value.message_for_user


def test_vocabulary_holds_about_three_hundred_words_each_once() -> None:
    words = read_vocabulary()
    assert 250 <= len(words) <= 450
    assert len({word.casefold() for word in words}) == len(words)
    assert all(word == word.strip() and not word.startswith("#") for word in words)
