"""What people corrected, and topics that were merged, removed or rolled up."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from services.surveys.exploring.assignments import unite
from services.surveys.exploring.filters import ResponseFilter
from services.surveys.exploring.levels import with_below
from services.surveys.exploring.run_view import RunView
from services.surveys.findings import SENTIMENT_CODES
from services.surveys.models import OtherReason, ResponseFinding, Sentiment, Topic, TopicFinding
from services.surveys.review_reasons import ReviewReason
from tests.unit.surveys.exploring.explore_desk import ExploreDesk, Person
from tests.unit.surveys.exploring.recount import TOPICS, RandomSurvey, topic_sentiments, united

PRICES, STAFF, APP = (Topic(name, name.capitalize()) for name in ("prices", "staff", "app"))


def finding(
    topics: Mapping[str, tuple[Sentiment, float]],
    sentiment: Sentiment = Sentiment.POSITIVE,
    other: OtherReason | None = None,
) -> ResponseFinding:
    """The surest topic first, each with the first three characters as its evidence."""
    found = tuple(TopicFinding(topic_id, felt, sure, 0, 3) for topic_id, (felt, sure) in topics.items())
    return ResponseFinding("", found, sentiment, 0.6, other, ("weak-topic",))


def seen(view: RunView, text: str) -> dict[str, Sentiment]:
    """Topics of a text with what is felt about them."""
    found = next(one for one in view.verbatims(limit=500) if one.text == text)
    return {topic.topic_id: topic.sentiment for topic in found.topics}


def same_counts(view: RunView, survey: RandomSurvey) -> None:
    """Whether topics, sentiments, Others and totals are those of a recount."""
    for chosen in (ResponseFilter(), *(survey.some_filter() for _ in range(8))):
        rows = survey.counted(chosen)
        counts = topic_sentiments(rows)
        for one in view.topic_summaries(chosen):
            assert {felt: getattr(one, felt.value) for felt in Sentiment} == {
                felt: counts[one.topic_id, felt] for felt in Sentiment
            }
        totals = view.totals(chosen)
        assert totals.answered == len(rows)
        assert totals.corrected == sum(row.truth.corrected for row in rows)
        assert {reason: count for reason, count in totals.others if count} == {
            reason: count
            for reason in OtherReason
            if (count := sum(row.truth.other is reason for row in rows)) and reason is not OtherReason.EMPTY
        }
        assert view.count(chosen) == len(survey.fitting(chosen))


@pytest.mark.parametrize("seed", range(6))
def test_counts_after_corrections_are_those_of_a_recount(seed: int) -> None:
    survey = RandomSurvey(seed)
    desk = survey.desk()
    chance = survey.chance
    texts = sorted({person.text for person in survey.people if person.text})
    for text in chance.sample(texts, 12):
        topics = {
            topic: chance.choice([None, *Sentiment]) for topic in chance.sample(survey.topic_ids, chance.randrange(4))
        }
        sentiment = chance.choice([None, *Sentiment])
        survey.correct(text, topics, sentiment)
        desk.correct(text, topics, sentiment)
    assert any(text not in survey.found for text in texts)
    same_counts(desk.view(), survey)


@pytest.mark.parametrize("seed", range(6))
def test_counts_after_merges_and_removals_are_those_of_a_recount(seed: int) -> None:
    survey = RandomSurvey(seed)
    desk = survey.desk()
    corrected = [text for text in sorted(survey.found) if text][:6]
    for text in corrected:
        said = dict.fromkeys(survey.chance.sample(survey.topic_ids, 3), Sentiment.NEGATIVE)
        survey.correct(text, said, None)
        desk.correct(text, said)
    survey.merge({"music"}, {"seats": "staff", "delivery": "staff"})
    kept = [topic for topic in TOPICS if topic.id not in {"music", "seats", "delivery"}]
    moved = {"music": None, "seats": "delivery"}
    desk.change_topics([*kept, TOPICS[6]], moved)
    desk.change_topics(kept, {"delivery": "staff"})
    same_counts(desk.view(), survey)


def test_a_removed_topic_leaves_its_responses_as_other() -> None:
    desk = ExploreDesk(
        [Person("Too dear"), Person("asdf")],
        {
            "Too dear": finding({"prices": (Sentiment.NEGATIVE, 0.9)}),
            "asdf": finding({}, other=OtherReason.JUNK),
        },
        [PRICES, STAFF],
    )
    desk.change_topics([STAFF], {"prices": None})
    first, second = desk.view().verbatims()
    assert (first.topics, first.other_reason) == ((), OtherReason.NOTHING_FITS)
    assert second.other_reason is OtherReason.JUNK
    assert [topic.id for topic in desk.view().topics] == ["staff"]


def test_merged_topics_with_opposite_feelings_make_a_mixed_one() -> None:
    desk = ExploreDesk(
        [Person("Nice people but dear")],
        {"Nice people but dear": finding({"staff": (Sentiment.POSITIVE, 0.9), "prices": (Sentiment.NEGATIVE, 0.7)})},
        [PRICES, STAFF],
    )
    desk.change_topics([STAFF], {"prices": "staff"})
    (verbatim,) = desk.view().verbatims()
    (topic,) = verbatim.topics
    assert topic.sentiment is Sentiment.MIXED
    assert topic.confidence == pytest.approx(0.9)


@pytest.mark.parametrize("one", Sentiment)
@pytest.mark.parametrize("other", Sentiment)
def test_the_stronger_feeling_stays_when_topics_unite(one: Sentiment, other: Sentiment) -> None:
    assert unite(SENTIMENT_CODES[one], SENTIMENT_CODES[other]) == SENTIMENT_CODES[united(one, other)]
    assert unite(SENTIMENT_CODES[one], 0) == SENTIMENT_CODES[one]


def test_a_link_to_a_merged_topic_shows_the_one_that_took_it_in() -> None:
    survey = RandomSurvey(2)
    desk = survey.desk()
    kept = [topic for topic in TOPICS if topic.id not in {"music", "seats"}]
    desk.change_topics(kept, {"music": None, "seats": "staff"})
    view = desk.view()
    link = ResponseFilter(topics=("seats", "music", "never-was"), segments=(("no such column", ("x",)),))
    assert view.known(link) == ResponseFilter(topics=("staff",))
    assert view.count(link) == view.count(ResponseFilter(topics=("staff",)))


def test_a_correction_takes_the_place_of_everything_that_was_found() -> None:
    desk = ExploreDesk(
        [Person("Too dear"), Person("Too dear"), Person("Fine")],
        {
            "Too dear": finding({"prices": (Sentiment.POSITIVE, 0.9), "app": (Sentiment.NEGATIVE, 0.3)}),
            "Fine": finding({"staff": (Sentiment.POSITIVE, 0.8)}),
        },
        [PRICES, STAFF, APP],
    )
    desk.correct("Too dear", {"prices": None, "staff": Sentiment.NEUTRAL}, Sentiment.NEGATIVE)
    first, second, third = desk.view().verbatims()
    assert {topic.topic_id: topic.sentiment for topic in first.topics} == {
        "prices": Sentiment.POSITIVE,
        "staff": Sentiment.NEUTRAL,
    }
    # What was found before keeps its evidence; what a person added has none.
    assert {topic.topic_id: (topic.start, topic.end) for topic in first.topics} == {"prices": (0, 3), "staff": (0, 0)}
    assert (first.sentiment, first.corrected, first.confidence, first.review) == (Sentiment.NEGATIVE, True, 1.0, ())
    assert second.topics == first.topics  # the same text
    assert (third.corrected, third.review) == (False, (ReviewReason.WEAK_TOPIC,))


def test_a_topic_without_a_feeling_of_its_own_has_that_of_the_response() -> None:
    desk = ExploreDesk([Person("Dear"), Person("Late")], {"Dear": finding({}, Sentiment.MIXED)}, [PRICES, APP])
    desk.correct("Dear", {"prices": None})
    desk.correct("Late", {"app": None})
    assert seen(desk.view(), "Dear") == {"prices": Sentiment.MIXED}
    # The run had nothing to say of this one.
    assert seen(desk.view(), "Late") == {"app": Sentiment.NEUTRAL}
    assert desk.view().totals().not_analyzed == 0


def test_a_response_that_a_person_left_without_topics_is_other() -> None:
    desk = ExploreDesk([Person("Dear")], {"Dear": finding({"prices": (Sentiment.NEGATIVE, 0.9)})}, [PRICES])
    desk.correct("Dear", {})
    (verbatim,) = desk.view().verbatims(ResponseFilter(only_other=True))
    assert (verbatim.other_reason, verbatim.corrected) == (OtherReason.NOTHING_FITS, True)


def test_a_correction_of_a_text_that_the_survey_lacks_changes_nothing() -> None:
    desk = ExploreDesk([Person("Dear")], {"Dear": finding({"prices": (Sentiment.NEGATIVE, 0.9)})}, [PRICES])
    desk.correct("Cheap", {})
    assert desk.view().totals().corrected == 0
    assert seen(desk.view(), "Dear") == {"prices": Sentiment.NEGATIVE}


def test_topics_below_others_count_as_the_one_at_the_top_when_asked() -> None:
    people = Topic("people", "People")
    below = (Topic("staff", "Staff", parent="people"), Topic("manager", "Manager", parent="staff"))
    found = {
        "staff": (Sentiment.POSITIVE, 0.9),
        "manager": (Sentiment.NEGATIVE, 0.5),
        "prices": (Sentiment.NEUTRAL, 0.4),
    }
    desk = ExploreDesk([Person("Nice but")], {"Nice but": finding(found)}, [people, *below, PRICES])
    assert seen(desk.view(), "Nice but").keys() == found.keys()
    rolled = desk.view().main
    all_people = with_below("people")
    assert [topic.id for topic in rolled.topics] == [all_people, "prices"]
    assert seen(rolled, "Nice but") == {all_people: Sentiment.MIXED, "prices": Sentiment.NEUTRAL}
    assert rolled.count(ResponseFilter(topics=("manager",))) == 1
