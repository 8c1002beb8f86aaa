"""Whoever started a run is told how it ended, in the app and, where they are set up, by e-mail and to a topic."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from services.errors import AppError, ConflictError
from services.images.derived import run_folder
from services.images.models import BatchNotice, ImageBatch, NoticeState
from services.images.totals import RunTotals
from services.jobs.models import Job
from services.logs import get_logger
from services.ports.images import BatchNotices, ImageFiles, ImageRepository, Notice

# The page that shows batches, and what its address says of the one that is open.
PAGE_PATH = "backgrounds"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Channels:
    """Ways on which people are told outside the app; each of them may be missing.

    Attributes:
        mail: Tells the one who started the run.
        recipient: The address of an account by its name; ``{username}`` stands for the name. Empty where only accounts
            whose name is an address can be told.
        topic: Tells whoever listens.
        app_url: The address of the app as people open it, for links; empty writes none.
        link_hours: How long links to files hold at most.
    """

    mail: Notice | None = None
    recipient: str = ""
    topic: Notice | None = None
    app_url: str = ""
    link_hours: int = 24

    def address(self, username: str) -> str:
        """Where this person is written to; empty when that is not known."""
        if self.recipient:
            return self.recipient.replace("{username}", username)
        return username if "@" in username else ""


class ReportLink(Protocol):
    """Gives an address of a run's report, for whoever has it."""

    def __call__(self, tenant_id: str, job_id: str, *, seconds: int) -> str | None:
        """None where the storage gives no links. Raises AppError."""
        ...


class RunNotices:
    """Tells the end of runs.

    Args:
        channels: None where nobody is told outside the app.
        files: Where what was told to a topic is marked; without it a topic may be told twice after a crash.
        report_link: Without it notices have no link to the report.
        now: The clock, for tests.
    """

    def __init__(
        self,
        repository: ImageRepository,
        notices: BatchNotices,
        channels: Channels | None = None,
        *,
        files: ImageFiles | None = None,
        report_link: ReportLink | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._repository = repository
        self._notices = notices
        self._channels = channels or Channels()
        self._files = files
        self._report_link = report_link
        self._now = now or (lambda: datetime.now(UTC))

    def tell(self, job: Job, totals: RunTotals) -> Mapping[str, Any]:
        """Tell the end of a round of a run; told again, nothing happens in the app, and mailboxes show one mail.

        Returns:
            What belongs into the job's result: ``notice`` (how the run ended), ``mail`` and, where there is one,
            ``topic``: ``sent``, ``off``, ``no-address``, or ``failed`` with ``mail_cause`` or ``topic_cause``. What
            cannot be sent on one way fails nothing, and is sent on the other.
        """
        batch = self._repository.get_batch(job.tenant_id, str(job.arguments["batch_id"]))
        refused = sum(1 for image in self._repository.list_images(job.tenant_id, batch.id) if not image.sha256)
        words = notice_words(totals, 0 if job.arguments.get("positions") is not None else refused)
        told = self._send(job, batch, totals, words)
        for way, failed in (("mail", "The e-mail about it"), ("topic", "The notice about it to the topic")):
            if told.get(way) == "failed":
                words = f"{words} {failed} could not be sent: {told[f'{way}_cause']}"
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

    def _send(self, job: Job, batch: ImageBatch, totals: RunTotals, words: str) -> dict[str, str]:
        channels = self._channels
        address = channels.address(job.username)
        told = {"mail": "off" if channels.mail is None else "" if address else "no-address"}
        if channels.topic is not None:
            told["topic"] = "" if self._is_untold(job, batch) else "sent"
        if "" not in told.values():
            return told
        text = self._text(job, batch, totals, words)
        title = subject(batch.title, totals.state)
        facts = {"tenant": job.tenant_id, "kind": job.kind, "result": totals.state.value}
        for way, channel, recipient in (
            ("mail", channels.mail, address),
            ("topic", channels.topic, job.username),
        ):
            if channel is None or told[way]:
                continue
            try:
                channel.send(recipient, title, text, key=f"{job.id}.{job.round}", facts=facts)
                told[way] = "sent"
            except AppError as error:
                _log.warning("notice-not-sent", job=job.id, way=way, code=error.code)
                told |= {way: "failed", f"{way}_cause": error.message_for_user}
                if way == "topic" and self._files is not None:
                    with contextlib.suppress(AppError):
                        self._files.delete(_mark(job, batch))
        return told

    def _is_untold(self, job: Job, batch: ImageBatch) -> bool:
        """Whether nobody began to tell this round to the topic: telling twice is worse than not at all."""
        if self._files is None:
            return True
        try:
            self._files.write_new(_mark(job, batch), b"topic")
        except ConflictError:
            return False
        except AppError as error:
            _log.warning("notice-not-marked", job=job.id, code=error.code)
        return True

    def _text(self, job: Job, batch: ImageBatch, totals: RunTotals, words: str) -> str:
        lines = [words, ""]
        if app_url := self._channels.app_url.rstrip("/"):
            link = urlencode({"batch": batch.id, "run": job.id})
            lines.append(f"Results and report: {app_url}/{PAGE_PATH}?{link}")
            if totals.done:
                lines.append(
                    f"All results as a zip: {app_url}/downloads/{PAGE_PATH}/{quote(job.tenant_id)}/{job.id}.zip"
                )
        if report := self._link_to_report(job):
            count = self._channels.link_hours
            time = "1 hour" if count == 1 else f"{count} hours"
            lines.append(f"Report (CSV): {report}")
            lines.append(f"The link to the report works for at most {time}, for everyone who has it.")
        return "\n".join(lines).strip() + "\n"

    def _link_to_report(self, job: Job) -> str | None:
        if self._report_link is None:
            return None
        try:
            return self._report_link(job.tenant_id, job.id, seconds=self._channels.link_hours * 3600)
        except AppError as error:
            _log.warning("report-not-linked", job=job.id, code=error.code)
            return None


def _mark(job: Job, batch: ImageBatch) -> str:
    return f"{run_folder(job.tenant_id, batch.id)}/{job.id}/told-{job.round}"


def subject(title: str, state: NoticeState) -> str:
    """The subject of the message: how it ended comes first."""
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
