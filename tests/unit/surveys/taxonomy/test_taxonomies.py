"""Taxonomies of a tenant: versions, who may change them, and what an edit would touch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from services.access.models import Account
from services.errors import AccessError, ConflictError, InputError, NotFoundError
from services.surveys.label_models import LabeledTopic, LabelPurpose
from services.surveys.models import Example, Taxonomy, Topic
from services.surveys.taxonomy_changes import ChangeKind
from services.surveys.taxonomy_edits import TaxonomyEdit, add, describe, merge, remove, rename, start
from services.surveys.taxonomy_impact import ChangeImpact, EditReport
from tests.contract.survey_samples import OTHER_TENANT, TENANT, new_label, new_survey
from tests.unit.surveys.taxonomy.taxonomy_desk import GRACE, MIA, NIA, STRANGER, TaxonomyDesk, findings_of
from tests.unit.surveys.taxonomy.test_taxonomy_edits import TREE, edited, refused

FLAT = Taxonomy(
    (Topic("a", "A"), Topic("b", "B"), Topic("c", "C"), Topic("d", "D")),
    (Example("both", ("a", "b")), Example("one", ("a",))),
)


@pytest.fixture
def desk() -> TaxonomyDesk:
    made = TaxonomyDesk()
    made.repository.insert_survey(new_survey())
    return made


def conflict(code: str) -> pytest.RaisesExc[ConflictError]:
    return pytest.RaisesExc(ConflictError, check=lambda error: error.code == code)


def impact(report: EditReport, kind: ChangeKind, topic_id: str) -> ChangeImpact:
    return next(one for one in report.changes if (one.change.kind, one.change.topic_id) == (kind, topic_id))


def test_every_save_is_a_version_that_stays(desk: TaxonomyDesk) -> None:
    first = desk.create(TREE)
    second = desk.save(first, merge(start(TREE), ["crash"], "slow"))
    third = desk.save(second, rename(desk.edit(first.taxonomy_id), "slow", "Faults"))
    assert [version.number for version in desk.service.history(TENANT, first.taxonomy_id)] == [3, 2, 1]
    assert desk.service.get(TENANT, first.taxonomy_id, 1).taxonomy == TREE
    assert desk.service.get(TENANT, first.taxonomy_id) == third
    assert second.moved == {"crash": "slow"}
    assert second.note.startswith("1 topic merged into others, 1 topic described anew, ")
    assert third.note == "1 topic renamed."
    stored = desk.service.stored(TENANT, first.taxonomy_id)
    assert (stored.name, stored.latest_version, stored.topic_count) == ("Shop", 3, 4)
    assert desk.events.actions() == ["taxonomy-created", "taxonomy-changed", "taxonomy-changed"]
    assert "Faults" not in str(desk.events.events)


def test_edit_of_an_older_version_is_not_kept_and_nothing_is_lost(desk: TaxonomyDesk) -> None:
    first = desk.create(TREE)
    edit = rename(start(TREE), "app", "Other app")
    latest = desk.save(first, rename(start(TREE), "app", "Another app"))
    with conflict("taxonomy-changed"):
        desk.service.save(NIA, TENANT, first.taxonomy_id, edit, "", 1)
    with conflict("taxonomy-changed"):
        desk.service.save(NIA, TENANT, first.taxonomy_id, edit, "", 2)
    assert desk.service.get(TENANT, first.taxonomy_id) == latest


def test_edit_that_changes_nothing_makes_no_version(desk: TaxonomyDesk) -> None:
    first = desk.create(TREE)
    assert desk.save(first, start(TREE)) == first
    assert len(desk.service.history(TENANT, first.taxonomy_id)) == 1


def test_taxonomy_without_topics_is_not_kept(desk: TaxonomyDesk) -> None:
    first = desk.create(Taxonomy((Topic("a", "A"),)))
    with refused("no-topics"):
        desk.save(first, remove(desk.edit(first.taxonomy_id), "a"))
    with refused("no-topics"):
        desk.create(Taxonomy(()), "Empty")


@pytest.mark.parametrize("name", ["", " \t", "x" * 121])
def test_taxonomy_needs_a_name_that_fits(desk: TaxonomyDesk, name: str) -> None:
    with refused("bad-taxonomy-name"):
        desk.create(TREE, name)


def test_two_taxonomies_of_a_tenant_do_not_share_a_name(desk: TaxonomyDesk) -> None:
    desk.create(TREE)
    other = desk.create(TREE, "Other")
    with conflict("taxonomy-name-taken"):
        desk.create(TREE, " shop ")
    with conflict("taxonomy-name-taken"):
        desk.service.rename(NIA, TENANT, other.taxonomy_id, "SHOP")
    assert desk.service.rename(NIA, TENANT, other.taxonomy_id, "Third").name == "Third"
    assert [one.name for one in desk.service.list(TENANT)] == ["Shop", "Third"]


@pytest.mark.parametrize("account", [MIA, STRANGER], ids=["another role", "another tenant"])
def test_only_analysts_of_the_tenant_change_taxonomies(desk: TaxonomyDesk, account: Account) -> None:
    version = desk.create(TREE)
    edit = rename(start(TREE), "app", "x")
    calls: list[Callable[[], object]] = [
        lambda: desk.service.create(account, TENANT, "New", TREE),
        lambda: desk.service.save(account, TENANT, version.taxonomy_id, edit, "", 1),
        lambda: desk.service.rename(account, TENANT, version.taxonomy_id, "New"),
        lambda: desk.service.delete(account, TENANT, version.taxonomy_id),
        lambda: desk.service.restore(account, TENANT, version.taxonomy_id, 1, 1),
        lambda: desk.service.add_examples(account, TENANT, version.taxonomy_id, [Example("x", ("app",))], 1),
    ]
    for call in calls:
        with pytest.raises(AccessError):
            call()
    assert desk.service.list(TENANT)[0].latest_version == 1


def test_taxonomy_of_another_tenant_is_not_found(desk: TaxonomyDesk) -> None:
    version = desk.create(TREE)
    for read in (desk.service.get, desk.service.stored, desk.service.history):
        with pytest.raises(NotFoundError):
            read(OTHER_TENANT, version.taxonomy_id)
    assert desk.service.list(OTHER_TENANT) == []


def test_taxonomy_that_a_run_used_is_not_deleted(desk: TaxonomyDesk) -> None:
    version = desk.create(TREE)
    desk.run(version, 1, None)
    with conflict("taxonomy-in-use"):
        desk.service.delete(GRACE, TENANT, version.taxonomy_id)
    other = desk.create(TREE, "Other")
    desk.service.delete(GRACE, TENANT, other.taxonomy_id)
    with pytest.raises(NotFoundError):
        desk.service.get(TENANT, other.taxonomy_id)


def test_older_version_comes_back_as_a_new_one(desk: TaxonomyDesk) -> None:
    first = desk.create(TREE)
    second = desk.save(first, add(remove(start(TREE), "price"), Topic("", "Support")))
    third = desk.service.restore(NIA, TENANT, first.taxonomy_id, 1, second.number)
    assert third.taxonomy == TREE
    assert third.moved == {"support": None}
    assert third.note == "Version 1 restored."
    resolved = desk.service.resolve(TENANT, first.taxonomy_id, 1)
    assert resolved["price"] is None  # what was removed in between does not come back by itself
    assert resolved["app"] == "app"


def test_examples_are_added_as_a_version(desk: TaxonomyDesk) -> None:
    first = desk.create(TREE)
    second = desk.service.add_examples(NIA, TENANT, first.taxonomy_id, [Example("So slow", ("slow",))], 1)
    assert second.taxonomy.examples[-1] == Example("So slow", ("slow",))
    assert second.note == "1 example added."
    with conflict("taxonomy-changed"):
        desk.service.add_examples(NIA, TENANT, first.taxonomy_id, [Example("Slower", ("slow",))], 1)


def test_personal_data_in_examples_is_masked_before_they_are_kept(desk: TaxonomyDesk) -> None:
    written = Example("Mail me at jo.doe@example.com about the taste", ())
    first = desk.create(Taxonomy((Topic("taste", "Taste"),), (written,)))
    added = desk.service.add_examples(
        NIA, TENANT, first.taxonomy_id, [Example("Call 555-201-3344, it was cold", ())], 1
    )
    texts = [example.text for example in added.taxonomy.examples]
    assert [any(known in text for text in texts) for known in ("jo.doe", "555-201")] == [False, False]
    assert all("[" in text for text in texts)


def test_topics_are_followed_over_renames_merges_and_removals(desk: TaxonomyDesk) -> None:
    first = desk.create(FLAT)
    second = desk.save(first, merge(rename(start(FLAT), "d", "Delta"), ["a"], "b"))
    third = desk.save(second, merge(desk.edit(first.taxonomy_id), ["b"], "c"))
    desk.save(third, remove(desk.edit(first.taxonomy_id), "c"))
    resolve = desk.service.resolve
    assert resolve(TENANT, first.taxonomy_id, 1) == {"a": None, "b": None, "c": None, "d": "d"}
    assert resolve(TENANT, first.taxonomy_id, 1, 3) == {"a": "c", "b": "c", "c": "c", "d": "d"}
    assert resolve(TENANT, first.taxonomy_id, 2, 2) == {"b": "b", "c": "c", "d": "d"}
    with refused("versions-turned-around"):
        resolve(TENANT, first.taxonomy_id, 3, 2)
    with pytest.raises(NotFoundError):
        resolve(TENANT, first.taxonomy_id, 1, 9)


@given(edited(), edited())
def test_every_topic_leads_to_a_topic_of_the_newest_version_or_to_none(one: TaxonomyEdit, other: TaxonomyEdit) -> None:
    desk = TaxonomyDesk()
    first = desk.create(TREE)
    try:
        second = desk.save(first, one)
        desk.service.save(NIA, TENANT, first.taxonomy_id, start(second.taxonomy), "", second.number)
        # Back to the tree, from which the other edit goes on.
        back = desk.service.restore(NIA, TENANT, first.taxonomy_id, 1, second.number)
        last = desk.save(back, other)
    except InputError:
        return
    now = {topic.id for topic in last.taxonomy.topics}
    resolved = desk.service.resolve(TENANT, first.taxonomy_id, 1)
    assert set(resolved) == {topic.id for topic in TREE.topics}
    assert {topic_id for topic_id in resolved.values() if topic_id is not None} <= now


def test_report_counts_rows_labels_and_examples_of_each_changed_topic(desk: TaxonomyDesk) -> None:
    first = desk.create(FLAT)
    # Rows: 0 twice, 1 three times, 2 and 3 once each.
    desk.run(first, 1, findings_of("abcd", [0, 0, 1, 1, 1, 2, 3], [["a", "b"], ["b"], ["c", "d"], []]))
    labels = [
        new_label("x", taxonomy_id=first.taxonomy_id, topics=(LabeledTopic("a"), LabeledTopic("b"))),
        new_label("y", taxonomy_id=first.taxonomy_id, topics=(LabeledTopic("b"),), purpose=LabelPurpose.GOLD),
        new_label("z", taxonomy_id=first.taxonomy_id, topics=()),
    ]
    desk.repository.save_labels(TENANT, labels)
    edit = merge(start(FLAT), ["a"], "b")
    edit = add(remove(rename(edit, "d", "Delta"), "c"), Topic("", "New"))
    report = desk.service.affected(TENANT, first.taxonomy_id, edit)
    assert impact(report, ChangeKind.MERGED, "a") == ChangeImpact(
        impact(report, ChangeKind.MERGED, "a").change, response_count=2, correction_count=1, example_count=2
    )
    assert impact(report, ChangeKind.MERGED, "a").change.into_name == "B"
    assert impact(report, ChangeKind.REMOVED, "c").response_count == 1
    assert impact(report, ChangeKind.RENAMED, "d").response_count == 1
    assert impact(report, ChangeKind.ADDED, "new").response_count == 0
    assert impact(report, ChangeKind.EXAMPLES, "b").gold_count == 1
    assert (report.run_count, report.response_count, report.affected_responses) == (1, 7, 3)
    assert report.emptied_responses == 0
    assert report.run_again
    assert desk.service.get(TENANT, first.taxonomy_id) == first


def test_rows_whose_topics_are_all_removed_are_told(desk: TaxonomyDesk) -> None:
    first = desk.create(FLAT)
    desk.run(first, 1, findings_of("abcd", [0, 0, 1, 2, 3], [["c", "d"], ["c"], ["c", "a"], []]))
    report = desk.service.affected(TENANT, first.taxonomy_id, remove(start(FLAT), ["c", "d"]))
    assert (report.affected_responses, report.emptied_responses) == (4, 3)


def test_renaming_alone_asks_for_no_other_run(desk: TaxonomyDesk) -> None:
    first = desk.create(FLAT)
    assert not desk.service.affected(TENANT, first.taxonomy_id, rename(start(FLAT), "a", "Alpha")).run_again
    assert desk.service.affected(TENANT, first.taxonomy_id, describe(start(FLAT), "a", "first")).run_again


def test_latest_finished_run_of_every_question_counts_with_its_topics_as_they_are_now(desk: TaxonomyDesk) -> None:
    desk.repository.insert_survey(new_survey(2))
    first = desk.create(FLAT)
    desk.run(first, 1, findings_of("abcd", [0], [["a"]]))
    desk.run(first, 2, findings_of("abcd", [0, 0, 1], [["a", "b"], ["a"]]))  # the latest of survey 1 that is finished
    desk.run(first, 3, None)
    desk.run(first, 4, findings_of("abcd", [0], [["b"]]), survey_id="s2")
    second = desk.save(first, merge(start(FLAT), ["a"], "b"))
    desk.run(second, 5, findings_of("bcd", [0, 1], [["b"], ["c"]]), question="And besides?")
    report = desk.service.affected(TENANT, first.taxonomy_id, rename(start(second.taxonomy), "b", "Beta"))
    # A row with a and b has b once: three rows, one and one.
    assert impact(report, ChangeKind.RENAMED, "b").response_count == 5
    assert (report.run_count, report.response_count) == (3, 6)


def test_taxonomy_without_runs_has_a_report_all_the_same(desk: TaxonomyDesk) -> None:
    first = desk.create(FLAT)
    report = desk.service.affected(TENANT, first.taxonomy_id, remove(start(FLAT), "a"))
    assert (report.run_count, report.affected_responses) == (0, 0)
    assert impact(report, ChangeKind.REMOVED, "a").example_count == 2
