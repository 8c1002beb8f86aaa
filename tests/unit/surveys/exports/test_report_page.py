"""The HTML report."""

from __future__ import annotations

import re
from dataclasses import replace

from lxml import etree, html  # type: ignore[import-untyped, unused-ignore]

from services.surveys.exports.models import ReportFigure, SurveyReport, TopicPair
from services.surveys.exports.report_charts import parts_bar, sentiment_bars, trend_lines
from services.surveys.exports.report_page import report_page
from tests.unit.surveys.exports.reports import ATTACK, report


def test_what_a_respondent_wrote_is_never_markup() -> None:
    page = report_page(report())
    tree = html.fromstring(page)
    assert tree.xpath("//script | //img") == []
    assert not any(name.startswith("on") for element in tree.iter() for name in element.attrib)
    assert "&lt;script&gt;alert(1)" in page
    assert tree.xpath("//mark")[0].text == "expensive"


def test_nothing_comes_from_outside() -> None:
    page = report_page(report())
    assert re.findall(r"(?:src|href|url)\s*[=(]", page.replace("&lt;img src=x", "")) == []
    assert "default-src 'none'" in page


def test_every_figure_stands_on_the_page() -> None:
    text = html.fromstring(report_page(report())).text_content()
    for figure in (
        "Coffee app, wave 2",
        "60 · 50.0%",
        "-1.50",
        "-2.00 to -1.00",
        "▲ higher",
        "▼ lower",
        "Impact on NPS",
    ):
        assert figure in text, figure


def test_charts_are_well_formed_and_say_in_words_what_they_show() -> None:
    for chart in (sentiment_bars(report().summaries), trend_lines(report().trends)):
        root = etree.fromstring(chart)
        assert root.get("role") == "img"
        assert "Prices" in root.get("aria-label")


def test_bars_are_as_long_as_their_counts() -> None:
    root = etree.fromstring(sentiment_bars(report().summaries))
    widths = {rect[0].text: float(rect.get("width")) for rect in root.iter("{*}rect")}
    assert abs(widths["Prices: 40 negative"] - 4 * widths["Prices: 10 positive"]) < 0.3
    assert round(sum(width for title, width in widths.items() if title.startswith("Prices"))) == 530


def test_a_period_without_responses_breaks_the_line() -> None:
    trend = report().trends[0]
    known = trend.points[0]
    points = (known, known, replace(known, period="Gap", share=None), known, known)
    root = etree.fromstring(trend_lines((replace(trend, points=points),)))
    lines = [line.get("points").split() for line in root.iter("{*}polyline")]
    assert [len(line) for line in lines] == [2, 2]
    assert len(list(root.iter("{*}circle"))) == 4


def test_a_topic_without_any_known_share_is_left_out_of_the_trend() -> None:
    trend = report().trends[0]
    unknown = replace(trend, topic="Nobody", points=tuple(replace(point, share=None) for point in trend.points))
    assert "Nobody" not in trend_lines((unknown, trend))
    assert trend_lines((unknown,)) == ""


def test_the_bar_of_all_responses_is_cut_as_they_are() -> None:
    figures = (ReportFigure("Positive", 30, "positive"), ReportFigure("Mixed", 0, "mixed"), ReportFigure("Bad", 10))
    root = etree.fromstring(parts_bar(figures))
    assert [float(rect.get("width")) for rect in root.iter("{*}rect")] == [690, 230]
    assert "Positive 75%" in root.get("aria-label")
    assert parts_bar((ReportFigure("Positive", 0),)) == ""


def test_pairs_and_coverage_stand_on_the_page() -> None:
    pairs = (TopicPair("Prices", f"Staff {ATTACK}", 12, 2.51, "more often"),)
    whole = replace(
        report(),
        sentiments=(ReportFigure("Positive", 3, "positive"),),
        coverage=(ReportFigure("With a topic", 3), ReportFigure("Junk", 1)),
        pairs=pairs,
    )
    tree = html.fromstring(report_page(whole))
    assert tree.xpath("//script | //img") == []
    text = tree.text_content()
    for words in ("Topics that come together", "2.5", "more often", "With a topic 3 (75.0%) · Junk 1 (25.0%)"):
        assert words in text, words


def test_both_themes_and_paper_have_their_colors() -> None:
    page = report_page(report())
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", page))
    for block in re.findall(r":root \{([^}]*)\}", page):
        assert used <= set(re.findall(r"(--[a-z0-9]+):", block))


def test_a_report_without_topics_says_so() -> None:
    assert "No response has a topic yet." in report_page(SurveyReport("Empty", (("Responses", "0"),), ()))


def test_one_period_makes_no_trend() -> None:
    short = replace(report(), trends=tuple(replace(trend, points=trend.points[:1]) for trend in report().trends))
    assert "Over time" not in report_page(short)
    assert trend_lines(()) == ""
