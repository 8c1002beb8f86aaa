"""What the charts of a run share: colors, names of fields, axes, and how tall they are.

Every mark that stands for responses carries the fields that a click on it hands back under :data:`PICKED`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import altair as alt

from services.surveys.models import Sentiment

PICKED = "picked"
TOPIC, SENTIMENT, PERIOD, OTHER = "topic_id", "sentiment", "period", "other"
# Each has at least 3:1 against both backgrounds of the theme, and against paper.
SENTIMENT_CHART_COLORS: Mapping[Sentiment, str] = {
    Sentiment.POSITIVE: "#2A9463",
    Sentiment.NEUTRAL: "#7C8794",
    Sentiment.MIXED: "#B07D16",
    Sentiment.NEGATIVE: "#D1525C",
}
QUIET = "#7A8785"  # for whiskers and zero lines
ACCENT = "#3A86B4"  # where neither side is the better one

_ROW_PIXELS = 26
_AXIS_PIXELS = 64
LONGEST_LABEL_PIXELS = 170
FADED = 0.35


def rows_axis(names: Sequence[str]) -> alt.Y:
    """The axis with the names of topics, in this order from the top."""
    return alt.Y(
        "topic:N",
        sort=list(names),
        title=None,
        scale=alt.Scale(type="band"),
        axis=alt.Axis(
            labelLimit=LONGEST_LABEL_PIXELS, ticks=False, labelOverlap=False, labelBound=False, labelFlush=False
        ),
    )


def signed(number: float, digits: int = 1) -> str:
    """A number with its sign, such as "+0.4"; what rounds to nothing has none."""
    text = f"{number:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def finished(chart: alt.LayerChart, height: int, ink: str) -> alt.LayerChart:
    """The chart in its height, with labels that can be read at ease: the theme's own are too faint."""
    tall = chart.properties(height=height)
    return cast(
        "alt.LayerChart",
        tall.configure_axis(labelColor=ink, titleColor=ink).configure_legend(labelColor=ink, titleColor=ink),
    )


def layered(*charts: alt.Chart) -> alt.LayerChart:
    """One chart upon the other."""
    return cast("alt.LayerChart", alt.layer(*charts))


def height_of(rows: int) -> int:
    """The height of a chart with so many rows, its axis included; in pixels."""
    return max(1, rows) * _ROW_PIXELS + _AXIS_PIXELS
