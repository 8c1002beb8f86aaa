"""A survey of a café with one finished run."""

from __future__ import annotations

import pytest

from tests.unit.surveys.labels.label_desk import LabelDesk


@pytest.fixture
def desk() -> LabelDesk:
    """Eight responses, five different texts and an empty one; the run found topics in four of them."""
    desk = LabelDesk()
    desk.add_run()
    return desk
