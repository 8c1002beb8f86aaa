"""Charts as specifications: what they count, what a click on a mark hands back, and that they can be read."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from components.explore_chart_parts import ACCENT, PICKED, SENTIMENT_CHART_COLORS, signed
from components.explore_charts import sentiment_chart, trend_chart
from components.explore_drill import combine, first_pick, topic_drill
from components.explore_filter import chips_of
from components.explore_range_charts import coverage_chart, impact_chart, wave_chart
from components.explore_segments import heat_table, spoken_of
from services.surveys.cross_tabs import CrossTab, CrossTabCell, Difference
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exports.models import TopicSummary, TopicTrend, TrendPoint
from services.surveys.marks import Mark
from services.surveys.models import OtherReason, Sentiment
from services.surveys.review_reasons import ReviewReason
from services.surveys.statistics import Impact, Interval, wilson_interval
from tests.unit.test_theme_contrast import GRAPHIC_CONTRAST, THEME, color, contrast

INK = "#0E1715"
NAME = 'Odd "name" <b> [x]'


def summary(count: int = 40, **parts: int) -> TopicSummary:
    found = {"positive": 10, "neutral": 0, "negative": count - 10} | parts
    impact = Impact(Interval(-1.04, -1.5, -0.6), None, 0.01, count, -0.1)
    return TopicSummary(NAME, count, wilson_interval(count, 200), **found, impact=impact, topic_id="odd")


def data_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """All rows of all data sets of a chart."""
    return [row for rows in spec["datasets"].values() for row in rows]


def picked_fields(spec: dict[str, Any]) -> list[str]:
    """The fields that a click hands back."""
    (parameter,) = [one for one in spec["params"] if one["name"] == PICKED]
    return list(parameter["select"]["fields"])


def test_bars_are_cut_by_sentiment_and_a_click_hands_back_topic_and_sentiment() -> None:
    spec = sentiment_chart([("odd", summary())], INK).to_dict()
    rows = [row for row in data_of(spec) if "count" in row]
    assert {(row["topic_id"], row["sentiment"]): row["count"] for row in rows} == {
        ("odd", "positive"): 10,
        ("odd", "negative"): 30,
    }
    assert picked_fields(spec) == ["topic_id", "sentiment"]
    (end,) = [row for row in data_of(spec) if "label" in row]
    share = wilson_interval(40, 200)
    assert end["low"] == pytest.approx(200 * share.low)
    assert end["high"] == pytest.approx(200 * share.high)
    assert end["label"] == "40 · 20 %"
    assert NAME in json.dumps(spec, ensure_ascii=False).replace('\\"', '"')


def test_a_whisker_over_a_bar_takes_no_click_from_it() -> None:
    bars, *over = sentiment_chart([("odd", summary())], INK).to_dict()["layer"]
    assert "tooltip" in bars["encoding"]
    # What has a tooltip takes the pointer in Vega.
    assert [layer["mark"]["type"] for layer in over] == ["rule", "text"]
    assert all("tooltip" not in layer["encoding"] and layer["mark"]["tooltip"] is None for layer in over)


def test_a_period_without_responses_is_a_gap_and_not_a_zero() -> None:
    points = (
        TrendPoint("Jan 2026", wilson_interval(3, 30), date(2026, 1, 1), date(2026, 1, 31), 3, 30),
        TrendPoint("Feb 2026", None, date(2026, 2, 1), date(2026, 2, 28)),
        TrendPoint("Mar 2026", wilson_interval(6, 30), date(2026, 3, 1), date(2026, 3, 31), 6, 30),
    )
    spec = trend_chart([TopicTrend(NAME, points, "odd")], INK).to_dict()
    shares = {row["period"]: row["share"] for row in data_of(spec)}
    assert shares["Jan 2026"] == pytest.approx(0.1)
    assert shares["Feb 2026"] is None
    assert picked_fields(spec) == ["topic_id", "period"]


def test_topics_over_time_are_told_apart_without_their_color() -> None:
    points = (TrendPoint("Jan 2026", wilson_interval(3, 30)), TrendPoint("Feb 2026", wilson_interval(5, 30)))
    spec = trend_chart([TopicTrend("A", points, "a"), TopicTrend("B", points, "b")], INK).to_dict()
    assert any("shape" in layer["encoding"] for layer in spec["layer"])


def test_differences_have_their_interval_and_their_figure_in_sight() -> None:
    spec = impact_chart([("odd", summary())], INK).to_dict()
    (row,) = [row for row in data_of(spec) if row.get("topic_id") == "odd"]
    assert (row["low"], row["high"], row["label"]) == (-1.5, -0.6, "−1.0")
    domain = next(layer["encoding"]["x"]["scale"]["domain"] for layer in spec["layer"] if "x2" in layer["encoding"])
    assert domain[0] < -1.5
    assert domain[1] > 0
    assert picked_fields(spec) == ["topic_id"]
    waves = [{"topic_id": "odd", "topic": "A", "difference": 0.1, "low": 0.0, "high": 0.2, "label": "", "words": ""}]
    assert picked_fields(wave_chart(waves, INK).to_dict()) == ["topic_id"]


def test_coverage_leaves_out_reasons_that_no_response_has() -> None:
    spec = coverage_chart({OtherReason.JUNK: 5, OtherReason.TOO_SHORT: 0}, 15, INK).to_dict()
    assert {row["what"]: row["label"] for row in data_of(spec)} == {"With a topic": "15 · 75 %", "Junk": "5 · 25 %"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colors_of_charts_are_told_from_the_background_of_both_themes(theme: str) -> None:
    background = color(THEME[theme]["backgroundColor"])
    for shade in (*SENTIMENT_CHART_COLORS.values(), ACCENT):
        assert contrast(color(shade), background) >= GRAPHIC_CONTRAST, shade


def test_a_sign_is_not_given_to_what_rounds_to_nothing() -> None:
    assert [signed(number) for number in (-0.04, 0.04, 0.25, -1.0)] == ["0.0", "0.0", "+0.2", "−1.0"]


def test_a_click_that_was_taken_back_shows_nothing() -> None:
    assert first_pick({"selection": {PICKED: []}}) is None
    assert first_pick({"selection": {PICKED: {}}}) is None
    assert first_pick({"selection": {PICKED: [{"topic_id": "a"}]}}) == {"topic_id": "a"}


def test_a_mark_narrows_the_filter_and_drops_nothing_of_it() -> None:
    chosen = ResponseFilter(
        topics=("a", "b"),
        sentiments=(Sentiment.NEGATIVE,),
        segments=(("Region", ("North", "South")),),
        first_day=date(2026, 1, 1),
        scores=(("NPS", None, 6.0),),
        search="late",
    )
    also = ResponseFilter(
        having=(("c", Sentiment.POSITIVE),),
        segments=(("Region", ("North",)), ("Age", ("16-24",))),
        first_day=date(2026, 3, 1),
        last_day=date(2026, 3, 31),
        scores=(("NPS", 0.0, None),),
    )
    both = combine(chosen, also)
    assert (both.topics, both.sentiments, both.search) == (("a", "b"), (Sentiment.NEGATIVE,), "late")
    assert both.having == (("c", Sentiment.POSITIVE),)
    assert both.segments == (("Region", ("North",)), ("Age", ("16-24",)))
    assert (both.first_day, both.last_day) == (date(2026, 3, 1), date(2026, 3, 31))
    assert both.scores == (("NPS", 0.0, 6.0),)
    assert combine(both, also) == both


def test_a_mark_of_another_choice_keeps_those_of_the_filter() -> None:
    chosen = ResponseFilter(segments=(("Devices", ("Phone", "Tablet")),))
    watch = ResponseFilter(segments=(("Devices", ("Watch",)),))
    both = combine(chosen, watch)
    assert both.segments == chosen.segments
    assert both.also_chosen == (("Devices", "Watch"),)
    assert combine(both, watch) == both
    phone = combine(both, ResponseFilter(segments=(("Devices", ("Phone",)),)))
    assert phone == ResponseFilter(segments=(("Devices", ("Phone",)),), also_chosen=(("Devices", "Watch"),))


def test_a_mark_says_what_it_stands_for() -> None:
    assert topic_drill("Price", "p", Sentiment.NEGATIVE).words == "Price · negative"
    assert topic_drill("Price", "p", also=ResponseFilter(search="x")).also == ResponseFilter(
        having=(("p", None),), search="x"
    )


def test_every_condition_has_a_chip_and_taking_all_away_leaves_no_filter() -> None:
    chosen = ResponseFilter(
        topics=("a", "gone"),
        match_all=True,
        sentiments=(Sentiment.MIXED,),
        segments=(("Region", ("North", "South")),),
        also_chosen=(("Devices", "Phone"),),
        first_day=date(2026, 1, 1),
        last_day=date(2026, 2, 1),
        scores=(("NPS", 0.0, 6.0), ("CSAT", 3.0, 3.0)),
        others=(OtherReason.JUNK,),
        only_other=True,
        marks=(Mark.DUPLICATE,),
        only_review=True,
        review=(ReviewReason.WEAK_TOPIC,),
        only_corrected=True,
        search="late",
        having=(("a", Sentiment.POSITIVE), ("a", None)),
        with_topic=True,
    )
    words = [chip.words for chip in chips_of(chosen, {"a": "Alpha"})]
    assert words[:2] == ["Alpha", "and a topic that was removed"]
    assert {
        "Alpha: positive",
        "Region: North",
        "Devices: Phone too",
        "NPS: 0 to 6",
        "CSAT: 3",
        "“late”",
        "Other: junk",
    } <= set(words)
    assert "From Jan 1, 2026 until Feb 1, 2026" in words
    # The topic "a" is asked for twice, in two ways.
    assert len(words) == 19
    left = chosen
    while chips := chips_of(left, {"a": "Alpha"}):
        assert chips[0].rest != left
        left = chips[0].rest
    assert left == ResponseFilter()


def cell(count: int, difference: Difference = Difference.NONE) -> CrossTabCell:
    return CrossTabCell(count, wilson_interval(count, 50), 0.01, difference)


def test_groups_say_in_words_where_they_differ_and_the_strongest_color_lies_under_the_largest_share() -> None:
    tab = CrossTab(
        "Region",
        ("North", "South"),
        (50, 50),
        ("Price", "Staff", "Nobody's"),
        ((cell(25, Difference.HIGHER), cell(5, Difference.LOWER)), (cell(10), cell(10)), (cell(0), cell(0))),
        ("p", "s", "n"),
    )
    shown = spoken_of(tab)
    assert (shown.topics, shown.topic_ids) == (("Price", "Staff"), ("p", "s"))
    styled = heat_table(shown)
    table = styled.data  # type: ignore[attr-defined]  # it has it, but pandas does not say so
    assert table.values.tolist() == [["Price", "50 % ▲ higher", "10 % ▼ lower"], ["Staff", "20 %", "20 %"]]
    assert list(table.columns) == ["Topic", "North (50)", "South (50)"]
    page = styled.to_html()
    assert "0.50)" in page
    assert "0.10)" in page
