"""What came of a job, as a table for people who go on working with it elsewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import datetime

from services.jobs.models import ItemStatus, JobItem
from services.spreadsheets import safe_text


def job_report_csv(items: Iterable[JobItem], describe: Callable[[JobItem], str]) -> bytes:
    """A CSV file, UTF-8 with a byte order mark so that spreadsheets read it right, one row per item.

    Columns: number (from 1), name, state, what_came_of_it, remedy, can_be_retried, attempts, started_at and finished_at
    (UTC, ISO 8601).

    Args:
        describe: Turns the result of a done item into words.
    """
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(
        (
            "number",
            "name",
            "state",
            "what_came_of_it",
            "remedy",
            "can_be_retried",
            "attempts",
            "started_at",
            "finished_at",
        )
    )
    for item in items:
        failed = item.status is ItemStatus.FAILED
        outcome = item.cause if failed else describe(item) if item.status is ItemStatus.DONE else ""
        writer.writerow(
            (
                item.position + 1,
                safe_text(item.name),
                item.status.value,
                safe_text(outcome),
                safe_text(item.remedy),
                ("yes" if item.retryable else "no") if failed else "",
                item.attempts,
                _moment(item.started_at),
                _moment(item.finished_at),
            )
        )
    return output.getvalue().encode("utf-8-sig")


def _moment(value: datetime | None) -> str:
    return value.isoformat(timespec="seconds") if value else ""
