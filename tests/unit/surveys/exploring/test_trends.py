"""Topics over time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import Period
from services.surveys.exploring.trends import MOST_PERIODS
from services.surveys.models import ResponseFinding, Sentiment, Topic, TopicFinding
from services.surveys.statistics import wilson_interval
from tests.unit.surveys.exploring.explore_desk import ExploreDesk, Person
from tests.unit.surveys.exploring.recount import RandomSurvey

FOUND = ResponseFinding("", (TopicFinding("prices", Sentiment.NEGATIVE, 0.9, 0, 3),), Sentiment.NEGATIVE, 0.9)


def desk_of(days: list[date | None]) -> ExploreDesk:
    """A response about prices on each day."""
    people = [Person(f"Dear {number}", day) for number, day in enumerate(days)]
    return ExploreDesk(people, {person.text: FOUND for person in people}, [Topic("prices", "Prices")])


def period_of(day: date, period: Period) -> date:
    """The first day of the period that a day lies in."""
    if period is Period.DAY:
        return day
    if period is Period.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1, month=day.month if period is Period.MONTH else (day.month - 1) // 3 * 3 + 1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("period", [Period.DAY, Period.WEEK, Period.MONTH, Period.QUARTER])
def test_every_period_is_that_of_a_recount(seed: int, period: Period) -> None:
    survey = RandomSurvey(seed)
    view = survey.desk().view()
    for chosen in (ResponseFilter(), survey.some_filter()):
        rows = survey.counted(chosen)
        trend = view.trend(chosen, period)
        dated = [row for row in rows if row.person.day is not None]
        assert trend.undated == len(rows) - len(dated)
        assert sum(one.total for one in trend.totals) == len(dated)
        for place, one in enumerate(trend.totals):
            inside = [row for row in dated if row.person.day and period_of(row.person.day, period) == one.first_day]
            assert one.total == len(inside)
            assert all(row.person.day and one.first_day <= row.person.day <= one.last_day for row in inside)
            assert dict(one.sentiments) == {
                felt: sum(row.truth.sentiment is felt for row in inside) for felt in Sentiment
            }
            for topic in trend.topics:
                point = topic.points[place]
                count = sum(topic.topic_id in row.truth.topics for row in inside)
                assert (point.count, point.total) == (count, len(inside))
                assert point.share == (wilson_interval(count, len(inside)) if inside else None)
        assert [one.first_day for one in trend.totals[1:]] == [
            one.last_day + timedelta(days=1) for one in trend.totals[:-1]
        ]


def test_a_period_without_responses_is_a_gap_and_not_a_zero() -> None:
    trend = desk_of([date(2026, 1, 5), date(2026, 3, 2)]).view().trend(period=Period.MONTH)
    assert [point.period for point in trend.topics[0].points] == ["Jan 2026", "Feb 2026", "Mar 2026"]
    assert [point.share is None for point in trend.topics[0].points] == [False, True, False]
    assert trend.totals[1].net_sentiment is None


@pytest.mark.parametrize(
    ("span_days", "period"),
    [(1, Period.DAY), (28, Period.DAY), (60, Period.WEEK), (400, Period.MONTH), (2_000, Period.QUARTER)],
)
def test_the_period_goes_by_how_long_the_survey_ran(span_days: int, period: Period) -> None:
    start = date(2020, 2, 3)
    assert desk_of([start, start + timedelta(days=span_days - 1)]).view().trend().period is period


def test_too_many_periods_make_longer_ones() -> None:
    trend = desk_of([date(1990, 1, 1), date(2026, 1, 1)]).view().trend(period=Period.DAY)
    assert trend.period is Period.QUARTER
    assert len(trend.totals) <= MOST_PERIODS
    year = desk_of([date(2025, 1, 1), date(2025, 12, 31)]).view().trend(period=Period.DAY)
    assert (year.period, len(year.totals)) == (Period.DAY, 365)


def test_weeks_begin_on_monday_and_are_named_by_it() -> None:
    trend = desk_of([date(2026, 3, 1), date(2026, 3, 2)]).view().trend(period=Period.WEEK)
    assert [one.label for one in trend.totals] == ["23 Feb 2026", "2 Mar 2026"]


def test_only_the_topics_asked_for_come_in_the_order_asked_for() -> None:
    view = RandomSurvey(1).desk().view()
    assert [one.topic_id for one in view.trend(topics=("staff", "gone", "app")).topics] == ["staff", "app"]


def test_without_dates_there_is_no_trend() -> None:
    trend = desk_of([None, None]).view().trend()
    assert (trend.totals, trend.topics, trend.undated) == ((), (), 2)
