"""Charts as SVG that stands inside a page: readable in both themes, on paper, and to a screen reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from services.surveys.exports.models import TopicSummary, TopicTrend

_WIDTH = 920
_LABEL_WIDTH = 240
_ROW_HEIGHT = 30
_FIGURE_WIDTH = 150
_SENTIMENTS = ("positive", "neutral", "mixed", "negative")
_TREND_HEIGHT = 300
_MARGIN_BOTTOM = 34
_MARGIN_LEFT = 52
MOST_TREND_LINES = 6


def sentiment_bars(summaries: Sequence[TopicSummary]) -> str:
    """One bar per topic, as long as the topic is common, cut by sentiment."""
    most = max((summary.count for summary in summaries), default=0) or 1
    room = _WIDTH - _LABEL_WIDTH - _FIGURE_WIDTH
    pieces = [_opening(_WIDTH, len(summaries) * _ROW_HEIGHT + 8, _bars_in_words(summaries))]
    for place, summary in enumerate(summaries):
        top = place * _ROW_HEIGHT + 4
        middle = top + 16
        pieces.append(
            f'<text x="{_LABEL_WIDTH - 12}" y="{middle}" text-anchor="end">{escape(_cut(summary.topic, 32))}</text>'
        )
        left = float(_LABEL_WIDTH)
        for sentiment in _SENTIMENTS:
            count = getattr(summary, sentiment)
            if not count:
                continue
            width = room * count / most
            title = escape(f"{summary.topic}: {count:,} {sentiment}")
            pieces.append(
                f'<rect class="{sentiment}" x="{left:.1f}" y="{top}" width="{max(width, 0.5):.1f}" height="22">'
                f"<title>{title}</title></rect>"
            )
            if width > 34:
                center = left + width / 2
                pieces.append(
                    f'<text class="inside" x="{center:.1f}" y="{middle}" text-anchor="middle">{count:,}</text>'
                )
            left += width
        pieces.append(
            f'<text class="quiet" x="{left + 8:.1f}" y="{middle}">{summary.count:,} · {summary.share.value:.1%}</text>'
        )
    pieces.append("</svg>")
    return "".join(pieces)


def trend_lines(trends: Sequence[TopicTrend]) -> str:
    """Shares over time with their intervals, for up to six topics; the name stands at the end of its line."""
    shown = [trend for trend in trends if trend.points][:MOST_TREND_LINES]
    if not shown:
        return ""
    periods = [point.period for point in shown[0].points]
    top_share = max(point.share.high for trend in shown for point in trend.points) or 0.01
    room, height = _WIDTH - _MARGIN_LEFT - 230, _TREND_HEIGHT - _MARGIN_BOTTOM - 10

    def x(place: int) -> float:
        return _MARGIN_LEFT + (room * place / (len(periods) - 1) if len(periods) > 1 else room / 2)

    def y(share: float) -> float:
        return 10 + height * (1 - share / top_share)

    pieces = [_opening(_WIDTH, _TREND_HEIGHT, _trends_in_words(shown))]
    for step in range(5):
        share = top_share * step / 4
        level = y(share)
        pieces.append(
            f'<line class="grid" x1="{_MARGIN_LEFT}" x2="{_MARGIN_LEFT + room}" y1="{level:.1f}" y2="{level:.1f}"/>'
            f'<text class="quiet" x="{_MARGIN_LEFT - 8}" y="{level + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        )
    label_width = max(map(len, periods)) * 7.5 + 14
    every = math.ceil(len(periods) * label_width / room)
    pieces += [
        f'<text class="quiet" x="{x(place):.1f}" y="{_TREND_HEIGHT - 10}" text-anchor="middle">{escape(period)}</text>'
        for place, period in enumerate(periods)
        if place % every == 0
    ]
    label_places = _spread_labels([y(trend.points[-1].share.value) for trend in shown])
    for number, (trend, label_place) in enumerate(zip(shown, label_places, strict=True), start=1):
        above = " ".join(f"{x(place):.1f},{y(point.share.high):.1f}" for place, point in enumerate(trend.points))
        below = " ".join(
            f"{x(place):.1f},{y(point.share.low):.1f}" for place, point in reversed(list(enumerate(trend.points)))
        )
        line = " ".join(f"{x(place):.1f},{y(point.share.value):.1f}" for place, point in enumerate(trend.points))
        dots = "".join(
            f'<circle cx="{x(place):.1f}" cy="{y(point.share.value):.1f}" r="3.5"><title>'
            f"{escape(f'{trend.topic}, {point.period}: {point.share.value:.1%}')}</title></circle>"
            for place, point in enumerate(trend.points)
        )
        name_left = x(len(periods) - 1) + 12
        pieces.append(
            f'<g class="line{number}"><polygon points="{above} {below}"/><polyline points="{line}"/>{dots}'
            f'<text x="{name_left:.1f}" y="{label_place + 4:.1f}">{escape(_cut(trend.topic, 28))}</text></g>'
        )
    pieces.append("</svg>")
    return "".join(pieces)


def _opening(width: int, height: int, words: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(words)}">'
    )


def _bars_in_words(summaries: Sequence[TopicSummary]) -> str:
    named = "; ".join(
        f"{summary.topic} {summary.count:,}, of these {summary.positive:,} positive and {summary.negative:,} negative"
        for summary in summaries[:10]
    )
    return f"Topics by sentiment. {named}."


def _trends_in_words(trends: Sequence[TopicTrend]) -> str:
    named = "; ".join(
        f"{trend.topic} from {trend.points[0].share.value:.0%} to {trend.points[-1].share.value:.0%}"
        for trend in trends
    )
    return f"Share of topics over time. {named}."


def _spread_labels(places: Sequence[float], gap: float = 16.0) -> list[float]:
    """Places for the names so that none covers another."""
    moved = [0.0] * len(places)
    lowest = float("-inf")
    for index in sorted(range(len(places)), key=lambda index: places[index]):
        lowest = max(places[index], lowest + gap)
        moved[index] = lowest
    return moved


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
