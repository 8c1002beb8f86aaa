"""What answers, what would answer next, and how one takes the other's place; on a real database and index."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.errors import AccessError, ConfigurationError, ConflictError, InputError, NotFoundError
from services.knowledge.library import KnowledgeService
from services.knowledge.models import SnapshotStatus
from services.knowledge.publishing import DocumentChanges
from services.readiness import check_readiness
from tests.fakes import FakeEmbedder
from tests.unit.knowledge.admin_desk import ANA, COLD, GRACE, HANA, RETURNS, STRANGER, TENANT, AdminDesk

QUESTION = "Within how many days can a parcel be returned?"


def returns(days: int) -> bytes:
    return RETURNS.replace(b"30 days", b"%d days" % days)


def load_returns(desk: AdminDesk, *days: int, publish: bool = True) -> None:
    """Load the document once per number of days, each time as a version of the knowledge base."""
    for number in days:
        desk.load(("returns.md", returns(number)))
        if publish:
            desk.publish()


def names(changes: DocumentChanges) -> tuple[list[str], list[str], list[str]]:
    """Ids that were added, changed, removed."""
    added, changed, removed = (
        [change.document_id for change in part] for part in (changes.added, changes.changed, changes.removed)
    )
    return added, changed, removed


def test_overview_tells_what_answers_what_waits_and_what_is_not_built(desk: AdminDesk) -> None:
    overview = desk.publishing.overview(GRACE, TENANT)
    assert (overview.live, overview.draft, overview.building, overview.unpublished.count) == (None, None, None, 0)
    load_returns(desk, 30)
    desk.load(("cold.md", COLD))
    desk.documents.delete(GRACE, TENANT, ["returns.md"])
    overview = desk.publishing.overview(GRACE, TENANT)
    assert overview.live is not None
    assert overview.draft is not None
    assert (overview.live.number, overview.draft.number, overview.hidden_count) == (1, 2, 1)
    assert names(overview.unpublished) == (["cold.md"], [], ["returns.md"])
    assert names(overview.unbuilt) == ([], [], ["returns.md"])
    assert (overview.needs_full_index, overview.trouble, overview.roll_back_to) == ("", "", None)


def test_changes_between_two_snapshots_name_documents_and_versions(desk: AdminDesk) -> None:
    desk.load(("returns.md", RETURNS), ("old.md", b"# Old\n\nOld rules."))
    desk.publish()
    desk.documents.delete(GRACE, TENANT, ["old.md"])
    desk.load(("returns.md", returns(60)), ("cold.md", COLD))
    changes = desk.publishing.changes(GRACE, TENANT, 2, 1)
    assert names(changes) == (["cold.md"], ["returns.md"], ["old.md"])
    assert (changes.changed[0].title, changes.changed[0].before, changes.changed[0].after) == ("Returns", 1, 2)
    assert names(desk.publishing.changes(GRACE, TENANT, 1, None))[0] == ["old.md", "returns.md"]
    with pytest.raises(NotFoundError):
        desk.publishing.changes(GRACE, TENANT, 9, 1)


def test_only_administrators_of_the_tenant_publish(desk: AdminDesk) -> None:
    load_returns(desk, 30, publish=False)
    for account in (ANA, STRANGER):
        with pytest.raises(AccessError):
            desk.publishing.publish(account, TENANT, 1, expected_live=None)
        with pytest.raises(AccessError):
            desk.publishing.roll_back(account, TENANT, expected_live=None)
        with pytest.raises(AccessError):
            desk.publishing.overview(account, TENANT)
    assert desk.live() is None


def test_of_two_admins_who_publish_the_second_is_told(desk: AdminDesk) -> None:
    load_returns(desk, 30, publish=False)
    desk.publishing.publish(GRACE, TENANT, 1, expected_live=None)
    desk.load(("cold.md", COLD))
    with pytest.raises(ConflictError) as caught:
        desk.publishing.publish(HANA, TENANT, 2, expected_live=None)
    assert caught.value.code == "published-meanwhile"
    assert desk.live() == 1


def test_regressions_need_a_reason_which_the_history_keeps(desk: AdminDesk) -> None:
    load_returns(desk, 30)
    load_returns(desk, 60, publish=False)
    desk.regressions[2] = 3
    with pytest.raises(InputError) as caught:
        desk.publishing.publish(GRACE, TENANT, 2, expected_live=1, reason="  ")
    assert caught.value.code == "regressions-need-reason"
    assert "3 golden questions" in caught.value.message_for_user
    desk.publishing.publish(GRACE, TENANT, 2, expected_live=1, reason="The law changed.")
    newest = desk.publishing.history(GRACE, TENANT)[0]
    assert (newest.number, newest.replaced, newest.username, newest.reason) == (2, 1, "grace", "The law changed.")


def test_damaged_snapshot_is_refused_and_the_live_one_goes_on(desk: AdminDesk) -> None:
    load_returns(desk, 30)
    load_returns(desk, 60, publish=False)
    desk.damage(2)
    with pytest.raises(ConfigurationError) as caught:
        desk.publishing.publish(GRACE, TENANT, 2, expected_live=1)
    assert caught.value.code == "snapshot-damaged"
    assert desk.live() == 1
    assert "30 days" in desk.ask(QUESTION).text


def test_damaged_live_snapshot_gives_way_to_the_one_before_and_that_is_said(desk: AdminDesk) -> None:
    load_returns(desk, 30, 60)
    desk.damage(2)
    answer = desk.ask(QUESTION)
    assert "30 days" in answer.text
    assert answer.snapshot == 1
    overview = desk.publishing.overview(GRACE, TENANT)
    assert overview.trouble == "Version 2 cannot be opened; version 1 answers instead."


def test_readiness_warns_of_a_damaged_live_snapshot_until_another_is_published(desk: AdminDesk) -> None:
    load_returns(desk, 30, 60)
    desk.damage(2)
    desk.ask(QUESTION)
    with pytest.raises(ConfigurationError) as caught:
        desk.knowledge.check_ready()
    assert "version 1 answers instead" in caught.value.message_for_user
    desk.load(("cold.md", COLD))
    desk.publish()
    desk.knowledge.check_ready()
    assert desk.ask(QUESTION).snapshot == 3


@dataclass(frozen=True)
class Holder:
    """What readiness asks, reduced to the knowledge base."""

    knowledge: KnowledgeService


def test_readiness_of_knowledge_only_warns(desk: AdminDesk) -> None:
    (check,) = check_readiness(Holder(desk.knowledge))
    assert (check.ready, check.essential) == (True, False)


def test_damaged_live_snapshot_without_a_predecessor_is_explained(desk: AdminDesk) -> None:
    load_returns(desk, 30)
    desk.damage(1)
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            desk.knowledge.require_live(TENANT)
        assert caught.value.code == "snapshot-damaged"


def test_snapshot_whose_files_are_gone_gives_way_too(desk: AdminDesk) -> None:
    load_returns(desk, 30, 60)
    shutil.rmtree(desk.snapshot_folder(2))
    desk.reopen()
    assert desk.ask(QUESTION).snapshot == 1


def test_roll_back_goes_to_what_was_published_before_and_again_before_that(desk: AdminDesk) -> None:
    load_returns(desk, 30, 60, 90)
    assert desk.publishing.overview(GRACE, TENANT).roll_back_to == 2
    assert desk.publishing.roll_back(GRACE, TENANT, expected_live=3) == 2
    assert "60 days" in desk.ask(QUESTION).text
    assert desk.publishing.roll_back(GRACE, TENANT, expected_live=2) == 1
    assert "30 days" in desk.ask(QUESTION).text
    with pytest.raises(InputError) as caught:
        desk.publishing.roll_back(GRACE, TENANT, expected_live=1)
    assert caught.value.code == "nothing-to-roll-back-to"
    desk.publish(3)
    assert desk.publishing.overview(GRACE, TENANT).roll_back_to == 1


def test_roll_back_that_somebody_else_made_unneeded_is_a_conflict(desk: AdminDesk) -> None:
    load_returns(desk, 30, 60)
    desk.publishing.roll_back(GRACE, TENANT, expected_live=2)
    with pytest.raises(ConflictError):
        desk.publishing.roll_back(HANA, TENANT, expected_live=2)
    assert desk.live() == 1


def test_superseded_drafts_go_with_their_files(desk: AdminDesk) -> None:
    load_returns(desk, 30)
    load_returns(desk, 60, 90, publish=False)
    assert [one.number for one in desk.repository.list_snapshots(TENANT)] == [3, 1]
    assert not desk.snapshot_folder(2).exists()
    assert desk.snapshot_folder(3).exists()


def test_only_the_last_published_snapshots_are_kept(tmp_path: Path) -> None:
    desk = AdminDesk(tmp_path, snapshots_kept=2)
    load_returns(desk, 30, 40, 50, 60)
    assert [one.number for one in desk.repository.list_snapshots(TENANT)] == [4, 3]
    assert sorted(path.name for path in desk.snapshot_folder(1).parent.iterdir()) == ["000003", "000004"]
    desk.close()


def test_live_snapshot_and_its_predecessor_are_never_deleted(tmp_path: Path) -> None:
    desk = AdminDesk(tmp_path, snapshots_kept=2)
    load_returns(desk, 30, 40)
    desk.publishing.roll_back(GRACE, TENANT, expected_live=2)
    load_returns(desk, 50, 60, 70, publish=False)
    desk.publishing.prune(TENANT)
    assert {1, 5} <= {one.number for one in desk.repository.list_snapshots(TENANT)}
    assert desk.live() == 1
    assert "30 days" in desk.ask(QUESTION).text
    desk.close()


def test_automatic_publication_stops_at_regressions_and_says_so(desk: AdminDesk) -> None:
    load_returns(desk, 30)
    load_returns(desk, 60, publish=False)
    desk.regressions[2] = 1
    assert "1 golden question got worse" in desk.publishing.publish_if_safe(TENANT, 2, username="grace")
    assert desk.live() == 1
    desk.regressions.clear()
    assert desk.publishing.publish_if_safe(TENANT, 2, username="grace") == ""
    assert desk.live() == 2


def test_other_embedding_model_asks_for_a_full_index_and_the_live_one_is_kept(tmp_path: Path) -> None:
    desk = AdminDesk(tmp_path)
    load_returns(desk, 30)
    desk.close()
    other = AdminDesk(tmp_path, embedder=FakeEmbedder("other"))
    words = other.publishing.overview(GRACE, TENANT).needs_full_index
    assert "embedding model was changed from fake to other" in words
    job = other.jobs.get(TENANT, other.ingestion.submit_build(GRACE, TENANT).id)
    assert (job.result["snapshot"], job.result["reused"]) == (2, 0)
    made = other.repository.get_snapshot(TENANT, 2)
    assert (made.status, made.embedding_model) == (SnapshotStatus.DRAFT, "other")
    assert other.live() == 1
    other.publish()
    assert other.publishing.overview(GRACE, TENANT).needs_full_index == ""
    other.close()


def test_damaged_live_snapshot_does_not_keep_its_successor_from_going_live(desk: AdminDesk) -> None:
    load_returns(desk, 30)
    desk.damage(1)
    load_returns(desk, 60, publish=False)
    asked: list[int | None] = []

    def count(tenant: str, number: int, against: int | None) -> int:
        asked.append(against)
        return 0

    desk.publishing._count_regressions = count
    desk.publishing.publish(GRACE, TENANT, 2, expected_live=1)
    assert asked == [None]
    assert "60 days" in desk.ask(QUESTION).text


def test_archived_tenant_does_not_answer_and_comes_back_as_it_was(desk: AdminDesk) -> None:
    load_returns(desk, 30)
    desk.accounts.set_archived(TENANT, desk.clock())
    with pytest.raises(NotFoundError) as caught:
        desk.knowledge.require_live(TENANT)
    assert caught.value.code == "tenant-archived"
    desk.publishing.prune(TENANT)
    desk.accounts.set_archived(TENANT, None)
    assert "30 days" in desk.ask(QUESTION).text
