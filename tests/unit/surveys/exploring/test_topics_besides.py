"""Topics that a response must have besides what the filter says, as a click on a mark of a chart asks for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.surveys.exploring.filters import ResponseFilter
from services.surveys.label_models import key_of_text
from services.surveys.models import Sentiment
from tests.unit.surveys.exploring.recount import RandomSurvey


@pytest.mark.parametrize("seed", range(4))
def test_topics_besides_narrow_what_any_filter_left(seed: int) -> None:
    survey = RandomSurvey(seed)
    view = survey.desk().view()
    found = 0
    for _ in range(80):
        chosen = survey.some_filter()
        having = tuple(
            (topic, survey.chance.choice([None, *Sentiment]))
            for topic in survey.chance.sample(survey.topic_ids, survey.chance.randint(1, 2))
        )
        wanted = [
            row.row
            for row in survey.fitting(chosen)
            if all(topic in row.truth.topics and felt in {None, row.truth.topics[topic]} for topic, felt in having)
        ]
        found += bool(wanted)
        assert [one.row for one in view.verbatims(replace(chosen, having=having), limit=1_000)] == wanted, chosen
    assert found > 3  # a condition that nothing fits shows little


def test_every_bar_of_topics_leads_to_as_many_responses_as_it_counts() -> None:
    survey = RandomSurvey(1)
    view = survey.desk().view()
    chosen = ResponseFilter(topics=("coffee", "staff"), sentiments=(Sentiment.NEGATIVE, Sentiment.MIXED))
    summaries = [one for one in view.topic_summaries(chosen) if one.count]
    assert len(summaries) > 3
    for one in summaries:
        for sentiment in Sentiment:
            assert view.count(replace(chosen, having=((one.topic_id, sentiment),))) == getattr(one, sentiment.value)


def test_responses_with_any_topic_are_those_that_the_totals_count() -> None:
    view = RandomSurvey(2).desk().view()
    assert view.count(ResponseFilter(with_topic=True)) == view.totals().with_topic > 0


def test_topics_besides_that_were_merged_or_removed_follow_the_taxonomy() -> None:
    survey = RandomSurvey(3)
    desk = survey.desk()
    kept = [topic for topic in desk.view().topics if topic.id not in {"music", "seats"}]
    desk.change_topics(kept, {"music": None, "seats": "staff"})
    known = desk.view().known(ResponseFilter(having=(("music", None), ("seats", Sentiment.POSITIVE))))
    assert known.having == (("staff", Sentiment.POSITIVE),)


@pytest.mark.parametrize("topic", ["coffee", "a~b", "a~negative-ish", "~"])
@pytest.mark.parametrize("felt", [None, Sentiment.NEGATIVE])
def test_a_link_keeps_topics_besides_with_what_is_felt_about_them(topic: str, felt: Sentiment | None) -> None:
    chosen = ResponseFilter(having=((topic, felt),), with_topic=True, only_other=True)
    assert ResponseFilter.from_params(chosen.to_params("f."), "f.") == chosen


def test_texts_are_found_by_their_keys_in_the_order_asked_for() -> None:
    survey = RandomSurvey(0)
    view = survey.desk().view()
    texts = sorted({person.text for person in survey.people if person.text.strip()})[:5]
    wanted = [key_of_text(text) for text in reversed(texts)]
    found = view.of_texts(["not-a-key", *wanted])
    assert [one.text for one in found] == texts[::-1]
    assert view.of_texts([]) == ()
