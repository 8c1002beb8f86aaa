"""What edits do to topics, to what lies below them, and to examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InputError
from services.surveys.models import Example, Sentiment, Taxonomy, Topic
from services.surveys.taxonomy_checks import MOST_LEVELS, check_links, check_storable, check_taxonomy
from services.surveys.taxonomy_edits import (
    TaxonomyEdit,
    add,
    add_examples,
    describe,
    merge,
    remove,
    remove_examples,
    rename,
    reparent,
    replaced_by,
    set_keywords,
    split,
    start,
)

TREE = Taxonomy(
    (
        Topic("app", "App", "The app", ("phone",)),
        Topic("crash", "Crashes", "It crashes", ("freeze",), "app"),
        Topic("slow", "Slow", "", (), "app"),
        Topic("login", "Sign-in", "Passwords", ("password", "Freeze"), "crash"),
        Topic("price", "Price", "Cost"),
    ),
    (
        Example("It froze and cost too much", ("crash", "price"), Sentiment.NEGATIVE),
        Example("Froze", ("crash",)),
        Example("my dog", ()),
    ),
)


def ids(edit: TaxonomyEdit) -> list[str]:
    return [topic.id for topic in edit.taxonomy.topics]


def parents(edit: TaxonomyEdit) -> dict[str, str | None]:
    return {topic.id: topic.parent for topic in edit.taxonomy.topics}


def refused(code: str) -> pytest.RaisesExc[InputError]:
    return pytest.RaisesExc(InputError, check=lambda error: error.code == code and bool(error.remedy))


def test_renamed_topic_keeps_its_id_and_its_examples() -> None:
    edit = rename(start(TREE), "crash", "  Crashes \n and\tfreezes ")
    assert edit.topic("crash").name == "Crashes and freezes"
    assert edit.taxonomy.examples == TREE.examples
    assert edit.moved == {}
    assert TREE.topics[1].name == "Crashes"


def test_name_of_another_topic_is_refused_however_it_is_written() -> None:
    with refused("topic-twice"):
        rename(start(TREE), "crash", "PRICE ")
    with refused("topic-twice"):
        rename(start(TREE), "crash", "\uff30\uff52\uff49\uff43\uff45")  # wide letters


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 201])
def test_name_that_nobody_can_read_is_refused(name: str) -> None:
    with refused("bad-topic"):
        rename(start(TREE), "crash", name)


@pytest.mark.parametrize("name", ["x" * 200, "Größe & “Preis” | <b>", "=SUM(A1)", "🙂", "價格", "- item: 3", "null"])
def test_odd_and_long_names_are_fine(name: str) -> None:
    edit = add(start(TREE), Topic("", name))
    assert edit.taxonomy.topics[-1].name == name
    check_storable(edit.taxonomy)


def test_merged_topics_leave_their_words_and_examples_with_the_one_that_takes_them_in() -> None:
    edit = merge(start(TREE), ["crash", "slow"], "slow")
    slow = edit.topic("slow")
    assert slow.keywords == ("Crashes", "freeze")
    assert slow.description == "It crashes"
    assert edit.moved == {"crash": "slow"}
    assert edit.taxonomy.examples == (
        Example("It froze and cost too much", ("slow", "price"), Sentiment.NEGATIVE),
        Example("Froze", ("slow",)),
        Example("my dog", ()),
    )


def test_topics_below_a_merged_one_come_to_lie_below_the_one_that_took_it_in() -> None:
    assert parents(merge(start(TREE), ["crash"], "price"))["login"] == "price"


def test_topic_that_takes_in_the_one_above_it_makes_no_cycle() -> None:
    edit = merge(start(TREE), ["app"], "login")
    assert parents(edit) == {"crash": None, "slow": "login", "login": "crash", "price": None}
    edit = merge(start(TREE), ["app", "crash"], "login")
    assert parents(edit) == {"slow": "login", "login": None, "price": None}


def test_merges_one_after_the_other_lead_to_the_last_topic() -> None:
    edit = merge(merge(start(TREE), ["crash"], "slow"), ["slow"], "price")
    assert edit.moved == {"crash": "price", "slow": "price"}
    assert edit.taxonomy.examples[0].topic_ids == ("price",)


def test_topic_that_was_added_and_merged_at_once_is_not_told_as_moved() -> None:
    edit = merge(add(start(TREE), Topic("new", "New")), ["new"], "price")
    assert edit.moved == {}
    edit = merge(add(start(TREE), Topic("new", "New")), ["price"], "new")
    assert edit.moved == {"price": "new"}


def test_one_topic_alone_cannot_be_merged() -> None:
    with refused("nothing-to-merge"):
        merge(start(TREE), ["price"], "price")


def test_removed_topic_takes_only_its_own_examples_along() -> None:
    edit = remove(start(TREE), "crash")
    assert edit.moved == {"crash": None}
    assert edit.taxonomy.examples == (
        Example("It froze and cost too much", ("price",), Sentiment.NEGATIVE),
        Example("my dog", ()),
    )
    assert parents(edit)["login"] == "app"


def test_what_was_merged_into_a_removed_topic_is_removed_too() -> None:
    edit = remove(merge(start(TREE), ["crash"], "slow"), ["slow", "price"])
    assert edit.moved == {"crash": None, "slow": None, "price": None}


def test_removed_topic_that_is_added_again_under_its_id_is_back() -> None:
    edit = add(remove(start(TREE), "price"), Topic("price", "Cost"))
    assert edit.moved == {}


def test_new_topic_gets_an_id_that_no_topic_has_or_had() -> None:
    edit = add(remove(start(TREE), "price"), Topic("", "Price!"))
    assert ids(edit)[-1] == "price-2"
    assert ids(add(edit, Topic("", "!?")))[-1] == "topic"


def test_split_topic_stays_above_its_parts_with_its_examples() -> None:
    edit = split(start(TREE), "crash", [Topic("", "On start"), Topic("", "While paying")])
    assert ids(edit) == ["app", "crash", "on-start", "while-paying", "slow", "login", "price"]
    assert parents(edit)["on-start"] == "crash"
    assert edit.moved == {}
    assert edit.taxonomy.examples == TREE.examples


def test_split_topic_that_is_not_kept_is_removed() -> None:
    edit = split(start(TREE), "crash", [Topic("", "On start"), Topic("", "While paying")], keep_above=False)
    assert ids(edit) == ["app", "on-start", "while-paying", "slow", "login", "price"]
    assert edit.moved == {"crash": None}
    assert parents(edit)["on-start"] == "app"


def test_part_with_the_id_of_the_split_topic_is_what_remains_of_it() -> None:
    edit = split(start(TREE), "crash", [Topic("crash", "Crashes on start"), Topic("", "Freezes")], keep_above=False)
    assert edit.topic("crash").name == "Crashes on start"
    assert edit.moved == {}
    assert parents(edit)["freezes"] == "app"


def test_topic_is_not_split_into_one() -> None:
    with refused("nothing-to-split"):
        split(start(TREE), "crash", [Topic("", "Freezes")])


def test_topic_cannot_lie_below_itself() -> None:
    with refused("parent-cycle"):
        reparent(start(TREE), "app", "login")
    with refused("parent-cycle"):
        reparent(start(TREE), "app", "app")


def test_tree_does_not_grow_deeper_than_people_can_follow() -> None:
    edit = start(Taxonomy((Topic("0", "Level 0"),)))
    for level in range(1, MOST_LEVELS):
        edit = add(edit, Topic(str(level), f"Level {level}", parent=str(level - 1)))
    with refused("too-deep"):
        add(edit, Topic("deep", "Too deep", parent=str(MOST_LEVELS - 1)))


def test_several_topics_move_at_once() -> None:
    assert parents(reparent(start(TREE), ["slow", "price"], "crash")) | {"app": None} == {
        "app": None,
        "crash": "app",
        "slow": "crash",
        "login": "crash",
        "price": "crash",
    }


def test_keywords_of_one_text_are_parted_by_commas_and_come_once() -> None:
    edit = set_keywords(start(TREE), "price", " cost,, Cost , how   much ")
    assert edit.topic("price").keywords == ("cost", "how much")
    assert describe(edit, "price", "What\nit costs").topic("price").description == "What it costs"


def test_what_is_said_last_about_the_same_text_counts() -> None:
    edit = add_examples(start(TREE), [Example(" Froze\r\n", ("slow", "slow"), Sentiment.MIXED)])
    assert edit.taxonomy.examples[-1] == Example("Froze", ("slow",), Sentiment.MIXED)
    assert len(edit.taxonomy.examples) == 3
    assert remove_examples(edit, ["Froze"]).taxonomy.examples == (TREE.examples[0], TREE.examples[2])


def test_example_of_a_topic_that_is_not_there_or_without_text_is_refused() -> None:
    with refused("unknown-topic"):
        add_examples(start(TREE), [Example("x", ("nowhere",))])
    with refused("empty-example"):
        add_examples(start(TREE), [Example(" \n", ("app",))])


@pytest.mark.parametrize("change", [rename, describe, set_keywords])
def test_topic_that_is_not_there_cannot_be_changed(change: object) -> None:
    with refused("unknown-topic"):
        change(start(TREE), "nowhere", "x")  # type: ignore[operator]


def test_other_taxonomy_takes_over_the_ids_of_topics_with_the_same_names() -> None:
    other = Taxonomy(
        (Topic("preise", "price", "What it costs"), Topic("new", "New", parent="preise")),
        (Example("cheap", ("preise",)),),
    )
    edit = replaced_by(start(TREE), other)
    assert [(topic.id, topic.parent) for topic in edit.taxonomy.topics] == [("price", None), ("new", "price")]
    assert edit.taxonomy.examples == (Example("cheap", ("price",)),)
    assert edit.moved == dict.fromkeys(["app", "crash", "slow", "login"])


def test_going_back_to_the_base_leaves_nothing_changed() -> None:
    edit = merge(remove(start(TREE), "price"), ["crash"], "slow")
    back = replaced_by(edit, TREE)
    assert not back.is_changed
    assert back.moved == {}


def test_200_topics_can_be_kept_and_edited() -> None:
    edit = start(Taxonomy(tuple(Topic(f"t{number}", f"Topic {number}") for number in range(200))))
    check_storable(edit.taxonomy)
    edit = merge(edit, [f"t{number}" for number in range(100)], "t0")
    assert len(edit.taxonomy.topics) == 101
    assert len(edit.moved) == 99


def test_cycle_of_parents_is_found_wherever_one_comes_from() -> None:
    cycle = Taxonomy((Topic("x", "X", parent="a"), Topic("a", "A", parent="b"), Topic("b", "B", parent="a")))
    with refused("parent-cycle"):
        check_taxonomy(cycle)


@pytest.mark.parametrize("topic_id", ["a|b", " a", "", "x" * 101, "a\nb"])
def test_id_that_other_files_cannot_hold_is_refused(topic_id: str) -> None:
    with refused("bad-topic"):
        check_storable(Taxonomy((Topic(topic_id, "Name"),)))


@st.composite
def edited(draw: st.DrawFn) -> TaxonomyEdit:
    """A tree after some random changes that were possible."""
    edit = start(TREE)
    for number in range(draw(st.integers(1, 8))):
        known = [topic.id for topic in edit.taxonomy.topics]
        if not known:
            break
        one, other = draw(st.sampled_from(known)), draw(st.sampled_from(known))
        try:
            match draw(st.integers(0, 4)):
                case 0:
                    edit = merge(edit, [one], other)
                case 1:
                    edit = remove(edit, one)
                case 2:
                    edit = reparent(edit, one, other)
                case 3:
                    edit = add(edit, Topic("", f"New {number}", parent=one))
                case _:
                    edit = split(edit, one, [Topic("", f"{number} a"), Topic("", f"{number} b")], keep_above=False)
        except InputError:
            continue
    return edit


@given(edited())
def test_whatever_is_changed_topics_examples_and_what_became_of_topics_fit_together(edit: TaxonomyEdit) -> None:
    check_links(edit.taxonomy)
    now = set(ids(edit))
    assert {topic.id for topic in TREE.topics} - now == set(edit.moved)
    assert {into for into in edit.moved.values() if into is not None} <= now
    assert all(example.topic_ids or example.text == "my dog" for example in edit.taxonomy.examples)
