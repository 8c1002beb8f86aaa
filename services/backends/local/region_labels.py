"""Labels without any model: the subjects that were cut out, and the words of the file's name."""

from __future__ import annotations

from PIL import Image

from services.images.file_words import file_name_labels
from services.images.mask_models import CutOut
from services.images.models import Label, LabelSource


class RegionLabels:
    """See :class:`services.ports.images.LabelDetector`. Needs no picture, only what the cutter found in it."""

    lane = ""

    @property
    def name(self) -> str:
        return "regions-1"

    def detect(self, picture: Image.Image, cut_out: CutOut, file_name: str) -> list[Label]:
        subjects = [
            Label(
                id=f"region-{region.number}",
                name=f"Subject {region.number}",
                source=LabelSource.REGION,
                box=region.box,
                region=region.number,
                area_share=region.area_share,
                color=region.color,
            )
            for region in cut_out.regions
        ]
        return [*subjects, *file_name_labels(file_name)]

    def check_ready(self) -> None:
        """It has nothing that could be missing."""
