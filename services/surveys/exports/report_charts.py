"""Charts as SVG that stands inside a page: readable in both themes, on paper, and to a screen reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from services.surveys.exports.models import ReportFigure, TopicSummary, TopicTrend
from services.surveys.statistics import Interval

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
    shown = [trend for trend in trends if _known(trend)][:MOST_TREND_LINES]
    if not shown:
        return ""
    periods = [point.period for point in shown[0].points]
    top_share = max(share.high for trend in shown for _, share in _known(trend)) or 0.01
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
    label_places = _spread_labels([y(_known(trend)[-1][1].value) for trend in shown])
    for number, (trend, label_place) in enumerate(zip(shown, label_places, strict=True), start=1):
        lines = ""
        for stretch in _stretches(_known(trend)):
            above = " ".join(f"{x(place):.1f},{y(share.high):.1f}" for place, share in stretch)
            below = " ".join(f"{x(place):.1f},{y(share.low):.1f}" for place, share in reversed(stretch))
            line = " ".join(f"{x(place):.1f},{y(share.value):.1f}" for place, share in stretch)
            lines += f'<polygon points="{above} {below}"/><polyline points="{line}"/>'
        dots = "".join(
            f'<circle cx="{x(place):.1f}" cy="{y(share.value):.1f}" r="3.5"><title>'
            f"{escape(f'{trend.topic}, {periods[place]}: {share.value:.1%}')}</title></circle>"
            for place, share in _known(trend)
        )
        name_left = x(len(periods) - 1) + 12
        pieces.append(
            f'<g class="line{number}">{lines}{dots}'
            f'<text x="{name_left:.1f}" y="{label_place + 4:.1f}">{escape(_cut(trend.topic, 28))}</text></g>'
        )
    pieces.append("</svg>")
    return "".join(pieces)


def parts_bar(figures: Sequence[ReportFigure]) -> str:
    """One bar for all responses, cut into its parts."""
    total = sum(figure.count for figure in figures)
    if not total:
        return ""
    words = ", ".join(f"{figure.name} {figure.count / total:.0%}" for figure in figures)
    pieces = [_opening(_WIDTH, 30, f"All responses: {words}.")]
    left = 0.0
    for figure in figures:
        width = _WIDTH * figure.count / total
        if not width:
            continue
        title = escape(f"{figure.name}: {figure.count:,}")
        pieces.append(
            f'<rect class="{escape(figure.kind)}" x="{left:.1f}" y="2" width="{width:.1f}" height="26">'
            f"<title>{title}</title></rect>"
        )
        if width > 44:
            pieces.append(
                f'<text class="inside" x="{left + width / 2:.1f}" y="20" text-anchor="middle">'
                f"{figure.count / total:.0%}</text>"
            )
        left += width
    return "".join([*pieces, "</svg>"])


def _known(trend: TopicTrend) -> list[tuple[int, Interval]]:
    """Places and shares of the periods that are no gaps."""
    return [(place, point.share) for place, point in enumerate(trend.points) if point.share is not None]


def _stretches(points: Sequence[tuple[int, Interval]]) -> list[list[tuple[int, Interval]]]:
    """Points without a gap between them."""
    stretches: list[list[tuple[int, Interval]]] = []
    for place, share in points:
        if stretches and stretches[-1][-1][0] == place - 1:
            stretches[-1].append((place, share))
        else:
            stretches.append([(place, share)])
    return stretches


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
        f"{trend.topic} from {_known(trend)[0][1].value:.0%} to {_known(trend)[-1][1].value:.0%}" for trend in trends
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
