"""The matte that a picture brings along."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LEAST_CUT_SHARE = 0.001
"""A channel that is opaque but for a few pixels cuts nothing out."""


def own_matte(picture: Image.Image) -> NDArray[np.uint8] | None:
    """(height, width) alpha of an RGBA picture; None when it has none or its alpha cuts nothing out."""
    if "A" not in picture.getbands():
        return None
    alpha = np.asarray(picture.getchannel("A"), np.uint8)
    return alpha if float((alpha < 128).mean()) >= LEAST_CUT_SHARE else None
