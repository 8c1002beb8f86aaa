"""The sample brand backdrops: composed by our own code, with the captions that they are found by.

Run ``python -m app.sample_data.draw_backdrops`` to write the files of ``app/sample_data/backdrops`` again.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from services.backends.local.backgrounds.generator import ComposedBackgrounds
from services.images.background_models import BackgroundRequest, PlacedSubject

SIZE = (1600, 1200)


@dataclass(frozen=True)
class SampleBackdrop:
    """A file of ``app/sample_data/backdrops``, its caption, and the prompt and seed that it is drawn from."""

    file_name: str
    caption: str
    prompt: str
    seed: int


SAMPLE_BACKDROPS = (
    SampleBackdrop("marble-kitchen.jpg", "White marble counter in a bright kitchen", "white marble kitchen", 4),
    SampleBackdrop("london-dusk.jpg", "London skyline at dusk with lights on the river", "London skyline at dusk", 2),
    SampleBackdrop("oak-and-sage.jpg", "Oak table in front of a sage green wall", "oak table, sage green wall", 3),
    SampleBackdrop("pink-podium.jpg", "Soft pink studio with a round podium", "blush studio with podium", 1),
    SampleBackdrop("beach.jpg", "Sandy beach with turquoise sea and a clear sky", "beach at noon", 5),
    SampleBackdrop("winter-forest.jpg", "Winter forest with fresh snow", "winter forest, overcast", 6),
    SampleBackdrop("golden-lights.jpg", "Golden bokeh lights on black", "golden bokeh lights on black at night", 7),
    SampleBackdrop("pharmacy-shelf.jpg", "Clean pharmacy shelf out of focus, white and teal", "pharmacy shelf", 8),
)


def draw_backdrop(backdrop: SampleBackdrop, size: tuple[int, int] = SIZE) -> Image.Image:
    """The picture, RGB."""
    width, height = size
    matte = np.zeros((height, width), np.uint8)
    matte[height // 3 : height * 4 // 5, width * 2 // 5 : width * 3 // 5] = 255
    subject = PlacedSubject(np.zeros((height, width, 3), np.uint8), matte)
    (made,) = ComposedBackgrounds().generate(BackgroundRequest(backdrop.prompt, seed=backdrop.seed), subject)
    return Image.fromarray(made.pixels)


def write_backdrops(folder: Path) -> None:
    """Write all sample backdrops into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for backdrop in SAMPLE_BACKDROPS:
        written = io.BytesIO()
        draw_backdrop(backdrop).save(written, "JPEG", quality=84)
        (folder / backdrop.file_name).write_bytes(written.getvalue())


if __name__ == "__main__":
    write_backdrops(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "backdrops")
