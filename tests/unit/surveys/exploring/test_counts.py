"""Counts of a run, beside the same counts made row by row."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.models import VerbatimOrder
from services.surveys.models import OtherReason, Sentiment
from services.surveys.review_reasons import ReviewReason
from services.surveys.statistics import benjamini_hochberg, compare_proportions, topic_impacts, wilson_interval
from tests.unit.surveys.exploring.recount import TOPICS, RandomSurvey, topic_sentiments

SEEDS = range(8)


def filters(survey: RandomSurvey, count: int = 12) -> list[ResponseFilter]:
    """No filter, and some of chance."""
    return [ResponseFilter(), *(survey.some_filter() for _ in range(count))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_filter_leaves_the_rows_that_fit_all_its_conditions(seed: int) -> None:
    survey = RandomSurvey(seed)
    view = survey.desk().view()
    fitting = 0
    for chosen in filters(survey, 60):
        wanted = [row.row for row in survey.fitting(chosen)]
        fitting += bool(wanted)
        assert [one.row for one in view.verbatims(chosen, limit=1_000)] == wanted, chosen
        assert view.count(chosen) == len(wanted)
        texts = {survey.people[row].text for row in wanted}
        assert view.distinct_count(chosen) == len(texts) == len(view.text_keys(chosen))
        assert len(view.verbatims(chosen, limit=1_000, distinct=True)) == len(texts)
    assert fitting > 20  # a filter that nothing fits shows little


@pytest.mark.parametrize("seed", SEEDS)
def test_totals_are_those_of_a_recount(seed: int) -> None:
    survey = RandomSurvey(seed)
    view = survey.desk().view()
    for chosen in filters(survey):
        rows, totals = survey.counted(chosen), view.totals(chosen)
        assert totals.answered == len(rows)
        assert totals.row_count == view.count(chosen)
        assert dict(totals.sentiments) == {
            sentiment: sum(row.truth.sentiment is sentiment for row in rows) for sentiment in Sentiment
        }
        assert totals.with_topic == sum(bool(row.truth.topics) for row in rows)
        assert totals.assignments == sum(len(row.truth.topics) for row in rows)
        assert totals.distinct_count == len({row.person.text for row in rows})
        assert dict(totals.others) == {
            reason: sum(row.truth.other is reason for row in rows)
            for reason in OtherReason
            if reason is not OtherReason.EMPTY
        }
        assert totals.review == sum(bool(row.truth.review) for row in rows)
        assert dict(totals.review_reasons) == {
            reason: sum(reason.value in row.truth.review for row in rows) for reason in ReviewReason
        }
        coverage = view.coverage(chosen)
        by_count = Counter(len(row.truth.topics) for row in rows)
        assert coverage.by_topic_count == tuple(by_count[count] for count in range(max(by_count, default=0) + 1))
        assert coverage.share == wilson_interval(totals.with_topic, totals.answered)


def test_what_was_not_analyzed_or_says_nothing_is_counted_apart() -> None:
    survey = RandomSurvey(3)
    totals = survey.desk().view().totals()
    empty = sum(not person.text.strip() for person in survey.people)
    missing = sum(bool(person.text.strip()) and person.text not in survey.found for person in survey.people)
    assert missing > 0
    assert empty > 0
    assert (totals.empty, totals.not_analyzed) == (empty, missing)
    assert totals.answered + totals.not_analyzed + totals.empty == len(survey.people)


@pytest.mark.parametrize("seed", SEEDS)
def test_topics_and_their_sentiments_are_those_of_a_recount(seed: int) -> None:
    survey = RandomSurvey(seed)
    view = survey.desk().view()
    for chosen in filters(survey):
        rows = survey.counted(chosen)
        counts = topic_sentiments(rows)
        summaries = view.topic_summaries(chosen)
        assert {one.topic_id for one in summaries} == set(survey.topic_ids)
        assert [one.count for one in summaries] == sorted((one.count for one in summaries), reverse=True)
        for one in summaries:
            found = {sentiment: counts[one.topic_id, sentiment] for sentiment in Sentiment}
            assert {sentiment: getattr(one, sentiment.value) for sentiment in Sentiment} == found
            assert one.count == sum(found.values())
            assert one.share == wilson_interval(one.count, len(rows))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_bar_leads_to_as_many_verbatims_as_it_counts(seed: int) -> None:
    view = RandomSurvey(seed).desk().view()
    for one in view.topic_summaries():
        for sentiment in Sentiment:
            chosen = ResponseFilter(topics=(one.topic_id,), sentiments=(sentiment,))
            assert view.count(chosen) == getattr(one, sentiment.value)
            for verbatim in view.verbatims(chosen, limit=500):
                assert sentiment in {topic.sentiment for topic in verbatim.topics if topic.topic_id == one.topic_id}
    for pair in view.co_occurrence():
        assert view.count(ResponseFilter(topics=(pair.first_id, pair.second_id), match_all=True)) == pair.count
    for reason, count in view.totals().others:
        assert view.count(ResponseFilter(others=(reason,))) == count


@pytest.mark.parametrize("seed", SEEDS)
def test_impact_is_that_of_the_plain_responses(seed: int) -> None:
    survey = RandomSurvey(seed, 400)
    view = survey.desk().view()
    for chosen in filters(survey, 4):
        rows = survey.counted(chosen)
        scores = np.array([np.nan if row.person.nps is None else row.person.nps for row in rows], np.float64)
        has_topic = np.array([[topic.id in row.truth.topics for topic in TOPICS] for row in rows], np.bool_)
        wanted = dict(
            zip(survey.topic_ids, topic_impacts(scores, has_topic.reshape(len(rows), len(TOPICS))), strict=True)
        )
        for one in view.topic_summaries(chosen, "nps"):
            impact, plain = one.impact, wanted[one.topic_id]
            assert (impact is None) == (plain is None)
            if impact is not None and plain is not None:
                assert impact.with_count == plain.with_count
                assert impact.difference.value == pytest.approx(plain.difference.value)
                assert (impact.difference.low, impact.p_value) == pytest.approx((plain.difference.low, plain.p_value))
                assert (impact.adjusted is None) == (plain.adjusted is None)
                if impact.adjusted is not None and plain.adjusted is not None:
                    assert impact.adjusted.value == pytest.approx(plain.adjusted.value, abs=1e-9)
                    assert impact.adjusted.high == pytest.approx(plain.adjusted.high)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("segment", ["region", "devices"])
def test_cross_tabs_are_those_of_a_recount(seed: int, segment: str) -> None:
    survey = RandomSurvey(seed)
    view = survey.desk().view()
    for chosen in filters(survey, 5):
        rows = survey.counted(chosen)
        choices = {
            row.row: set(row.person.devices) if segment == "devices" else {row.person.region} - {""} for row in rows
        }
        tab = view.cross_tab(chosen, segment)
        totals = Counter(value for of_row in choices.values() for value in of_row)
        assert dict(zip(tab.values, tab.totals, strict=True)) == dict(totals)
        answered = [row for row in rows if choices[row.row]]
        p_values = []
        for topic_id, cells in zip(tab.topic_ids, tab.cells, strict=True):
            for value, cell in zip(tab.values, cells, strict=True):
                inside = [row for row in answered if value in choices[row.row]]
                outside = [row for row in answered if value not in choices[row.row]]
                count = sum(topic_id in row.truth.topics for row in inside)
                assert cell.count == count
                assert cell.share == wilson_interval(count, len(inside))
                other = sum(topic_id in row.truth.topics for row in outside)
                p_values.append(compare_proportions(count, len(inside), other, len(outside)).p_value)
        corrected = [cell.corrected_p for row_cells in tab.cells for cell in row_cells]
        assert corrected == pytest.approx(benjamini_hochberg(p_values))


@pytest.mark.parametrize("seed", SEEDS)
def test_pairs_of_topics_are_those_of_a_recount(seed: int) -> None:
    survey = RandomSurvey(seed)
    view = survey.desk().view()
    for chosen in filters(survey, 6):
        rows = survey.counted(chosen)
        counts = Counter(pair for row in rows for pair in combinations(sorted(row.truth.topics), 2))
        single = Counter(topic for row in rows for topic in row.truth.topics)
        found = view.co_occurrence(chosen)
        assert {tuple(sorted((one.first_id, one.second_id))): one.count for one in found if one.count} == dict(counts)
        for one in found:
            assert (one.first_count, one.second_count) == (single[one.first_id], single[one.second_id])
            assert one.lift == pytest.approx(one.count * len(rows) / (one.first_count * one.second_count))


def test_topics_that_always_come_together_are_marked() -> None:
    survey = RandomSurvey(1, 200)
    for text, finding in survey.found.items():
        ids = {topic.topic_id for topic in finding.topics}
        survey.correct(text, dict.fromkeys(ids - {"music"} | ({"music"} if "app" in ids else set())), None)
    desk = survey.desk()
    for text in survey.found:
        desk.correct(text, dict.fromkeys(survey.truths[text].topics))
    pair = next(one for one in desk.view().co_occurrence() if {one.first_id, one.second_id} == {"app", "music"})
    assert pair.difference == "higher"
    assert pair.corrected_p < 0.001


@pytest.mark.parametrize("seed", SEEDS)
def test_verbatims_come_in_the_order_asked_for(seed: int) -> None:
    survey = RandomSurvey(seed)
    view = survey.desk().view()
    rows = survey.fitting(ResponseFilter())

    def listed(order: VerbatimOrder) -> list[int]:
        pages = [view.verbatims(ResponseFilter(), offset, 7, order) for offset in range(0, len(rows), 7)]
        return [one.row for page in pages for one in page]

    assert listed(VerbatimOrder.FILE) == [row.row for row in rows]
    assert listed(VerbatimOrder.LONGEST) == [row.row for row in sorted(rows, key=lambda row: -len(row.person.text))]
    newest = sorted(
        rows, key=lambda row: (row.person.day is None, -(row.person.day.toordinal() if row.person.day else 0))
    )
    assert listed(VerbatimOrder.NEWEST) == [row.row for row in newest]
    unsure = sorted(rows, key=lambda row: (row.truth.sentiment is None, row.truth.confidence))
    assert listed(VerbatimOrder.LEAST_SURE) == [row.row for row in unsure]


def test_a_verbatim_holds_what_its_row_holds() -> None:
    survey = RandomSurvey(5)
    same = Counter(person.text for person in survey.people)
    for one in survey.desk().view().verbatims(limit=500):
        person, finding = survey.people[one.row], survey.found.get(survey.people[one.row].text)
        assert (one.response_id, one.text, one.day) == (f"r{one.row}", person.text, person.day)
        assert dict(one.segments) == {
            name: values for name, values in (("region", (person.region,)), ("devices", person.devices)) if any(values)
        }
        assert dict(one.scores) == ({} if person.nps is None else {"nps": person.nps})
        assert one.same_text_count == same[person.text]
        assert one.sentiment == (finding.sentiment if finding else None)
        assert [topic.topic_id for topic in one.topics] == [
            topic.topic_id for topic in (finding.topics if finding else ())
        ]
        for topic in one.topics:
            assert person.text[topic.start : topic.end] == person.text.split()[0]
