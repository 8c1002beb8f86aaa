"""Unsaved changes of a taxonomy: made, taken back, typed, and put onto a newer version."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from components.frame import Viewer
from components.taxonomy_drafts import (
    MOST_UNDOS,
    DraftShelf,
    TopicEvidence,
    draft_of_version,
    new_draft,
    suggested_draft,
)
from components.taxonomy_rebase import put_onto
from components.taxonomy_start import free_name
from components.taxonomy_table import changed_rows
from services.access.models import Account, Role, Tenant
from services.surveys.models import Example, Response, Taxonomy, Topic
from services.surveys.suggestions import SuggestedTopic
from services.surveys.taxonomy_edits import (
    TaxonomyEdit,
    add,
    add_examples,
    describe,
    merge,
    remove,
    rename,
    reparent,
    set_keywords,
    split,
    start,
)
from services.surveys.taxonomy_models import TaxonomyVersion
from services.surveys.taxonomy_rows import TopicRow, rows_of, with_rows

WAIT, PRICE, STAFF, APP = (
    Topic("wait", "Waiting", keywords=("queue",)),
    Topic("price", "Prices"),
    Topic("staff", "Staff"),
    Topic("app", "App"),
)
BASE = Taxonomy((WAIT, PRICE, STAFF, APP), (Example("Waited an hour", ("wait",)),))


def version(taxonomy: Taxonomy = BASE, number: int = 1) -> TaxonomyVersion:
    return TaxonomyVersion("t", number, taxonomy, "", "ana", datetime(2026, 3, 1, tzinfo=UTC))


def names(edit: TaxonomyEdit) -> list[str]:
    return [topic.name for topic in edit.taxonomy.topics]


def suggestion(topic_id: str, count: int) -> SuggestedTopic:
    return SuggestedTopic(Topic(topic_id, topic_id.title()), count, (Response(f"r-{topic_id}", f"about {topic_id}"),))


def analyst(username: str) -> Viewer:
    account = Account(username, username, Role.ANALYST, ("pharmacy",), False)
    return Viewer(account, Tenant("pharmacy", "Pharmacy"), cast("Any", None))


def test_undo_takes_back_one_change_at_a_time() -> None:
    draft = draft_of_version(version()).removed(["app"]).merged(["wait", "staff"], "wait")
    assert names(draft.edit) == ["Waiting", "Prices"]
    assert names(draft.undone().edit) == ["Waiting", "Prices", "Staff"]
    back = draft.undone().undone()
    assert back.edit.taxonomy == BASE
    assert not back.can_undo
    assert back.undone() == back


def test_undo_takes_back_what_was_typed_before_it_takes_back_the_change_before() -> None:
    draft = draft_of_version(version()).removed(["app"])
    typed = replace(draft, edit=rename(draft.edit, "price", "Cost"))
    assert names(typed.undone().edit) == ["Waiting", "Prices", "Staff"]
    assert typed.undone().undone().edit.taxonomy == BASE


def test_what_was_typed_before_a_change_comes_back_with_undo() -> None:
    draft = draft_of_version(version())
    typed = replace(draft, edit=rename(draft.edit, "price", "Cost"))
    assert "Cost" in names(typed.removed(["app"]).undone().edit)


def test_every_change_and_every_undo_lets_the_table_begin_anew() -> None:
    draft = draft_of_version(version()).removed(["app"])
    assert len({draft.turn, draft.undone().turn, draft_of_version(version()).turn}) == 3


def test_undo_is_bounded() -> None:
    draft = draft_of_version(version())
    for number in range(MOST_UNDOS + 5):
        draft = draft.with_edit(rename(draft.edit, "price", f"Price {number}"))
    assert len(draft.before) == MOST_UNDOS


def test_merged_suggestions_add_up_what_speaks_for_them() -> None:
    draft = suggested_draft("Coffee", [suggestion("wait", 40), suggestion("queue", 2), suggestion("price", 7)], "")
    merged = draft.merged(["wait", "queue"], "wait")
    assert merged.evidence["wait"] == TopicEvidence(
        42, (Response("r-wait", "about wait"), Response("r-queue", "about queue"))
    )
    assert "queue" not in merged.evidence
    assert merged.undone().evidence == draft.evidence


def test_merged_counts_are_unknown_where_one_of_them_is() -> None:
    draft = replace(
        suggested_draft("Coffee", [suggestion("wait", 40), suggestion("queue", 2)], ""),
        evidence={"wait": TopicEvidence(None), "queue": TopicEvidence(2)},
    )
    assert draft.merged(["wait", "queue"], "wait").evidence["wait"].response_count is None


def test_drafts_of_two_people_are_apart() -> None:
    shelf = DraftShelf()
    shelf.keep(analyst("ines"), "t", new_draft("Coffee", BASE, ""))
    assert shelf.get(analyst("omar"), "t") is None
    kept = shelf.get(analyst("ines"), "t")
    assert kept
    assert kept.name == "Coffee"
    shelf.forget(analyst("ines"), "t")
    assert shelf.get(analyst("ines"), "t") is None


def test_typed_cells_change_their_rows_and_blank_new_rows_are_left_out() -> None:
    rows = rows_of(BASE)
    changed = changed_rows(
        rows,
        {1: {"Topic": "Cost", "Keywords": "price, cost", "Pick": True}, 3: {"Description": None}},
        [{"Topic": "Seats", "Below": "Staff"}, {"Pick": True}, {}],
    )
    assert changed[1] == TopicRow("price", "Cost", "", "price, cost", "")
    assert changed[3] == rows[3]
    assert changed[4:] == [TopicRow("", "Seats", "", "", "Staff")]
    edit = with_rows(start(BASE), changed)
    assert [topic.id for topic in edit.taxonomy.topics] == ["wait", "price", "staff", "app", "seats"]


def test_new_name_is_one_that_is_free() -> None:
    assert free_name("Coffee", {"coffee", "coffee 2"}) == "Coffee 3"
    assert free_name("Tea", {"coffee"}) == "Tea"


def test_changes_of_both_people_are_there_when_they_touched_different_topics() -> None:
    own = describe(rename(start(BASE), "price", "Cost"), "wait", "How long it takes")
    theirs = set_keywords(rename(start(BASE), "staff", "People"), "wait", "queue, line").taxonomy
    rebased = put_onto(own, theirs)
    assert rebased.left_out == ()
    assert names(rebased.edit) == ["Waiting", "Cost", "People", "App"]
    wait = rebased.edit.topic("wait")
    assert (wait.description, wait.keywords) == ("How long it takes", ("queue", "line"))
    assert rebased.edit.base == theirs


def test_own_change_wins_where_both_changed_the_same_name() -> None:
    rebased = put_onto(rename(start(BASE), "price", "Cost"), rename(start(BASE), "price", "Pricing").taxonomy)
    assert "Cost" in names(rebased.edit)


def test_merged_and_removed_topics_are_so_in_the_newest_version_too() -> None:
    theirs = add(start(BASE), Topic("", "Seats")).taxonomy
    rebased = put_onto(remove(merge(start(BASE), ["wait", "staff"], "staff"), "app"), theirs)
    assert names(rebased.edit) == ["Prices", "Staff", "Seats"]
    assert rebased.edit.moved == {"wait": "staff", "app": None}
    assert rebased.edit.taxonomy.examples == (Example("Waited an hour", ("staff",)),)


def test_added_topics_keep_their_place_in_the_tree_and_their_examples() -> None:
    own = add(add(start(BASE), Topic("", "Service")), Topic("", "Baristas", parent="service"))
    own = add_examples(reparent(own, "staff", "service"), [Example("The barista smiled", ("baristas",))])
    rebased = put_onto(own, rename(start(BASE), "app", "Mobile app").taxonomy)
    by_name = {topic.name: topic for topic in rebased.edit.taxonomy.topics}
    assert by_name["Baristas"].parent == by_name["Staff"].parent == by_name["Service"].id
    assert Example("The barista smiled", (by_name["Baristas"].id,)) in rebased.edit.taxonomy.examples


def test_topic_that_both_added_under_one_name_is_one_topic() -> None:
    theirs = add(start(BASE), Topic("seats-1", "Seats")).taxonomy
    rebased = put_onto(add_examples(add(start(BASE), Topic("", "seats")), [Example("No seat", ("seats",))]), theirs)
    assert names(rebased.edit).count("Seats") == 1
    assert Example("No seat", ("seats-1",)) in rebased.edit.taxonomy.examples


def test_changes_of_a_topic_that_a_colleague_removed_are_told_not_lost_silently() -> None:
    own = rename(merge(start(BASE), ["staff"], "wait"), "price", "Cost")
    rebased = put_onto(own, remove(start(BASE), ["price", "wait"]).taxonomy)
    assert names(rebased.edit) == ["Staff", "App"]
    assert "“Cost”" in " ".join(rebased.left_out)
    assert "“Staff” was not merged" in " ".join(rebased.left_out)


def test_name_that_a_colleague_gave_to_another_topic_is_left_out_and_told() -> None:
    rebased = put_onto(rename(start(BASE), "price", "Costs"), rename(start(BASE), "app", "Costs").taxonomy)
    assert names(rebased.edit) == ["Waiting", "Prices", "Staff", "Costs"]
    assert len(rebased.left_out) == 1


def test_split_topic_is_split_in_the_newest_version_too() -> None:
    own = split(start(BASE), "wait", [Topic("", "At the counter"), Topic("", "For a table")], keep_above=False)
    rebased = put_onto(own, rename(start(BASE), "staff", "People").taxonomy)
    assert set(names(rebased.edit)) == {"Prices", "People", "App", "At the counter", "For a table"}
    assert rebased.edit.moved == {"wait": None}
