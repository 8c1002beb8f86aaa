"""Topics over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from services.surveys.exploring.assignments import SENTIMENT_KINDS
from services.surveys.exploring.counting import commonest_first
from services.surveys.exploring.models import Period, PeriodTotals, Trend
from services.surveys.exploring.selecting import Selection
from services.surveys.exports.models import TopicTrend, TrendPoint
from services.surveys.findings import SENTIMENT_CODES
from services.surveys.models import Topic
from services.surveys.statistics import wilson_interval

# More steps than a chart has pixels for say nothing; the next longer period is taken.
MOST_PERIODS = 370
_STEPS = (Period.DAY, Period.WEEK, Period.MONTH, Period.QUARTER)
# The longest span, in days, that each suits when nobody says.
_SUITS = {Period.DAY: 31, Period.WEEK: 183, Period.MONTH: 1_100}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def trend(
    selection: Selection,
    days: NDArray[np.datetime64] | None,
    topics: Sequence[Topic],
    shown: Sequence[int],
    period: Period,
) -> Trend:
    """Shares per period, with gaps where nobody answered.

    Args:
        days: Per row of the survey.
        shown: Numbers of topics in their order; all, the commonest first, when empty.
    """
    if days is None:
        return Trend(period, (), (), selection.total)
    of_row = days[selection.rows]
    dated = ~np.isnat(of_row)
    if not dated.any():
        return Trend(period, (), (), selection.total)
    first, last = of_row[dated].min(), of_row[dated].max()
    period = _fitting_period(period, first, last)
    lowest = int(_steps(np.array([first]), period)[0])
    count = int(_steps(np.array([last]), period)[0]) - lowest + 1
    # Those without a date stand in a period of their own, which is cut off.
    places = np.full(selection.total, count, np.int64)
    places[dated] = _steps(of_row[dated], period) - lowest
    totals = np.bincount(places, minlength=count + 1)[:count]
    overall = selection.assigned.overall[selection.texts]
    sentiments = np.bincount(places * SENTIMENT_KINDS + overall, minlength=(count + 1) * SENTIMENT_KINDS)
    sentiments = sentiments.reshape(count + 1, SENTIMENT_KINDS)
    rows, numbers = selection.row_topics
    counts = np.bincount(numbers.astype(np.int64) * (count + 1) + places[rows], minlength=len(topics) * (count + 1))
    counts = counts.reshape(len(topics), count + 1)
    ends = [_ends(lowest + place, period) for place in range(count)]
    labels = [_label(start, period) for start, _ in ends]
    return Trend(
        period=period,
        totals=tuple(
            PeriodTotals(
                label=labels[place],
                first_day=ends[place][0],
                last_day=ends[place][1],
                total=int(totals[place]),
                sentiments=tuple(
                    (sentiment, int(sentiments[place, code])) for sentiment, code in SENTIMENT_CODES.items()
                ),
            )
            for place in range(count)
        ),
        topics=tuple(
            TopicTrend(
                topic=topics[number].name,
                points=tuple(
                    TrendPoint(
                        period=labels[place],
                        share=wilson_interval(int(counts[number, place]), int(totals[place]))
                        if totals[place]
                        else None,
                        first_day=ends[place][0],
                        last_day=ends[place][1],
                        count=int(counts[number, place]),
                        total=int(totals[place]),
                    )
                    for place in range(count)
                ),
                topic_id=topics[number].id,
            )
            for number in shown or commonest_first(selection.topic_counts)
        ),
        undated=int((~dated).sum()),
    )


def _fitting_period(period: Period, first: np.datetime64, last: np.datetime64) -> Period:
    span = int((last - first).astype(int)) + 1
    if period is Period.AUTO:
        period = next((step for step in _STEPS[:-1] if span <= _SUITS[step]), Period.QUARTER)
    for step in _STEPS[_STEPS.index(period) : -1]:
        ends = _steps(np.array([first, last]), step)
        if int(ends[1] - ends[0]) < MOST_PERIODS:
            return step
    return Period.QUARTER if period is not Period.AUTO else period


def _steps(days: NDArray[np.datetime64], period: Period) -> NDArray[np.int64]:
    """The number of the period that each day lies in."""
    if period is Period.DAY:
        return days.astype("datetime64[D]").astype(np.int64)
    if period is Period.WEEK:
        # The first of January 1970 was a Thursday.
        return (days.astype("datetime64[D]").astype(np.int64) + 3) // 7
    months = days.astype("datetime64[M]").astype(np.int64)
    return months if period is Period.MONTH else months // 3


def _ends(number: int, period: Period) -> tuple[date, date]:
    if period is Period.DAY or period is Period.WEEK:
        length = 1 if period is Period.DAY else 7
        start = date(1970, 1, 1) + timedelta(days=number if length == 1 else 7 * number - 3)
        return start, start + timedelta(days=length - 1)
    length = 1 if period is Period.MONTH else 3
    return _first_of_month(number * length), _first_of_month((number + 1) * length) - timedelta(days=1)


def _first_of_month(months: int) -> date:
    return date(1970 + months // 12, months % 12 + 1, 1)


def _label(start: date, period: Period) -> str:
    if period is Period.QUARTER:
        return f"Q{(start.month + 2) // 3} {start.year}"
    month = f"{_MONTHS[start.month - 1]} {start.year}"
    return month if period is Period.MONTH else f"{start.day} {month}"
