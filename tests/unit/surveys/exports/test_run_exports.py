"""What leaves the app: workbook, CSV, JSON lines and report of a run."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import openpyxl  # type: ignore[import-untyped, unused-ignore]
import pytest
from lxml import html  # type: ignore[import-untyped, unused-ignore]
from openpyxl.worksheet._writer import ALL_TEMP_FILES  # type: ignore[import-untyped, unused-ignore]

from services.surveys.evaluation_models import Evaluation, SentimentScore, TopicScore
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.run_view import NO_FILTER, RunView
from services.surveys.exploring.waves import compare_waves
from services.surveys.exports.cells import LONGEST_WORKBOOK_CELL
from services.surveys.exports.filter_words import filter_words
from services.surveys.exports.models import ExportColumn
from services.surveys.exports.run_report import survey_report, workbook_notes
from services.surveys.exports.service import SurveyExports
from services.surveys.models import OtherReason, ResponseFinding, Sentiment, Topic, TopicFinding
from services.surveys.statistics import Interval
from tests.unit.surveys.exploring.explore_desk import ExploreDesk, Person
from tests.unit.surveys.exploring.recount import TOPICS, RandomSurvey, united

EXPORTS = SurveyExports(now=lambda: datetime(2026, 3, 5, tzinfo=UTC))
FORMULA = '=HYPERLINK("http://x","Coffee")\rand more'
SURVEY = RandomSurvey(4, 150)


@pytest.fixture(scope="module")
def view() -> RunView:
    return SURVEY.desk().view()


@pytest.fixture(scope="module")
def hostile() -> RunView:
    """Formulas wherever somebody can write: response, segment, topic."""
    found = TopicFinding("prices", Sentiment.NEGATIVE, 0.9, 0, len(FORMULA))
    desk = ExploreDesk(
        [Person(FORMULA, region="=1+1", nps=-3.0), Person("", region="+1"), Person("<script>alert(1)</script>")],
        {
            FORMULA: ResponseFinding("", (found,), Sentiment.NEGATIVE, 0.9),
            "<script>alert(1)</script>": ResponseFinding("", (replace(found, end=8),), Sentiment.NEGATIVE, 0.8),
        },
        [Topic("prices", "@Prices", "=Too dear")],
    )
    return desk.view()


def csv_of(view: RunView, chosen: ResponseFilter = NO_FILTER) -> bytes:
    """The CSV file."""
    target = io.BytesIO()
    EXPORTS.csv(target, view, chosen)
    return target.getvalue()


def jsonl_of(view: RunView, chosen: ResponseFilter = NO_FILTER) -> bytes:
    """The JSON lines."""
    target = io.BytesIO()
    EXPORTS.jsonl(target, view, chosen)
    return target.getvalue()


def workbook_of(view: RunView, chosen: ResponseFilter = NO_FILTER, **given: Any) -> bytes:
    """The workbook."""
    target = io.BytesIO()
    EXPORTS.workbook(target, view, chosen, **given)
    return target.getvalue()


def csv_rows(data: bytes) -> list[dict[str, str]]:
    """By the names of the columns."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def opened(data: bytes) -> Any:
    """The workbook, opened again."""
    return openpyxl.load_workbook(io.BytesIO(data))


def sheet_rows(workbook: Any, title: str) -> list[dict[str, Any]]:
    """By the names of the columns."""
    head, *rows = workbook[title].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_csv_has_every_row_of_the_survey_in_its_order(view: RunView) -> None:
    rows = csv_rows(csv_of(view))
    assert [row["id"] for row in rows] == [f"r{number}" for number in range(len(SURVEY.people))]
    assert [int(row["row"]) for row in rows] == list(range(1, len(SURVEY.people) + 1))
    same = Counter(person.text for person in SURVEY.people)
    for row, person in zip(rows, SURVEY.people, strict=True):
        finding = SURVEY.found.get(person.text)
        topics = finding.topics if finding else ()
        assert row["text"] == person.text
        assert row["topics"] == "|".join(topic.topic_id for topic in topics)
        assert json.loads(row["topic_sentiments"]) == {topic.topic_id: topic.sentiment for topic in topics}
        assert row["evidence"] == "|".join(person.text[topic.start : topic.end] for topic in topics)
        assert row["sentiment"] == (finding.sentiment if finding else "")
        assert row["other_reason"] == (finding.other_reason if finding and finding.other_reason else "")
        assert row["segment: devices"] == "|".join(person.devices)
        assert row["date"] == (person.day.isoformat() if person.day else "")
        assert int(row["same_text_count"]) == same[person.text]
        for topic in TOPICS:
            felt = next((one.sentiment for one in topics if one.topic_id == topic.id), "")
            assert row[f"topic: {topic.name}"] == felt


def test_an_export_holds_what_the_filter_leaves(view: RunView) -> None:
    chosen = ResponseFilter(topics=("coffee",), sentiments=(Sentiment.NEGATIVE,))
    wanted = [f"r{row.row}" for row in SURVEY.fitting(chosen)]
    assert wanted
    assert [row["id"] for row in csv_rows(csv_of(view, chosen))] == wanted
    assert [json.loads(line)["id"] for line in jsonl_of(view, chosen).splitlines()] == wanted
    assert [row["id"] for row in sheet_rows(opened(workbook_of(view, chosen)), "Data")] == wanted


def test_figures_of_main_topics_stand_beside_data_of_every_topic() -> None:
    above = {"staff": "people", "app": "people"}
    topics = (Topic("people", "People"), *(replace(topic, parent=above.get(topic.id)) for topic in TOPICS))
    view = ExploreDesk(SURVEY.people, SURVEY.found, topics).view()
    rows = csv_rows(csv_of(view.main))
    assert rows == csv_rows(csv_of(view))
    for row in rows:
        felt = [Sentiment(row[f"topic: {name}"]) for name in ("Staff", "App") if row[f"topic: {name}"]]
        assert row["main topic: People"] == (united(felt[0], felt[-1]) if felt else "")
        assert row["main topic: Coffee"] == row["topic: Coffee"]
    workbook = opened(workbook_of(view.main, evaluation=evaluation(), waves=compare_waves(view.main, view.main)))
    assert [row["id"] for row in sheet_rows(workbook, "Data")] == [row["id"] for row in rows]
    counts = {row["topic"]: row["responses"] for row in sheet_rows(workbook, "Summary")}
    assert counts == {
        topic.name: sum(bool(row[f"main topic: {topic.name}"] and row["sentiment"] and row["text"]) for row in rows)
        for topic in topics
        if topic.id not in above
    }
    for title in ("By region", "Trend", "Together", "Waves"):
        assert {row["topic"] for row in sheet_rows(workbook, title)}.isdisjoint({"Staff", "App"})
    assert "Staff" in {row["topic"] for row in sheet_rows(workbook, "Evaluation")}
    report = html.fromstring(EXPORTS.report_html(view.main)).text_content()
    assert "Topics are counted as main topics" in report
    assert "Topics are counted as main topics" not in html.fromstring(EXPORTS.report_html(view)).text_content()


class Interrupted(BaseException):
    """What ends a page that somebody left."""


@pytest.fixture(scope="module")
def many() -> RunView:
    people = [Person(f"response {number}") for number in range(2_500)]
    return ExploreDesk(people, {}, TOPICS).view()


@pytest.mark.parametrize("export", [EXPORTS.csv, EXPORTS.jsonl, EXPORTS.workbook])
def test_an_export_tells_how_many_rows_are_written_and_in_the_end_all(
    many: RunView, export: Callable[..., None]
) -> None:
    heard: list[int] = []
    target, silent = io.BytesIO(), io.BytesIO()
    export(target, many, on_rows=heard.append)
    assert heard == [1_000, 2_000, 2_500]
    export(silent, many)
    if export != EXPORTS.workbook:  # its files have the time of day
        assert silent.getvalue() == target.getvalue()
    heard.clear()
    export(io.BytesIO(), many, ResponseFilter(search="no such words"), on_rows=heard.append)
    assert heard == [0]


def test_a_workbook_that_is_broken_off_leaves_no_temporary_file(many: RunView) -> None:
    before = list(ALL_TEMP_FILES)

    def leave(_count: int) -> None:
        assert len(ALL_TEMP_FILES) > len(before)
        raise Interrupted

    with pytest.raises(Interrupted):
        EXPORTS.workbook(io.BytesIO(), many, on_rows=leave)
    assert before == ALL_TEMP_FILES


def test_json_lines_hold_what_csv_holds_and_where_the_evidence_stands(view: RunView) -> None:
    objects = [json.loads(line) for line in jsonl_of(view).decode().splitlines()]
    for row, one in zip(csv_rows(csv_of(view)), objects, strict=True):
        assert (one["id"], one["text"], one["row"]) == (row["id"], row["text"], int(row["row"]))
        assert "|".join(topic["id"] for topic in one["topics"]) == row["topics"]
        assert one["segments"].get("devices", []) == [name for name in row["segment: devices"].split("|") if name]
        assert one["scores"].get("nps") == (float(row["score: nps"]) if row["score: nps"] else None)
        for topic in one["topics"]:
            assert one["text"][topic["start"] : topic["end"]] == topic["evidence"]


def test_the_columns_are_those_of_the_guide(view: RunView) -> None:
    guide = {sheet.title: sheet for sheet in EXPORTS.column_guide()}

    def fits(names: list[str], columns: tuple[ExportColumn, ...]) -> bool:
        patterns = [column.name.split("(")[0] for column in columns]
        return all(
            any(name == one or (one.endswith(": ") and name.startswith(one)) for one in patterns) for name in names
        )

    names = list(csv_rows(csv_of(view))[0])
    fixed = [column.name for column in guide["Data"].columns if "(" not in column.name]
    assert names[: len(fixed)] == fixed
    assert fits(names, guide["Data"].columns)
    assert list(json.loads(jsonl_of(view).splitlines()[0])) == [one.name for one in guide["JSON lines"].columns]
    waves = compare_waves(view, view)
    workbook = opened(workbook_of(view, score="nps", waves=waves, evaluation=evaluation()))
    assert workbook.sheetnames == [
        "README", "Data", "Summary", "By region", "By devices", "Trend", "Together", "Waves", "Evaluation",
    ]  # fmt: skip
    for title in ("Summary", "Trend", "Together", "Waves", "Evaluation"):
        assert [cell.value for cell in workbook[title][1]] == [column.name for column in guide[title].columns]
    assert fits([cell.value for cell in workbook["Data"][1]], guide["Data"].columns)
    explained = {row[0].value for row in workbook["README"].iter_rows(max_col=2)}
    for title in ("Data", "Trend", "Together", "Waves", "Evaluation"):
        assert {cell.value for cell in workbook[title][1]} <= explained


def evaluation() -> Evaluation:
    """Of two gold texts."""
    share = Interval(0.5, 0.1, 0.9)
    score = TopicScore("staff", 2, 1, 1, share, None, share)
    sentiment = SentimentScore(2, share, None, ())
    return Evaluation(
        "run", False, 2, 3, share, share, None, (score,), replace(score, topic_id=None), (), sentiment, sentiment
    )


def test_the_workbook_holds_the_figures(view: RunView) -> None:
    workbook = opened(workbook_of(view, score="nps", evaluation=evaluation()))
    summaries = {one.topic: one for one in view.topic_summaries(NO_FILTER, "nps")}
    for row in sheet_rows(workbook, "Summary"):
        one = summaries[row["topic"]]
        assert (row["responses"], row["positive"], row["mixed"]) == (one.count, one.positive, one.mixed)
        assert row["share"] == pytest.approx(one.share.value)
    pairs = {(one.first, one.second): one for one in view.co_occurrence()}
    assert {(row["topic"], row["other_topic"]): row["both"] for row in sheet_rows(workbook, "Together")} == {
        names: one.count for names, one in pairs.items()
    }
    trend = view.trend()
    rows = sheet_rows(workbook, "Trend")
    assert len(rows) == len(trend.totals) * (1 + len(TOPICS))
    assert sum(row["responses"] for row in rows if row["topic"] == "(all responses)") == sum(
        one.total for one in trend.totals
    )
    measures = {(row["measure"], row["topic"]): row["value"] for row in sheet_rows(workbook, "Evaluation")}
    assert measures["exact match", None] == measures["precision", "Staff"] == measures["f1", "Other"] == 0.5
    assert measures["recall", "Staff"] is None
    tab = view.cross_tab(NO_FILTER, "region")
    (first, *_) = sheet_rows(workbook, "By region")
    assert [first[f"{value} count"] for value in tab.values] == list(tab.totals)


def test_nothing_that_somebody_wrote_can_run_in_a_spreadsheet(hostile: RunView) -> None:
    rows = csv_rows(csv_of(hostile))
    assert len(rows) == 3
    assert rows[0]["text"] == rows[0]["evidence"] == "'" + FORMULA.replace("\r", "\n")
    assert rows[0]["segment: region"] == "'=1+1"
    assert rows[0]["score: nps"] == "-3.0"  # a number is no formula
    for sheet in opened(workbook_of(hostile, title="=Evil", evaluation=evaluation())):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not isinstance(cell.value, str) or not cell.value.startswith(("=", "+", "@", "-"))


def test_nothing_that_somebody_wrote_can_run_in_the_report(hostile: RunView) -> None:
    tree = html.fromstring(EXPORTS.report_html(hostile, title="<script>alert(2)</script>"))
    assert tree.xpath("//script") == []
    assert "<script>alert(1)</script>" in tree.text_content()


def test_a_text_that_is_too_long_for_a_cell_is_said_to_be_cut() -> None:
    text = "long " * 8_000
    desk = ExploreDesk([Person(text.strip())], {}, [Topic("prices", "Prices")])
    assert "is cut" in workbook_notes(desk.view(), NO_FILTER)[0]
    workbook = opened(workbook_of(desk.view()))
    assert any("is cut" in str(cell.value) for (cell,) in workbook["README"].iter_rows(min_col=2, max_col=2))
    (row,) = sheet_rows(workbook, "Data")
    assert len(row["text"]) < LONGEST_WORKBOOK_CELL
    assert row["text"].endswith("(cut: a cell holds no more)")
    assert len(csv_rows(csv_of(desk.view()))[0]["text"]) == len(text.strip())


def test_responses_that_go_on_in_another_sheet_are_said_to_do_so(view: RunView) -> None:
    count = len(SURVEY.people)
    assert workbook_notes(view, NO_FILTER, rows_per_sheet=count) == ()
    (note,) = workbook_notes(view, NO_FILTER, rows_per_sheet=count - 1)
    assert f"{count:,} responses" in note
    assert "Data 2" in note


def test_a_workbook_that_holds_everything_says_nothing_of_limits(view: RunView) -> None:
    assert workbook_notes(view, NO_FILTER) == ()


def test_the_report_tells_how_it_was_made_and_what_to_be_careful_with(view: RunView) -> None:
    chosen = ResponseFilter(segments=(("region", ("North", "South")),))
    report = survey_report(view, chosen, "", "nps", datetime(2026, 3, 5, tzinfo=UTC).date())
    facts, notes = dict(report.facts), " ".join(report.notes)
    assert report.title == "Wave one"
    assert facts["Responses"] == f"{len(SURVEY.counted(chosen)):,}"
    assert facts["Report made"] == "5 March 2026"
    assert facts["Only responses with"] == "region: North or South"
    for words in ("local method", "local-1", "95 % confidence", "Benjamini-Hochberg", "masked", "both good and bad"):
        assert words in notes, words
    totals = view.totals(chosen)
    assert f"{totals.empty:,} responses are empty" in notes
    assert sum(figure.count for figure in report.sentiments) == totals.answered
    assert sum(figure.count for figure in report.coverage) == totals.answered
    page = html.fromstring(EXPORTS.report_html(view, chosen, score="nps")).text_content()
    for words in (
        "All responses",
        "Topics that come together",
        "Impact on nps",
        "Over time",
        "In their words",
        "By region",
    ):
        assert words in page, words


def test_quotes_are_of_their_topic_and_hold_its_evidence(view: RunView) -> None:
    for topic in TOPICS:
        for one in view.quotes(NO_FILTER, topic.id):
            found = next(found for found in one.topics if found.topic_id == topic.id)
            assert one.text[found.start : found.end]
    assert view.quotes(NO_FILTER, "gone") == ()


def test_a_filter_that_leaves_nothing_still_makes_every_export(view: RunView) -> None:
    nothing = ResponseFilter(search="not in any response")
    assert view.count(nothing) == 0
    assert csv_rows(csv_of(view, nothing)) == []
    assert jsonl_of(view, nothing) == b""
    assert sheet_rows(opened(workbook_of(view, nothing, score="nps")), "Data") == []
    assert "Responses" in EXPORTS.report_html(view, nothing, score="nps")


def test_a_filter_is_told_in_words(view: RunView) -> None:
    chosen = ResponseFilter(
        topics=("coffee", "staff"),
        match_all=True,
        sentiments=(Sentiment.NEGATIVE,),
        scores=(("nps", None, 6.0),),
        others=(OtherReason.TOO_SHORT,),
        search="slow",
    )
    assert filter_words(view, chosen) == (
        "Topic: Coffee and Staff",
        "Sentiment toward it: negative",
        "Without a topic because: too short",
        "nps: to 6",
        "With the words “slow”",
    )
    assert filter_words(view, NO_FILTER) == ()
