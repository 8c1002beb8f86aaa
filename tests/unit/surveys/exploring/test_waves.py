"""Two waves side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.errors import InputError
from services.surveys.chosen_columns import SurveyColumns
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.waves import compare_waves
from services.surveys.models import Sentiment, Topic
from services.surveys.statistics import benjamini_hochberg, compare_proportions
from tests.survey_fakes import FakeSurveyRepository
from tests.unit.surveys.exploring.explore_desk import QUESTION, ExploreDesk
from tests.unit.surveys.exploring.recount import TOPICS, RandomSurvey, Seen

WAVES = RandomSurvey(1, 300), RandomSurvey(2, 200)


def net(rows: list[Seen], topic: str) -> float | None:
    """Positive less negative among responses with a topic."""
    felt = [row.truth.topics[topic] for row in rows if topic in row.truth.topics]
    return (felt.count(Sentiment.POSITIVE) - felt.count(Sentiment.NEGATIVE)) / len(felt) if felt else None


def desks() -> tuple[ExploreDesk, ExploreDesk]:
    """Both waves with one taxonomy."""
    repository = FakeSurveyRepository()
    now, before = (
        ExploreDesk(survey.people, survey.found, TOPICS, name=name, repository=repository)
        for survey, name in zip(WAVES, ("now", "before"), strict=True)
    )
    return now, before


@pytest.mark.parametrize("chosen", [ResponseFilter(), ResponseFilter(segments=(("region", ("North",)),))])
def test_shares_and_their_differences_are_those_of_a_recount(chosen: ResponseFilter) -> None:
    now, before = desks()
    found = compare_waves(now.view(), before.view(), chosen)
    rows, earlier = (survey.counted(chosen) for survey in WAVES)
    assert (found.now_total, found.before_total) == (len(rows), len(earlier))
    assert len(found.topics) == len(TOPICS)
    p_values = {}
    for one in found.topics:
        count, count_before = (sum(one.topic_id in row.truth.topics for row in of) for of in (rows, earlier))
        comparison = compare_proportions(count, len(rows), count_before, len(earlier))
        assert (one.now.count, one.before.count) == (count, count_before)
        assert one.difference == comparison.difference
        assert one.now.net_sentiment == pytest.approx(net(rows, one.topic_id))
        p_values[one.topic_id] = comparison.p_value
        now_net, before_net = net(rows, one.topic_id), net(earlier, one.topic_id)
        if one.net_change is not None and now_net is not None and before_net is not None:
            assert one.net_change.value == pytest.approx(now_net - before_net)
            assert one.net_change.low < one.net_change.value < one.net_change.high
    corrected = dict(zip(p_values, benjamini_hochberg(list(p_values.values())), strict=True))
    assert {one.topic_id: one.corrected_p for one in found.topics} == pytest.approx(corrected)
    assert [one.now.count for one in found.topics] == sorted((one.now.count for one in found.topics), reverse=True)


def test_a_topic_that_came_up_is_marked_and_the_others_are_not() -> None:
    now, before = desks()
    for number, text in enumerate(sorted(text for text in WAVES[0].found if text)):
        kept = {topic.topic_id: topic.sentiment for topic in WAVES[0].found[text].topics if topic.topic_id != "music"}
        now.correct(text, kept | ({"music": Sentiment.NEGATIVE} if number % 5 else {}))
    found = {one.topic_id: one for one in compare_waves(now.view(), before.view()).topics}
    assert found["music"].change == "higher"
    assert found["music"].difference.low > 0.2
    assert found["music"].net_change is not None
    assert found["music"].net_change.high < 0


def test_the_same_wave_twice_differs_in_nothing() -> None:
    now, _ = desks()
    found = compare_waves(now.view(), now.view())
    assert {one.change for one in found.topics} == {""}
    assert found.overall is not None
    assert found.overall.value == 0
    assert found.same_backend


def test_days_of_the_filter_are_those_of_the_wave_now() -> None:
    now, before = desks()
    chosen = ResponseFilter(first_day=date(2026, 2, 1))
    found = compare_waves(now.view(), before.view(), chosen)
    assert found.now_total == len(WAVES[0].counted(chosen))
    assert found.before_total == len(WAVES[1].counted(ResponseFilter()))


def test_scores_of_both_waves_are_compared() -> None:
    now, before = desks()
    (score,) = compare_waves(now.view(), before.view()).scores
    values = [row.person.nps for row in WAVES[0].counted(ResponseFilter()) if row.person.nps is not None]
    assert score.name == "nps"
    assert score.now is not None
    assert score.now.value == pytest.approx(sum(values) / len(values))


def test_topics_of_different_taxonomies_go_by_their_names() -> None:
    now = WAVES[0].desk()
    others = [replace(topic, id=f"x-{topic.id}", name=topic.name.upper()) for topic in TOPICS[:3]]
    found = {
        text: replace(
            finding,
            topics=tuple(
                replace(topic, topic_id=f"x-{topic.topic_id}")
                for topic in finding.topics
                if topic.topic_id in {one.id for one in TOPICS[:3]}
            ),
        )
        for text, finding in WAVES[1].found.items()
    }
    before = ExploreDesk(WAVES[1].people, found, [*others, Topic("new", "New")], name="before", taxonomy_id="other")
    compared = compare_waves(now.view(), before.view(), ResponseFilter(topics=("staff",)))
    assert {one.topic_id for one in compared.topics} == {topic.id for topic in TOPICS[:3]}
    assert set(compared.only_now) == {topic.name for topic in TOPICS[3:]}
    assert compared.only_before == ("New",)
    staff = next(one for one in compared.topics if one.topic_id == "staff")
    assert staff.before.count == staff.before.total > 0


def test_waves_that_cannot_be_compared_say_why() -> None:
    now, _ = desks()
    plain = SurveyColumns(texts=(QUESTION,), id="id")
    before = ExploreDesk(WAVES[1].people, WAVES[1].found, TOPICS, columns=plain)
    with pytest.raises(InputError) as caught:
        compare_waves(now.view(), before.view(), ResponseFilter(segments=(("region", ("North",)),)))
    assert caught.value.code == "waves-differ"
    strange = ExploreDesk(WAVES[1].people, {}, [Topic("weather", "Weather")], taxonomy_id="weather")
    with pytest.raises(InputError, match="no topic in common"):
        compare_waves(now.view(), strange.view())
