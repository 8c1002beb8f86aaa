"""Topics that responses suggest."""

from __future__ import annotations

import pytest

from services.backends.local.surveys.suggester import LocalTopicSuggester
from services.errors import InputError
from services.surveys.models import Response
from tests.fakes import FakeEmbedder
from tests.unit.surveys.analysis.test_topic_models import WORDS, sentence

RESPONSES = [
    Response(f"{topic_id}-{number}", sentence(topic_id, number)) for topic_id in WORDS for number in range(7)
] + [Response(f"junk-{number}", "n/a") for number in range(20)]


def test_groups_hold_what_belongs_together_and_are_named_by_its_words() -> None:
    suggestions = LocalTopicSuggester(FakeEmbedder()).suggest(RESPONSES, 3)
    assert 2 <= len(suggestions) <= 4
    for one in suggestions:
        assert one.representative
        named = set(one.topic.keywords)
        assert any(named & set(words) for words in WORDS.values())


def test_ids_and_names_are_unique_and_the_largest_group_comes_first() -> None:
    suggestions = LocalTopicSuggester(FakeEmbedder()).suggest(RESPONSES)
    assert (
        len({one.topic.id for one in suggestions}) == len({one.topic.name for one in suggestions}) == len(suggestions)
    )
    sizes = [one.response_count for one in suggestions]
    assert sizes == sorted(sizes, reverse=True)


def test_same_responses_give_the_same_topics() -> None:
    first, second = (LocalTopicSuggester(FakeEmbedder()).suggest(RESPONSES, 3) for _ in range(2))
    assert first == second


def test_repeated_responses_count_as_often_as_they_came() -> None:
    repeated = [*RESPONSES, *(Response(f"again-{number}", sentence("wait", 0)) for number in range(30))]
    first = LocalTopicSuggester(FakeEmbedder()).suggest(repeated, 3)[0]
    assert first.response_count >= 31


def test_junk_is_no_topic() -> None:
    suggestions = LocalTopicSuggester(FakeEmbedder()).suggest(RESPONSES, 3)
    assert all(response.text != "n/a" for one in suggestions for response in one.representative)


def test_too_little_to_group_is_said() -> None:
    with pytest.raises(InputError) as caught:
        LocalTopicSuggester(FakeEmbedder()).suggest([Response("1", "cold coffee"), Response("2", "n/a")])
    assert caught.value.code == "too-few-responses"
