"""What a run did to every photo, for people who go on working with it elsewhere: as JSON and as a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.batch_views import RunItem, may_pass_unchanged
from services.images.models import BatchImage, ImageFailure
from services.images.totals import RunTotals
from services.jobs.models import ItemStatus, Job
from services.spreadsheets import safe_text

_JOINED_BY = " | "
COLUMNS = (
    "number",
    "file",
    "status",
    "error_code",
    "cause",
    "remedy",
    "can_be_retried",
    "output",
    "labels_kept",
    "labels_dropped",
    "background",
    "prompt",
    "negative_prompt",
    "mode",
    "variations",
    "seed",
    "seeds_used",
    "size",
    "padding",
    "shadow",
    "backend",
    "verb",
    "origins",
    "reused",
    "started_at",
    "finished_at",
    "seconds",
    "cost_usd",
    "calls",
    "attempts",
    "mask_method",
    "mask_doubts",
    "mask_approved",
    "review",
    "notes",
)


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run with everything that its report tells.

    Attributes:
        batch_title: Empty when the batch was deleted.
        items: All of the run.
        refused: Photos of the batch that were refused at upload, and so were not in the run.
        outputs: What the results are called in the zip, by the photo's file name.
    """

    job: Job
    wish: BackgroundWish
    batch_title: str
    items: Sequence[RunItem]
    refused: Sequence[BatchImage]
    outputs: Mapping[str, Sequence[str]]
    totals: RunTotals


def report_values(report: RunReport) -> dict[str, Any]:
    """The whole report, JSON-able: ``run``, then ``images`` with the refused ones last."""
    job = report.job
    return {
        "run": {
            "id": job.id,
            "title": job.title,
            "batch": report.batch_title,
            "started_by": job.username,
            "status": job.status.value,
            "outcome": None if job.status.live else report.totals.state.value,
            "created_at": moment(job.created_at),
            "started_at": moment(job.started_at),
            "finished_at": moment(job.finished_at),
            "error_code": job.error_code,
            "cause": job.cause,
            "counts": {status.value: job.counts[status] for status in ItemStatus} | {"refused": len(report.refused)},
            **report.totals.values(),
            "mail": job.result.get("mail"),
            **wish_values(report.wish),
        },
        "images": [*(_item_values(report, one) for one in report.items), *map(_refused_values, report.refused)],
    }


def report_json(report: RunReport) -> bytes:
    """:func:`report_values` in UTF-8."""
    return json.dumps(report_values(report), ensure_ascii=False, indent=2, allow_nan=False).encode()


def report_csv(report: RunReport) -> bytes:
    """One row per photo, the columns :data:`COLUMNS`, UTF-8 with a byte order mark so that spreadsheets read it right.

    Several labels, results, doubts or notes of one photo stand in one cell, joined by `` | ``.
    """
    shared = wish_values(report.wish)
    return rows_csv({**shared, **image} for image in report_values(report)["images"])


def rows_csv(images: Iterable[Mapping[str, Any]]) -> bytes:
    """Images of a report as a table."""
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, image in enumerate(images, start=1):
        values = {"number": number, **image}
        writer.writerow(_cell(values.get(column)) for column in COLUMNS)
    return output.getvalue().encode("utf-8-sig")


def wish_values(wish: BackgroundWish) -> dict[str, Any]:
    """What was asked for, as reports have it."""
    return {
        "background": wish.kind.value,
        "prompt": wish.prompt if wish.kind is BackgroundKind.PROMPT else "",
        "negative_prompt": wish.negative_prompt if wish.kind is BackgroundKind.PROMPT else "",
        "color": wish.color if wish.kind is BackgroundKind.COLOR else "",
        "backdrop_id": wish.backdrop_id if wish.kind is BackgroundKind.BACKDROP else "",
        "mode": wish.mode.value,
        "variations": wish.variations if wish.kind is BackgroundKind.PROMPT else 1,
        "seed": wish.seed if wish.kind is BackgroundKind.PROMPT else None,
        "size": wish.size.value,
        "padding": wish.padding,
        "shadow": wish.shadow,
    }


def failure_values(failure: ImageFailure | None) -> dict[str, str]:
    """Why a photo failed, as reports have it; empty when it did not."""
    if failure is None:
        return {"error_code": "", "cause": "", "remedy": ""}
    return {"error_code": failure.code, "cause": failure.cause, "remedy": failure.remedy}


def moment(value: datetime | None) -> str | None:
    """UTC, ISO 8601."""
    return value.isoformat(timespec="seconds") if value else None


def _item_values(report: RunReport, one: RunItem) -> dict[str, Any]:
    item, result = one.item, one.item.result
    failed = item.status is ItemStatus.FAILED
    # What waits for its next try has a cause too.
    failure = ImageFailure(item.error_code, item.cause, item.remedy) if item.error_code else None
    reviews = {review.variation: review.review.value for review in one.reviews}
    outputs = report.outputs.get(item.name, ())
    return {
        "file": item.name,
        "status": item.status.value,
        **failure_values(failure),
        "can_be_retried": may_pass_unchanged(item) if failed else None,
        "output": list(outputs),
        "labels_kept": result.get("labels_kept", []),
        "labels_dropped": result.get("labels_dropped", []),
        "backend": result.get("backend", ""),
        "verb": result.get("verb", ""),
        "seeds_used": [composite.seed for composite in one.composites],
        "origins": [composite.origin for composite in one.composites],
        "reused": result.get("reused"),
        "started_at": moment(item.started_at),
        "finished_at": moment(item.finished_at),
        "seconds": result.get("seconds"),
        "cost_usd": result.get("cost_usd"),
        "calls": result.get("calls"),
        "attempts": item.attempts,
        "mask_method": result.get("mask_method", ""),
        "mask_doubts": result.get("mask_doubts", []),
        "mask_approved": result.get("mask_approved"),
        "review": [reviews.get(composite.variation, "unreviewed") for composite in one.composites],
        "notes": [*result.get("notes", ()), *(composite.note for composite in one.composites if composite.note)],
        "composites": [
            {
                "output": output,
                "variation": composite.variation,
                "seed": composite.seed,
                "origin": composite.origin,
                "note": composite.note,
                "width": composite.width,
                "height": composite.height,
                "review": reviews.get(composite.variation, "unreviewed"),
            }
            for composite, output in zip(one.composites, outputs, strict=False)
        ],
    }


def _refused_values(image: BatchImage) -> dict[str, Any]:
    return {"file": image.file_name, "status": "refused", **failure_values(image.failure), "output": []}


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        value = _JOINED_BY.join("" if one is None else str(one) for one in value)
    if isinstance(value, str):
        return safe_text(value)
    return value
