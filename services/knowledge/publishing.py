"""What answers now, what would answer next, and how one takes the other's place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from services.access.models import Account
from services.access.permissions import require_admin
from services.errors import AppError, ConfigurationError, InputError, NotFoundError
from services.knowledge.changes import DocumentChange, DocumentChanges, document_changes
from services.knowledge.keeping import LONGEST_BUILD, superfluous_numbers
from services.knowledge.library import KnowledgeService
from services.knowledge.models import Publication, Snapshot, SnapshotStatus
from services.logs import get_logger
from services.ports.documents import HeldDocument
from services.ports.knowledge import KnowledgeIndex, KnowledgeRepository
from services.privacy.audit import AuditTrail

__all__ = ["DocumentChange", "DocumentChanges", "KnowledgeOverview", "PublishingService", "document_changes"]

LONGEST_REASON_CHARACTERS = 500
# Of tenant and number: how many golden questions got worse compared with the other number (None: nothing was live).
CountRegressions = Callable[[str, int, int | None], int]

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KnowledgeOverview:
    """Where the knowledge base of a tenant stands.

    Attributes:
        live: What answers now; None before the first publication.
        draft: The newest version that was built and is not published; None when there is none newer than ``live``.
        building: A version that is being built at this moment.
        unpublished: What differs between ``live`` and the documents as they are now.
        unbuilt: What differs between the newest version (``draft``, else ``live``) and the documents as they are now;
            a build would bring it into a draft.
        roll_back_to: The version that :meth:`PublishingService.roll_back` goes back to; None when there is none.
        needs_full_index: Why the next build embeds every text anew, in a sentence; empty when it does not.
        trouble: What is wrong with ``live``, in a sentence; empty when nothing is.
        hidden_count: Documents of ``live`` that do not answer now: disabled, deleted, outside their dates.
    """

    live: Snapshot | None
    draft: Snapshot | None
    building: Snapshot | None
    unpublished: DocumentChanges
    unbuilt: DocumentChanges
    roll_back_to: int | None = None
    needs_full_index: str = ""
    trouble: str = ""
    hidden_count: int = 0


class PublishingService:
    """Publishes, rolls back and cleans up the snapshots of a tenant.

    Args:
        count_regressions: See :data:`CountRegressions`; none are known when None.
        snapshots_kept: Published snapshots that are kept, the live one and the one before included.
    """

    def __init__(
        self,
        knowledge: KnowledgeService,
        repository: KnowledgeRepository,
        index: KnowledgeIndex,
        audit: AuditTrail,
        *,
        count_regressions: CountRegressions | None = None,
        snapshots_kept: int = 10,
    ) -> None:
        self._knowledge = knowledge
        self._repository = repository
        self._index = index
        self._audit = audit
        self._count_regressions = count_regressions or (lambda *_: 0)
        self._snapshots_kept = snapshots_kept

    def overview(self, account: Account, tenant_id: str) -> KnowledgeOverview:
        """Where the knowledge base stands. Raises AccessError."""
        require_admin(account, tenant_id)
        with suppress(AppError):
            # Opens what is live, so that damage is known before an agent's question meets it.
            self._knowledge.require_published(tenant_id)
        live = self._repository.published_snapshot(tenant_id)
        snapshots = self._repository.list_snapshots(tenant_id, unfinished=True)
        finished = _finished(snapshots)
        draft = _draft(finished)
        oldest = datetime.now(UTC) - LONGEST_BUILD
        building = [one for one in snapshots if one.status is SnapshotStatus.BUILDING and one.created_at > oldest]
        current = self._repository.current_versions(tenant_id)
        unpublished = document_changes(self._held(live), current)
        hidden = self._knowledge.hidden_documents(tenant_id)
        newest = draft or live
        return KnowledgeOverview(
            live=live,
            draft=draft,
            building=building[0] if building else None,
            unpublished=unpublished,
            unbuilt=document_changes(self._held(draft), current) if draft else unpublished,
            roll_back_to=self._roll_back_target(tenant_id, live.number if live else None, finished),
            needs_full_index=self._knowledge.full_index_reason(newest) if newest else "",
            trouble=self._knowledge.trouble_of(tenant_id),
            hidden_count=sum(one.version <= hidden.get(one.document_id, 0) for one in self._held(live)),
        )

    def list_snapshots(self, account: Account, tenant_id: str) -> list[Snapshot]:
        """Every snapshot, newest first; those being built and failed ones too. Raises AccessError."""
        require_admin(account, tenant_id)
        return self._repository.list_snapshots(tenant_id, unfinished=True)

    def changes(self, account: Account, tenant_id: str, number: int, against: int | None) -> DocumentChanges:
        """What publishing ``number`` in the place of ``against`` (None: of nothing) adds, changes and removes.

        Raises:
            NotFoundError: one of the two is not there.
            ConfigurationError: one of the two is damaged.
        """
        require_admin(account, tenant_id)
        before = self._index.held_documents(tenant_id, against) if against is not None else []
        return document_changes(before, self._index.held_documents(tenant_id, number))

    def publish(
        self, account: Account, tenant_id: str, number: int, *, expected_live: int | None, reason: str = ""
    ) -> None:
        """Let a snapshot answer from the next question on.

        Args:
            expected_live: What the admin saw as live; None for nothing.
            reason: Why it is published although golden questions got worse; needed only then.

        Raises:
            NotFoundError: there is no such snapshot.
            InputError: ``regressions-need-reason``, or the reason is too long.
            ConfigurationError: the snapshot is damaged; the one before goes on answering.
            ConflictError: another one went live in the meantime; nothing was changed.
        """
        require_admin(account, tenant_id)
        self._repository.get_snapshot(tenant_id, number)
        # Before the golden questions are compared: that takes its time, and with a damaged snapshot it is for nothing.
        self._index.open_snapshot(tenant_id, number)
        worse = self._count_regressions(tenant_id, number, self._comparable(tenant_id, expected_live))
        reason = _checked_reason(reason, worse)
        self._knowledge.publish(
            tenant_id, number, username=account.username, reason=reason, expected_live=expected_live
        )
        self._audit.record(
            "knowledge-published",
            username=account.username,
            tenant_id=tenant_id,
            subject=f"version {number}",
            regressions=worse,
        )
        self.prune(tenant_id)

    def publish_if_safe(self, tenant_id: str, number: int, *, username: str | None) -> str:
        """Publish a draft that nobody looked at, unless golden questions got worse.

        Returns:
            Why it was not published, in a sentence; empty when it was.
        """
        live = self._repository.published_snapshot(tenant_id)
        live_number = live.number if live else None
        if live_number is not None and number <= live_number:
            return f"Version {live_number} is newer and answers already."
        worse = self._count_regressions(tenant_id, number, self._comparable(tenant_id, live_number))
        if worse:
            return f"{_golden(worse)} got worse, so somebody must look at version {number} and publish it."
        try:
            self._knowledge.publish(tenant_id, number, username=username, expected_live=live_number)
        except AppError as error:
            return f"{error.message_for_user} {error.remedy}"
        self._audit.record(
            "knowledge-published",
            username=username,
            tenant_id=tenant_id,
            subject=f"version {number}",
            regressions=0,
            automatic=True,
        )
        self.prune(tenant_id)
        return ""

    def roll_back(self, account: Account, tenant_id: str, *, expected_live: int | None) -> int:
        """Let the snapshot that was published before the live one answer again; returns its number.

        Rolled back twice, it goes back two publications. Golden questions are not compared: this must always work.

        Raises:
            InputError: there is nothing to go back to.
            ConfigurationError: that snapshot is damaged; the live one goes on answering.
            ConflictError: another one went live in the meantime; nothing was changed.
        """
        require_admin(account, tenant_id)
        # From what the admin saw, so that a roll-back by somebody else is a conflict and not a second step back.
        target = self.require_roll_back_target(tenant_id, expected_live)
        self._knowledge.publish(
            tenant_id, target, username=account.username, reason="Rolled back.", expected_live=expected_live
        )
        self._audit.record(
            "knowledge-rolled-back", username=account.username, tenant_id=tenant_id, subject=f"version {target}"
        )
        return target

    def require_roll_back_target(self, tenant_id: str, live: int | None) -> int:
        """The snapshot that was published before this one. Raises InputError when there is none."""
        target = self._roll_back_target(tenant_id, live, self._repository.list_snapshots(tenant_id))
        if target is None:
            raise InputError(
                "There is no earlier version to go back to.",
                code="nothing-to-roll-back-to",
                remedy="Change the documents and publish a new version instead.",
            )
        return target

    def history(self, account: Account, tenant_id: str) -> list[Publication]:
        """What was published when, by whom and why, newest first. Raises AccessError."""
        require_admin(account, tenant_id)
        return self._knowledge.list_publications(tenant_id)

    def prune(self, tenant_id: str) -> list[int]:
        """Delete snapshots that nobody needs any more, with their files; returns their numbers.

        These are drafts that a newer version superseded, what failed or was interrupted, and published ones beyond
        the newest ``snapshots_kept``. The live one and the one that a roll-back goes to always stay.
        """
        snapshots = self._repository.list_snapshots(tenant_id, unfinished=True)
        live = self._repository.published_snapshot(tenant_id)
        live_number = live.number if live else None
        kept = {live_number, self._roll_back_target(tenant_id, live_number, _finished(snapshots))}
        deleted = []
        for number in superfluous_numbers(snapshots, self._snapshots_kept):
            if number in kept:
                continue
            try:
                self._repository.delete_snapshot(tenant_id, number)
                self._index.delete(tenant_id, number)
            except AppError as error:  # cleaning up must never fail what it follows
                _log.warning("snapshot not deleted", tenant=tenant_id, number=number, code=error.code)
                continue
            deleted.append(number)
        if deleted:
            _log.info("snapshots deleted", tenant=tenant_id, numbers=deleted)
        return deleted

    def _comparable(self, tenant_id: str, number: int | None) -> int | None:
        """The number, if its snapshot can be searched: what is damaged must not keep its successor from going live."""
        if number is None:
            return None
        try:
            self._index.open_snapshot(tenant_id, number)
        except (ConfigurationError, NotFoundError):
            return None
        return number

    def _held(self, snapshot: Snapshot | None) -> Sequence[HeldDocument]:
        if snapshot is None:
            return []
        try:
            return self._index.held_documents(snapshot.tenant, snapshot.number)
        except AppError as error:  # a damaged snapshot is told of elsewhere; the page must stay usable
            _log.warning("snapshot not read", tenant=snapshot.tenant, number=snapshot.number, code=error.code)
            return []

    def _roll_back_target(self, tenant_id: str, live: int | None, finished: Sequence[Snapshot]) -> int | None:
        """The snapshot published before the live one; going back and forth does not count as publishing anew."""
        if live is None:
            return None
        there = {one.number for one in finished}
        for number in self._knowledge.published_before(tenant_id, live):
            if number in there:
                return number
        return None


def _finished(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    return [one for one in snapshots if one.status not in {SnapshotStatus.BUILDING, SnapshotStatus.FAILED}]


def _draft(finished: Sequence[Snapshot]) -> Snapshot | None:
    drafts = [one for one in finished if one.status is SnapshotStatus.DRAFT]
    newest = drafts[0] if drafts else None
    newest_published = max((one.number for one in finished if one.published_at is not None), default=0)
    if newest is None or newest.number < newest_published:
        return None
    return newest


def _checked_reason(reason: str, worse: int) -> str:
    trimmed = " ".join(reason.split())
    if worse and not trimmed:
        raise InputError(
            f"{_golden(worse)} got worse with this version.",
            code="regressions-need-reason",
            remedy="Look at them, then write down why it should be published all the same.",
        )
    if len(trimmed) > LONGEST_REASON_CHARACTERS:
        raise InputError(
            f"The reason takes {LONGEST_REASON_CHARACTERS} characters.",
            code="reason-too-long",
            remedy="Shorten it and publish again.",
        )
    return trimmed


def _golden(count: int) -> str:
    return "1 golden question" if count == 1 else f"{count} golden questions"
