"""A desk with seven answers, five of them different."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.surveys.runs.run_desk import RunDesk

ANSWERS = ("good app", "bad price", "good app", "", "the app and the staff", "nothing here, unsure", "")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunDesk]:
    made = RunDesk(tmp_path, ANSWERS)
    yield made
    made.close()
