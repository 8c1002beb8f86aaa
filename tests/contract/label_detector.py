"""What every LabelDetector holds; a test class for an adapter inherits it and gives the fixture ``detector``."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from services.backends.local.mattes.cutter import LocalSubjectCutter
from services.images.mask_models import CutOut
from services.images.models import LabelSource
from services.ports.images import LabelDetector
from tests.contract.subject_cutter import SIZE, product_photo


def two_products() -> Image.Image:
    picture = product_photo()
    ImageDraw.Draw(picture).rectangle((140, 60, 165, 90), fill=(20, 40, 150))
    return picture


class LabelDetectorContract:
    """Give a fixture ``detector``."""

    @pytest.fixture(scope="class")
    @classmethod
    def cut(cls, tmp_path_factory: pytest.TempPathFactory) -> CutOut:
        """The two products, cut out."""
        return LocalSubjectCutter(tmp_path_factory.mktemp("models")).cut_out(two_products())

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


class RegionDetectorContract(LabelDetectorContract):
    """For detectors whose labels are about what was cut out."""

    def test_every_region_has_a_label_in_its_order(self, detector: LabelDetector, cut: CutOut) -> None:
        labels = detector.detect(two_products(), cut, "photo.jpg")
        located = [label for label in labels if label.region is not None]
        assert [(label.region, label.box) for label in located] == [
            (region.number, region.box) for region in cut.regions
        ]
        assert [label.area_share for label in located] == [region.area_share for region in cut.regions]
        assert [label.color for label in located] == [region.color for region in cut.regions]

    def test_detector_on_this_machine_is_free(self, detector: LabelDetector) -> None:
        assert detector.lane == ""
