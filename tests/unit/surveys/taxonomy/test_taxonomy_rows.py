"""A taxonomy edited as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.errors import InputError
from services.surveys.models import Taxonomy
from services.surveys.taxonomy_changes import ChangeKind, changes_of, told
from services.surveys.taxonomy_edits import merge, start
from services.surveys.taxonomy_models import TaxonomyVersion
from services.surveys.taxonomy_rows import TopicRow, from_rows, rows_of, with_rows
from tests.unit.surveys.taxonomy.test_taxonomy_edits import TREE, refused

VERSION = TaxonomyVersion("t1", 3, TREE, "", "nia", datetime(2026, 3, 2, tzinfo=UTC))


def test_untouched_table_changes_nothing() -> None:
    edit = from_rows(VERSION, rows_of(TREE))
    assert not edit.is_changed
    assert changes_of(edit) == ()


def test_renamed_added_and_removed_rows_are_told_apart_by_id() -> None:
    app, crash, slow, login, _ = rows_of(TREE)
    rows = [
        replace(app, name="The app"),  # those below still say "App"
        crash,
        replace(slow, name="Speed", keywords="slow, lag"),
        login,
        TopicRow(name="Prices", description="What it costs", parent="The app"),
    ]
    edit = from_rows(VERSION, rows)
    assert [(topic.id, topic.parent) for topic in edit.taxonomy.topics] == [
        ("app", None),
        ("crash", "app"),
        ("slow", "app"),
        ("login", "crash"),
        ("prices", "app"),
    ]
    assert edit.moved == {"price": None}
    assert [(change.kind, change.topic_id) for change in changes_of(edit)] == [
        (ChangeKind.RENAMED, "app"),
        (ChangeKind.EXAMPLES, "crash"),
        (ChangeKind.RENAMED, "slow"),
        (ChangeKind.DESCRIBED, "slow"),
        (ChangeKind.REMOVED, "price"),
        (ChangeKind.ADDED, "prices"),
    ]
    assert told(changes_of(edit)) == (
        "2 topics renamed, 1 topic removed, 1 topic added, 1 topic described anew, 1 topic given other examples."
    )


def test_two_topics_may_swap_their_names() -> None:
    app, crash, slow, login, price = rows_of(TREE)
    edit = from_rows(VERSION, [app, crash, replace(slow, name="Price"), login, replace(price, name="Slow")])
    assert edit.topic("slow").name == "Price"
    assert edit.topic("price").name == "Slow"


def test_table_can_be_edited_after_a_merge_in_the_same_edit() -> None:
    edit = merge(start(TREE), ["crash"], "slow")
    rows = [replace(row, name="Faults") if row.id == "slow" else row for row in rows_of(edit.taxonomy)]
    edit = with_rows(edit, rows)
    assert edit.moved == {"crash": "slow"}
    assert edit.topic("slow").name == "Faults"


def test_order_of_the_rows_is_the_order_of_the_topics() -> None:
    edit = from_rows(VERSION, tuple(reversed(rows_of(TREE))))
    assert [topic.id for topic in edit.taxonomy.topics] == ["price", "login", "slow", "crash", "app"]
    assert edit.is_changed


def test_topics_below_a_removed_row_go_to_the_top() -> None:
    rows = [row for row in rows_of(TREE) if row.id != "app"]
    edit = from_rows(VERSION, rows)
    assert edit.topic("crash").parent is None
    assert edit.topic("login").parent == "crash"


def test_blank_rows_are_left_out_but_a_known_topic_without_a_name_is_said() -> None:
    assert not from_rows(VERSION, (*rows_of(TREE), TopicRow(), TopicRow(name="  "))).is_changed
    with pytest.raises(InputError) as caught:
        from_rows(VERSION, [TopicRow("app"), *rows_of(TREE)[1:]])
    assert (caught.value.code, "Row 1" in caught.value.message_for_user) == ("bad-topic", True)
    with refused("bad-topic"):
        from_rows(VERSION, [*rows_of(TREE), TopicRow(description="lost")])


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (TopicRow(name="price"), "topic-twice"),
        (TopicRow(name="New", parent="Nowhere"), "unknown-topic"),
        (TopicRow(name="x" * 201), "bad-topic"),
        (TopicRow(name="New", parent="new"), "parent-cycle"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_lost(row: TopicRow, code: str) -> None:
    edit = start(TREE)
    with refused(code):
        with_rows(edit, [*rows_of(TREE), row])
    assert edit.taxonomy == TREE


def test_table_of_an_empty_taxonomy_makes_a_new_one() -> None:
    edit = with_rows(start(Taxonomy(())), [TopicRow(name="Price"), TopicRow(name="Cost", parent="price")])
    assert [(topic.id, topic.parent) for topic in edit.taxonomy.topics] == [("price", None), ("cost", "price")]
    assert edit.moved == {}
