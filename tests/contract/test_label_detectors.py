"""The contract of LabelDetector: regions with file-name words, and a CLIP model made on the spot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from services.backends.local.clip_labels import ClipLabels, read_vocabulary
from services.backends.local.mattes.cutter import LocalSubjectCutter
from services.backends.local.region_labels import RegionLabels
from services.errors import BackendMisconfiguredError
from services.images.mask_models import CutOut
from services.images.models import LabelSource
from services.ports.images import LabelDetector
from tests.contract.subject_cutter import SIZE, product_photo


def two_products() -> Image.Image:
    picture = product_photo()
    ImageDraw.Draw(picture).rectangle((140, 60, 165, 90), fill=(20, 40, 150))
    return picture


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> CutOut:
    return LocalSubjectCutter(tmp_path_factory.mktemp("models")).cut_out(two_products())


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


class LabelDetectorContract:
    """Give a fixture ``detector``."""

    def test_every_region_has_a_label_in_its_order(self, detector: LabelDetector, cut: CutOut) -> None:
        labels = detector.detect(two_products(), cut, "photo.jpg")
        located = [label for label in labels if label.region is not None]
        assert [(label.region, label.box) for label in located] == [
            (region.number, region.box) for region in cut.regions
        ]
        assert [label.area_share for label in located] == [region.area_share for region in cut.regions]
        assert [label.color for label in located] == [region.color for region in cut.regions]

    def test_ids_are_unique_and_the_same_every_time(self, detector: LabelDetector, cut: CutOut) -> None:
        first = detector.detect(two_products(), cut, "red-mug.jpg")
        assert first == detector.detect(two_products(), cut, "red-mug.jpg")
        assert len({label.id for label in first}) == len(first)

    def test_words_of_the_file_name_are_labels_of_the_whole_picture(self, detector: LabelDetector, cut: CutOut) -> None:
        labels = detector.detect(two_products(), cut, "spring/IMG_2041 red-mug 800x600.jpg")
        words = [label for label in labels if label.source is LabelSource.FILE_NAME]
        assert [label.name for label in words] == ["Red", "Mug"]
        assert all(label.box is None and label.region is None and label.confidence is None for label in words)

    def test_picture_without_subjects_has_no_located_label(self, detector: LabelDetector, tmp_path: Path) -> None:
        blank = Image.new("RGB", SIZE, "white")
        empty = LocalSubjectCutter(tmp_path).cut_out(blank)
        assert detector.detect(blank, empty, "DSC01234.jpg") == []

    def test_confidence_is_a_share_where_there_is_one(self, detector: LabelDetector, cut: CutOut) -> None:
        for label in detector.detect(two_products(), cut, "red-mug.jpg"):
            assert label.confidence is None or 0 <= label.confidence <= 1
            assert (label.source is LabelSource.MODEL) == (label.confidence is not None)

    def test_name_is_one_short_line(self, detector: LabelDetector) -> None:
        assert detector.name.strip() == detector.name
        assert 0 < len(detector.name) <= 100

    def test_ready_detector_says_so(self, detector: LabelDetector) -> None:
        detector.check_ready()


class TestRegionLabels(LabelDetectorContract):
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


class TestClipLabels(LabelDetectorContract):
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
