"""What becomes of suggested topics that a person accepts."""

from __future__ import annotations

import pytest

from services.surveys.accepting import AcceptedTopic, accept
from services.surveys.models import Example, Response, Taxonomy, Topic
from services.surveys.suggestions import SuggestedTopic
from services.surveys.taxonomy_edits import start
from tests.unit.surveys.taxonomy.test_taxonomy_edits import TREE, refused


def suggested(name: str, count: int, *keywords: str) -> SuggestedTopic:
    topic = Topic(name.casefold(), name, f"{name} and such", keywords)
    return SuggestedTopic(topic, count, (Response(f"{name}-1", f"{name} it is"), Response(f"{name}-2", "both")))


FEES, COSTS, QUEUE = (
    suggested("Fees", 9, "fee", "charge"),
    suggested("Costs", 20, "cost"),
    suggested("Queue", 5, "line"),
)


def test_suggestions_become_topics_of_a_new_taxonomy() -> None:
    edit = accept(start(Taxonomy(())), [AcceptedTopic((FEES,)), AcceptedTopic((QUEUE,), "Waiting", "How long")])
    assert edit.taxonomy.topics == (
        Topic("fees", "Fees", "Fees and such", ("fee", "charge")),
        Topic("waiting", "Waiting", "How long", ("line",)),
    )
    assert edit.taxonomy.examples == ()


def test_merged_suggestions_are_one_topic_with_the_words_of_all() -> None:
    edit = accept(start(Taxonomy(())), [AcceptedTopic((FEES, COSTS), with_examples=True)])
    topic = edit.taxonomy.topics[0]
    assert (topic.name, topic.keywords) == ("Costs", ("fee", "cost", "charge"))
    assert topic.description == "Fees and such. Costs and such"
    assert [example.text for example in edit.taxonomy.examples] == ["Fees it is", "both", "Costs it is"]
    assert {example.topic_ids for example in edit.taxonomy.examples} == {("costs",)}


def test_topic_of_the_taxonomy_can_take_a_suggestion_in() -> None:
    edit = accept(start(TREE), [AcceptedTopic((FEES,), into_id="price"), AcceptedTopic((COSTS,), "PRICE")])
    assert edit.topic("price").name == "Price"
    assert edit.topic("price").keywords == ("fee", "charge", "cost")
    assert len(edit.taxonomy.topics) == len(TREE.topics)


def test_two_suggestions_under_one_name_are_one_topic() -> None:
    edit = accept(start(TREE), [AcceptedTopic((FEES,), "Money"), AcceptedTopic((COSTS,), "money")])
    assert edit.topic("money").keywords == ("fee", "charge", "cost")


def test_accepted_topics_may_lie_below_another_one() -> None:
    edit = accept(start(TREE), [AcceptedTopic((QUEUE,), parent="app")])
    assert edit.topic("queue").parent == "app"
    with refused("unknown-topic"):
        accept(start(TREE), [AcceptedTopic((QUEUE,), parent="nowhere")])


def test_response_that_shows_two_topics_is_an_example_of_both() -> None:
    accepted = [AcceptedTopic((FEES,), with_examples=True), AcceptedTopic((QUEUE,), with_examples=True)]
    edit = accept(start(Taxonomy(())), accepted)
    assert Example("both", ("fees", "queue")) in edit.taxonomy.examples


def test_accepting_nothing_is_said() -> None:
    for accepted in ([], [AcceptedTopic(())]):
        with refused("nothing-accepted"):
            accept(start(TREE), accepted)


@pytest.mark.parametrize("name", ["x" * 201])
def test_name_that_does_not_fit_is_refused(name: str) -> None:
    with refused("bad-topic"):
        accept(start(TREE), [AcceptedTopic((FEES,), name)])
