"""Topics by sentiment and over time, as Altair specifications that are readable in both themes and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from components.explore_chart_parts import (
    FADED,
    LONGEST_LABEL_PIXELS,
    PERIOD,
    PICKED,
    SENTIMENT,
    SENTIMENT_CHART_COLORS,
    TOPIC,
    finished,
    height_of,
    layered,
    rows_axis,
)
from components.explore_words import SENTIMENT_ORDER, SENTIMENT_WORDS, interval_words, percent
from services.surveys.exports.models import TopicSummary, TopicTrend

_LEGEND_PIXELS = 56


def sentiment_chart(topics: Sequence[tuple[str, TopicSummary]], ink: str) -> alt.LayerChart:
    """One bar per topic, cut by sentiment, with a whisker for the interval of its count.

    Args:
        topics: Id and summary, in the order of the rows.
        ink: Color of texts beside the bars; the theme does not know these.
    """
    parts = [
        {
            TOPIC: topic_id,
            "topic": summary.topic,
            SENTIMENT: sentiment.value,
            "Sentiment": SENTIMENT_WORDS[sentiment],
            "place": place,
            "count": getattr(summary, sentiment.value),
            "words": f"{getattr(summary, sentiment.value):,} of {summary.count:,} with this topic",
            "share": interval_words(summary.share),
        }
        for topic_id, summary in topics
        for place, sentiment in enumerate(SENTIMENT_ORDER)
        if getattr(summary, sentiment.value)
    ]
    ends: list[dict[str, Any]] = [
        {
            TOPIC: topic_id,
            "topic": summary.topic,
            "low": summary.share.low * summary.count / summary.share.value if summary.share.value else 0.0,
            "high": summary.share.high * summary.count / summary.share.value if summary.share.value else 0.0,
            "label": f"{summary.count:,} · {percent(summary.share.value)}",
        }
        for topic_id, summary in topics
    ]
    names = [summary.topic for _, summary in topics]
    picked = alt.selection_point(name=PICKED, fields=[TOPIC, SENTIMENT], toggle=False)
    rows = rows_axis(names)
    longest = max((float(end["high"]) for end in ends), default=1.0)
    scale = alt.Scale(domain=[0, max(1.0, 1.4 * longest)], nice=False)
    columns = [TOPIC, "topic", SENTIMENT, "Sentiment", "place", "count", "words", "share"]
    bars = (
        alt.Chart(pd.DataFrame(parts, columns=columns))
        .mark_bar(cursor="pointer", height=16)
        .encode(
            y=rows,
            x=alt.X("count:Q", title="Responses", scale=scale, axis=alt.Axis(format=",d", tickMinStep=1, tickCount=6)),
            color=_sentiment_colors(),
            order=alt.Order("place:Q"),
            opacity=alt.condition(picked, alt.value(1.0), alt.value(FADED)),
            tooltip=[
                alt.Tooltip("topic:N", title="Topic"),
                alt.Tooltip("Sentiment:N"),
                alt.Tooltip("words:N", title="Responses"),
                alt.Tooltip("share:N", title="Share of the topic, 95 % interval"),
            ],
        )
        .add_params(picked)
    )
    base = alt.Chart(pd.DataFrame(ends, columns=[TOPIC, "topic", "low", "high", "label"])).encode(y=rows)
    # Without a tooltip they take no clicks: the bars below them do.
    whiskers = base.mark_rule(color=ink, strokeWidth=1, opacity=0.75, tooltip=None).encode(
        x=alt.X("low:Q"), x2="high:Q"
    )
    labels = base.mark_text(align="left", dx=8, color=ink, tooltip=None).encode(x=alt.X("high:Q"), text="label:N")
    return finished(layered(bars, whiskers, labels), height_of(len(names)) + _LEGEND_PIXELS, ink)


def trend_chart(trends: Sequence[TopicTrend], ink: str) -> alt.LayerChart:
    """Shares over time with their intervals; a shape besides the color tells the topics apart."""
    points = [
        {
            TOPIC: trend.topic_id,
            "Topic": trend.topic,
            PERIOD: point.period,
            # A period without responses is a gap in the line, not a zero.
            "share": point.share.value if point.share else None,
            "low": point.share.low if point.share else None,
            "high": point.share.high if point.share else None,
            "words": f"{interval_words(point.share)}, {point.count:,} of {point.total:,}" if point.share else "",
        }
        for trend in trends
        for point in trend.points
    ]
    periods = [point.period for point in trends[0].points] if trends else []
    names = [trend.topic for trend in trends]
    picked = alt.selection_point(name=PICKED, fields=[TOPIC, PERIOD], toggle=False)
    legend = alt.Legend(orient="bottom", columns=2, labelLimit=LONGEST_LABEL_PIXELS, title=None, symbolOpacity=1)
    base = alt.Chart(pd.DataFrame(points, columns=[TOPIC, "Topic", PERIOD, "share", "low", "high", "words"])).encode(
        x=alt.X(f"{PERIOD}:O", sort=periods, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        color=alt.Color("Topic:N", sort=names, scale=alt.Scale(domain=names), legend=legend),
    )
    bands = base.mark_area(opacity=0.12).encode(y=alt.Y("low:Q"), y2="high:Q")
    lines = base.mark_line(strokeWidth=2).encode(y=alt.Y("share:Q"))
    dots = (
        base.transform_filter(alt.datum.share != None)  # noqa: E711  (an expression of the chart, not of Python)
        .mark_point(filled=True, size=90, cursor="pointer")
        .encode(
            y=alt.Y("share:Q", title="Share of responses", axis=alt.Axis(format=".0%", tickCount=6)),
            shape=alt.Shape("Topic:N", sort=names, scale=alt.Scale(domain=names), legend=legend),
            opacity=alt.condition(picked, alt.value(1.0), alt.value(FADED)),
            tooltip=["Topic:N", alt.Tooltip(f"{PERIOD}:O", title="Period"), alt.Tooltip("words:N", title="Share")],
        )
        .add_params(picked)
    )
    return finished(layered(bands, lines, dots), 340, ink)


def _sentiment_colors() -> alt.Color:
    return alt.Color(
        "Sentiment:N",
        sort=[SENTIMENT_WORDS[sentiment] for sentiment in SENTIMENT_ORDER],
        scale=alt.Scale(
            domain=[SENTIMENT_WORDS[sentiment] for sentiment in SENTIMENT_ORDER],
            range=[SENTIMENT_CHART_COLORS[sentiment] for sentiment in SENTIMENT_ORDER],
        ),
        legend=alt.Legend(orient="top", title=None, columns=2),
    )
