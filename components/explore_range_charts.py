"""Differences with their intervals, and how much the topics cover, as Altair specifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from components.explore_chart_parts import (
    ACCENT,
    FADED,
    LONGEST_LABEL_PIXELS,
    OTHER,
    PICKED,
    QUIET,
    SENTIMENT_CHART_COLORS,
    TOPIC,
    finished,
    height_of,
    layered,
    rows_axis,
    signed,
)
from components.explore_words import OTHER_WORDS, percent
from services.surveys.exports.models import TopicSummary
from services.surveys.models import OtherReason, Sentiment

WITH_TOPIC = "With a topic"


def impact_chart(topics: Sequence[tuple[str, TopicSummary]], ink: str) -> alt.LayerChart:
    """How far the mean score of responses with a topic lies from that of the others, with intervals.

    Args:
        topics: Id and summary of those that have an impact, in the order of the rows.
    """
    rows: list[Mapping[str, Any]] = [
        {
            TOPIC: topic_id,
            "topic": summary.topic,
            "difference": summary.impact.difference.value,
            "low": summary.impact.difference.low,
            "high": summary.impact.difference.high,
            "label": signed(summary.impact.difference.value),
            "words": f"{summary.impact.difference.value:+.2f} ({summary.impact.difference.low:+.2f} to "
            f"{summary.impact.difference.high:+.2f}), {summary.impact.with_count:,} scored responses",
        }
        for topic_id, summary in topics
        if summary.impact is not None
    ]
    worse, better = SENTIMENT_CHART_COLORS[Sentiment.NEGATIVE], SENTIMENT_CHART_COLORS[Sentiment.POSITIVE]
    return _ranges(rows, ".1f", ink, worse, better)


def wave_chart(rows: Sequence[Mapping[str, Any]], ink: str) -> alt.LayerChart:
    """How much each topic's share changed since the wave before, with intervals.

    Args:
        rows: With ``topic_id``, ``topic``, ``difference``, ``low``, ``high`` (shares), ``label`` and ``words``.
    """
    return _ranges(rows, "+.0%", ink, ACCENT, ACCENT)


def coverage_chart(counts: Mapping[OtherReason, int], with_topic: int, ink: str) -> alt.LayerChart:
    """How many responses have a topic, and why the others have none."""
    total = with_topic + sum(counts.values())
    named = [("", WITH_TOPIC, with_topic), *((reason.value, OTHER_WORDS[reason], counts[reason]) for reason in counts)]
    rows: list[dict[str, Any]] = [
        {OTHER: value, "what": words, "count": count, "label": f"{count:,} · {percent(count / total)}"}
        for value, words, count in named
        if count
    ]
    names = [row["what"] for row in rows]
    picked = alt.selection_point(name=PICKED, fields=["what", OTHER], toggle=False)
    most = max((count for _, _, count in named), default=1)
    base = alt.Chart(pd.DataFrame(rows, columns=[OTHER, "what", "count", "label"])).encode(
        y=alt.Y("what:N", sort=names, title=None, axis=alt.Axis(labelLimit=LONGEST_LABEL_PIXELS)),
        x=alt.X(
            "count:Q",
            title="Responses",
            scale=alt.Scale(domain=[0, max(1.0, 1.4 * most)], nice=False),
            axis=alt.Axis(format=",d", tickMinStep=1, tickCount=6),
        ),
    )
    bars = (
        base.mark_bar(cursor="pointer", height=16)
        .encode(
            color=alt.condition(
                alt.datum["what"] == WITH_TOPIC,
                alt.value(SENTIMENT_CHART_COLORS[Sentiment.POSITIVE]),
                alt.value(SENTIMENT_CHART_COLORS[Sentiment.NEUTRAL]),
            ),
            opacity=alt.condition(picked, alt.value(1.0), alt.value(FADED)),
            tooltip=[alt.Tooltip("what:N", title="Responses"), alt.Tooltip("label:N", title="Count")],
        )
        .add_params(picked)
    )
    labels = base.mark_text(align="left", dx=8, color=ink).encode(text="label:N")
    return finished(layered(bars, labels), height_of(len(names)), ink)


def _ranges(rows: Sequence[Mapping[str, Any]], number: str, ink: str, below: str, above: str) -> alt.LayerChart:
    """A dot with its interval per topic, on both sides of zero.

    Args:
        below, above: Colors of dots below zero and above it.
    """
    names = [row["topic"] for row in rows]
    picked = alt.selection_point(name=PICKED, fields=[TOPIC], toggle=False)
    least = min((float(row["low"]) for row in rows), default=0.0)
    most = max((float(row["high"]) for row in rows), default=0.0)
    span = (max(most, 0.0) - min(least, 0.0)) or 1.0
    # Room to the right of the longest line for its figure.
    scale = alt.Scale(domain=[min(least, 0.0) - 0.03 * span, max(most, 0.0) + 0.2 * span], nice=False)
    base = alt.Chart(
        pd.DataFrame(list(rows), columns=[TOPIC, "topic", "difference", "low", "high", "label", "words"])
    ).encode(
        y=rows_axis(names), tooltip=[alt.Tooltip("topic:N", title="Topic"), alt.Tooltip("words:N", title="Difference")]
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=QUIET, strokeDash=[4, 3]).encode(x="zero:Q")
    whiskers = base.mark_rule(strokeWidth=2, color=QUIET).encode(
        x=alt.X("low:Q", title=None, scale=scale, axis=alt.Axis(format=number, tickCount=6)), x2="high:Q"
    )
    dots = (
        base.mark_point(filled=True, size=110, cursor="pointer")
        .encode(
            x=alt.X("difference:Q"),
            color=alt.condition(alt.datum.difference < 0, alt.value(below), alt.value(above)),
            opacity=alt.condition(picked, alt.value(1.0), alt.value(FADED)),
        )
        .add_params(picked)
    )
    labels = base.mark_text(align="left", dx=8, color=ink).encode(x=alt.X("high:Q"), text="label:N")
    return finished(layered(zero, whiskers, dots, labels), height_of(len(names)), ink)
