"""Whoever started a run is told how it ended, in the app and by e-mail where that is set up: the truth, and links."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from services.errors import AppError
from services.images.models import BatchNotice, ImageBatch, NoticeState
from services.images.totals import RunTotals
from services.jobs.models import Job
from services.logs import get_logger
from services.ports.images import BatchNotices, ImageRepository, Notice

# The page that shows batches, and what its address says of the one that is open.
PAGE_PATH = "backgrounds"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mail:
    """Where notices go outside the app.

    Attributes:
        recipient: The address of an account by its name; ``{username}`` stands for the name. Empty where only accounts
            whose name is an address can be told.
        app_url: The address of the app as people open it, for links; empty writes none.
    """

    channel: Notice
    recipient: str = ""
    app_url: str = ""

    def address(self, username: str) -> str:
        """Where this person is written to; empty when that is not known."""
        if self.recipient:
            return self.recipient.replace("{username}", username)
        return username if "@" in username else ""


class RunNotices:
    """Tells the end of runs.

    Args:
        mail: None where no e-mail is set up.
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: ImageRepository,
        notices: BatchNotices,
        mail: Mail | None = None,
        *,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._repository = repository
        self._notices = notices
        self._mail = mail
        self._now = now or (lambda: datetime.now(UTC))

    def tell(self, job: Job, totals: RunTotals) -> Mapping[str, Any]:
        """Tell the end of a round of a run; told again, nothing happens.

        Returns:
            What belongs into the job's result: ``notice`` (how the run ended) and ``mail``: ``sent``, ``off``,
            ``no-address``, or ``failed`` with ``mail_cause``. A mail that cannot be sent fails nothing.
        """
        batch = self._repository.get_batch(job.tenant_id, str(job.arguments["batch_id"]))
        refused = sum(1 for image in self._repository.list_images(job.tenant_id, batch.id) if not image.sha256)
        words = notice_words(totals, 0 if job.arguments.get("positions") is not None else refused)
        told = self._send(job, batch, totals.state, words)
        if told["mail"] == "failed":
            words = f"{words} The e-mail about it could not be sent: {told['mail_cause']}"
        notice = BatchNotice(
            id=uuid.uuid4().hex,
            tenant_id=job.tenant_id,
            username=job.username,
            job_id=job.id,
            batch_id=batch.id,
            title=batch.title,
            words=words,
            state=totals.state,
            created_at=self._now(),
            round=job.round,
        )
        self._notices.insert(notice)
        return {"notice": totals.state.value, **told}

    def _send(self, job: Job, batch: ImageBatch, state: NoticeState, words: str) -> dict[str, str]:
        if self._mail is None:
            return {"mail": "off"}
        address = self._mail.address(job.username)
        if not address:
            return {"mail": "no-address"}
        text = words
        if self._mail.app_url:
            link = urlencode({"batch": batch.id, "run": job.id})
            text = f"{words}\n\nResults and report: {self._mail.app_url.rstrip('/')}/{PAGE_PATH}?{link}\n"
        try:
            self._mail.channel.send(address, subject(batch.title, state), text, key=f"{job.id}.{job.round}")
        except AppError as error:
            _log.warning("notice-not-sent", job=job.id, code=error.code)
            return {"mail": "failed", "mail_cause": error.message_for_user}
        return {"mail": "sent"}


def subject(title: str, state: NoticeState) -> str:
    """The subject of the e-mail: how it ended comes first."""
    ending = {
        NoticeState.FINISHED: "Finished",
        NoticeState.PARTLY: "Partly failed",
        NoticeState.FAILED: "Failed",
        NoticeState.CANCELED: "Canceled",
    }[state]
    return f"{ending}: new backgrounds for {title}"


def notice_words(totals: RunTotals, refused: int) -> str:
    """What came of a run, in sentences.

    Args:
        refused: Photos that were refused at upload and so were not in the run.
    """
    count = totals.done + totals.failed + totals.canceled
    cause = f"{totals.common_cause} {totals.common_remedy}".strip()
    match totals.state:
        case NoticeState.FINISHED:
            words = f"All {count:,} photos have their new background."
            if count == 1:
                words = "The photo has its new background."
        case NoticeState.PARTLY:
            words = f"{totals.done:,} of {count:,} photos have their new background; {totals.failed:,} failed."
            words = f"{words} Most often: {cause}" if totals.failed > 1 else f"{words} {cause}"
        case NoticeState.FAILED:
            words = f"None of the {count:,} photos got a new background."
            if count == 1:
                words = "The photo got no new background."
            words = f"{words} {'Most often: ' if totals.failed > 1 else ''}{cause}"
        case NoticeState.CANCELED:
            words = f"The run was canceled; {totals.done:,} of {count:,} photos have their new background."
    if refused:
        words += f" {refused:,} more {'was' if refused == 1 else 'were'} refused at upload."
    return words.strip()
