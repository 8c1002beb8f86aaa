"""The knowledge admin for the tests of its services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.knowledge.admin_desk import AdminDesk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[AdminDesk]:
    made = AdminDesk(tmp_path)
    yield made
    made.close()
