"""Limits of backends, as an administrator writes them."""

from __future__ import annotations

import pytest

from services.errors import ConfigurationError
from services.jobs.lanes import parse_lane_limits
from services.jobs.models import LaneLimit


def test_limits_are_read_with_either_part_left_out() -> None:
    assert parse_lane_limits("bedrock=4,30/60; openai = 8 ;rekognition=,5/0.5;") == {
        "bedrock": LaneLimit(4, 30, 60.0),
        "openai": LaneLimit(8, None, 60.0),
        "rekognition": LaneLimit(None, 5, 0.5),
    }
    assert parse_lane_limits("  ") == {}


@pytest.mark.parametrize(
    "text",
    ["bedrock", "bedrock=", "bedrock=0", "bedrock=,0/60", "bedrock=4,30", "=4", "b=1;b=2", "b=,5/0", "b=,5/9999"],
)
def test_limit_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_lane_limits(text)
    assert "FRONTLINE_LANE_LIMITS" in caught.value.message_for_user
