"""The segmentation network that ``make setup`` brings from the package index: U2-Netp, 4.6 MB."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path("share/frontline/models")
"""Below the environment; requirements-models.txt says what is installed there, and its checksum."""


def packaged_network() -> Path | None:
    """The network's file; None where the package index did not have it."""
    return next(iter(sorted((Path(sys.prefix) / FOLDER).glob("**/*.onnx"))), None)
