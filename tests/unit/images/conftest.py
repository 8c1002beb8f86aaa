"""Image batches for the tests of their services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.images.batch_desk import PhotoDesk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PhotoDesk]:
    made = PhotoDesk(tmp_path)
    yield made
    made.close()
