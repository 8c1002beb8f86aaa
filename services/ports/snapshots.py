"""Where snapshots, their publications and golden questions are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.knowledge.models import BandCuts, GoldenQuestion, Publication, Ranking, Snapshot


class SnapshotRepository(Protocol):
    """Records of snapshots; their files are in the index. Each call is one transaction."""

    def reserve_snapshot(self, snapshot: Snapshot, *, build_id: str) -> Snapshot:
        """Record a snapshot that is about to be built, under the next free number, as ``building``.

        The number of the argument does not count. Called again with the same ``build_id`` while that one is still
        being built, it gives the same number: an interrupted build goes on where it was.
        """
        ...

    def complete_snapshot(self, snapshot: Snapshot) -> None:
        """Turn a reserved snapshot into a draft with its counts and cuts. Raises NotFoundError."""
        ...

    def fail_snapshot(self, tenant: str, number: int, failure: str) -> None:
        """Mark a snapshot that is being built as failed, with words for the admin; a finished one stays as it is."""
        ...

    def delete_snapshot(self, tenant: str, number: int) -> None:
        """Forget a snapshot that does not answer; its number is not used again while a later one exists.

        Raises:
            ConflictError: it is the one that answers.
        """
        ...

    def list_snapshots(self, tenant: str, *, unfinished: bool = False) -> list[Snapshot]:
        """Newest first; those being built or failed only when asked for."""
        ...

    def get_snapshot(self, tenant: str, number: int) -> Snapshot:
        """Raises NotFoundError."""
        ...

    def published_snapshot(self, tenant: str) -> Snapshot | None:
        """The one that answers questions now; None when nothing was published yet or the tenant is archived."""
        ...

    def is_archived(self, tenant: str) -> bool:
        """Whether the tenant was taken out of use."""
        ...

    def publish(
        self,
        tenant: str,
        number: int,
        *,
        at: datetime,
        username: str | None = None,
        reason: str = "",
        expected_live: int | None = -1,
    ) -> None:
        """Make this snapshot the one that answers, in one step, and add it to the history.

        Args:
            expected_live: The number that the admin saw as live (None: nothing was); -1 when it does not matter.

        Raises:
            NotFoundError: there is no such finished snapshot.
            ConflictError: another one went live in the meantime; nothing was changed.
        """
        ...

    def list_publications(self, tenant: str, *, limit: int = 50) -> list[Publication]:
        """Newest first."""
        ...

    def save_cuts(self, tenant: str, number: int, cuts: BandCuts) -> None:
        """Store the calibrated cuts of the bands with a snapshot."""
        ...

    def save_ranking(self, tenant: str, number: int, ranking: Ranking) -> None:
        """Store the weights of hybrid search with a snapshot."""
        ...


class GoldenQuestionRepository(Protocol):
    """Questions whose right passage is known. Each call is one transaction."""

    def save_golden_questions(self, tenant: str, questions: Sequence[GoldenQuestion]) -> None:
        """Insert or replace by id."""
        ...

    def delete_golden_questions(self, tenant: str, ids: Sequence[str]) -> None:
        """Remove these; unknown ids are passed over."""
        ...

    def list_golden_questions(self, tenant: str) -> list[GoldenQuestion]:
        """Ordered by id; those with no expected passage must be declined."""
        ...
