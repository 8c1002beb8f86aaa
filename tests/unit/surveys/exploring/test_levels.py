"""Topics counted as the main topics above them, and filters that name main topics."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from services.errors import InputError
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.levels import with_below
from services.surveys.exploring.run_view import RunView
from services.surveys.exploring.waves import compare_waves
from services.surveys.models import Sentiment, Topic
from tests.survey_fakes import FakeSurveyRepository
from tests.unit.surveys.exploring.explore_desk import ExploreDesk
from tests.unit.surveys.exploring.recount import TOPICS, RandomSurvey, Seen, united

# People: staff > delivery. Drinks: coffee. Place: seats, music. Prices and the app stand alone.
ABOVE = {"staff": "people", "delivery": "staff", "coffee": "drinks", "seats": "place", "music": "place"}
MAIN = {"staff": "people", "delivery": "people", "coffee": "drinks", "seats": "place", "music": "place"}
LEVELS = (
    *(Topic(name.lower(), name) for name in ("People", "Drinks", "Place")),
    *(replace(topic, parent=ABOVE.get(topic.id)) for topic in TOPICS),
)
ALL_PEOPLE, ALL_DRINKS, ALL_PLACE = (with_below(name) for name in ("people", "drinks", "place"))


def desk_of(survey: RandomSurvey, repository: FakeSurveyRepository | None = None, name: str = "one") -> ExploreDesk:
    """The survey with topics on three levels."""
    return ExploreDesk(survey.people, survey.found, LEVELS, name=name, repository=repository)


def main_of(row: Seen) -> dict[str, Sentiment]:
    """What is felt about the main topics of a row, by what a filter calls them."""
    felt: dict[str, Sentiment] = {}
    for topic, sentiment in row.truth.topics.items():
        name = with_below(MAIN[topic]) if topic in MAIN else topic
        felt[name] = united(felt[name], sentiment) if name in felt else sentiment
    return felt


@pytest.fixture
def survey() -> RandomSurvey:
    return RandomSurvey(7, 200)


@pytest.fixture
def view(survey: RandomSurvey) -> RunView:
    return desk_of(survey).view()


def test_a_taxonomy_of_one_level_has_no_main_topics() -> None:
    view = RandomSurvey(0).desk().view()
    assert not view.has_levels
    assert view.main is view
    assert list(view.filter_names) == [topic.id for topic in TOPICS]


def test_main_topics_stand_in_the_order_of_the_taxonomy(view: RunView) -> None:
    assert view.has_levels
    assert [(topic.id, topic.name) for topic in view.main.topics] == [
        (ALL_PEOPLE, "People"),
        (ALL_DRINKS, "Drinks"),
        (ALL_PLACE, "Place"),
        ("prices", "Prices"),
        ("app", "App"),
    ]
    assert view.main.detail is view
    assert view.main.main is view.main


@pytest.mark.parametrize("seed", range(5))
def test_counts_of_main_topics_are_those_of_a_recount(seed: int) -> None:
    survey = RandomSurvey(seed)
    desk = desk_of(survey)
    for text in survey.chance.sample(sorted(text for text in survey.found if text), 8):
        said = {topic: survey.chance.choice([None, *Sentiment]) for topic in survey.chance.sample(survey.topic_ids, 3)}
        survey.correct(text, said, None)
        desk.correct(text, said)
    view = desk.view()
    for chosen in (ResponseFilter(), *(survey.some_filter() for _ in range(8))):
        rows = survey.counted(chosen)
        counts = Counter(pair for row in rows for pair in main_of(row).items())
        for one in view.main.topic_summaries(chosen):
            assert {felt: getattr(one, felt.value) for felt in Sentiment} == {
                felt: counts[one.topic_id, felt] for felt in Sentiment
            }
        assert view.main.totals(chosen).assignments == sum(counts.values())
        assert view.main.totals(chosen).others == view.totals(chosen).others
        tab = view.main.cross_tab(chosen, "region")
        for topic_id, cells in zip(tab.topic_ids, tab.cells, strict=True):
            for value, cell in zip(tab.values, cells, strict=True):
                assert cell.count == sum(topic_id in main_of(row) and row.person.region == value for row in rows)


def test_a_filter_leaves_the_same_responses_on_both_levels(survey: RandomSurvey, view: RunView) -> None:
    for chosen in (survey.some_filter() for _ in range(20)):
        assert view.main.count(chosen) == view.count(chosen) == len(survey.fitting(chosen))


@pytest.mark.parametrize("feelings", [(), (Sentiment.NEGATIVE, Sentiment.MIXED)])
@pytest.mark.parametrize("match_all", [False, True])
def test_a_filter_may_name_topics_of_both_levels(
    survey: RandomSurvey, view: RunView, feelings: tuple[Sentiment, ...], match_all: bool
) -> None:
    chosen = ResponseFilter(topics=(ALL_PEOPLE, "seats"), match_all=match_all, sentiments=feelings)

    def has(felt: Sentiment | None) -> bool:
        return felt is not None and (not feelings or felt in feelings)

    wanted = [
        row.row
        for row in survey.fitting(ResponseFilter())
        if (all if match_all else any)((has(main_of(row).get(ALL_PEOPLE)), has(row.truth.topics.get("seats"))))
    ]
    assert wanted
    assert [one.row for one in view.verbatims(chosen, limit=500)] == wanted
    assert view.main.count(chosen) == len(wanted)


def test_what_is_behind_a_part_of_a_main_topics_bar_are_as_many_responses(view: RunView) -> None:
    for one in view.main.topic_summaries():
        for felt in Sentiment:
            behind = ResponseFilter(having=((one.topic_id, felt),))
            assert view.count(behind) == view.main.count(behind) == getattr(one, felt.value)


def test_a_main_topic_alone_is_offered_only_when_a_response_has_it(survey: RandomSurvey) -> None:
    desk = desk_of(survey)
    assert list(desk.view().filter_names.items())[:4] == [
        (ALL_PEOPLE, "People (all)"),
        (ALL_DRINKS, "Drinks (all)"),
        (ALL_PLACE, "Place (all)"),
        ("prices", "Prices"),
    ]
    text = next(text for text in sorted(survey.found) if text)
    desk.correct(text, {"people": Sentiment.NEGATIVE})
    view = desk.view()
    assert list(view.filter_names)[:2] == [ALL_PEOPLE, "people"]
    assert view.filter_name("drinks") == "Drinks"
    alone = ResponseFilter(topics=("people",))
    assert {one.text for one in view.verbatims(alone, limit=500)} == {text}
    assert view.count(ResponseFilter(topics=(ALL_PEOPLE,))) > view.count(alone)


def test_a_link_to_a_main_topic_lasts_when_it_was_merged_or_lost_what_was_below_it(survey: RandomSurvey) -> None:
    desk = desk_of(survey)
    now = [topic for topic in LEVELS if topic.id not in {"people", "coffee", "drinks"}]
    now = [replace(topic, parent="place") if topic.parent == "people" else topic for topic in now]
    desk.change_topics([*now, Topic("drinks", "Drinks")], {"people": "place", "coffee": "drinks"})
    view = desk.view()
    link = ResponseFilter(topics=(ALL_PEOPLE, ALL_DRINKS, with_below("never-was")), having=((ALL_PEOPLE, None),))
    assert view.known(link) == ResponseFilter(topics=(ALL_PLACE, "drinks"), having=((ALL_PLACE, None),))


def test_waves_are_compared_by_main_topics_with_filters_of_either_level() -> None:
    repository = FakeSurveyRepository()
    surveys = RandomSurvey(1, 250), RandomSurvey(2, 200)
    now, before = (
        desk_of(survey, repository, name).view() for survey, name in zip(surveys, ("now", "before"), strict=True)
    )
    chosen = ResponseFilter(topics=("staff", ALL_DRINKS), having=(("seats", None),))
    found = compare_waves(now.main, before.main, chosen)
    assert (found.now_total, found.before_total) == (now.totals(chosen).answered, before.totals(chosen).answered)
    for one in found.topics:
        counts = [
            next(each.count for each in wave.main.topic_summaries(chosen) if each.topic_id == one.topic_id)
            for wave in (now, before)
        ]
        assert [one.now.count, one.before.count] == counts


def test_a_filter_on_a_topic_that_the_wave_before_lacks_is_refused_however_it_names_it(survey: RandomSurvey) -> None:
    now = desk_of(survey).view()
    before = ExploreDesk(survey.people, survey.found, TOPICS, name="before", taxonomy_id="flat").view()
    assert compare_waves(now, before, ResponseFilter(having=(("staff", None),))).before_total == before.count(
        ResponseFilter(topics=("staff",))
    )
    for chosen in (ResponseFilter(topics=(ALL_PEOPLE,)), ResponseFilter(having=((ALL_PEOPLE, None),))):
        with pytest.raises(InputError, match="no topic “People"):
            compare_waves(now, before, chosen)
