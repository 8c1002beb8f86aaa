"""Writes what was found in responses as CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from typing import TextIO

from services.surveys.exports.cells import safe_cell
from services.surveys.models import Response, ResponseFinding

COLUMNS = ("id", "text", "topics", "sentiment", "topic_sentiments", "confidence", "evidence", "other_reason")
REVIEW_COLUMN = "needs_review"
SEPARATOR = "|"


def write_findings(
    file: TextIO, findings: Iterable[tuple[Response, ResponseFinding]], *, with_review: bool = False
) -> int:
    """Write a row per response, in the order given.

    ``topics`` are ids joined by ``|``, the surest first; ``evidence`` has the passage of each in the same order, joined
    likewise; ``topic_sentiments`` is JSON from topic id to sentiment. Cells that a spreadsheet would take for a formula
    get an apostrophe in front.

    Args:
        file: Opened with ``newline=""``.
        with_review: Whether there is a last column with the reasons why a person should look.

    Returns:
        How many responses were written.
    """
    writer = csv.writer(file)
    writer.writerow((*COLUMNS, REVIEW_COLUMN) if with_review else COLUMNS)
    count = 0
    for response, finding in findings:
        row = _row(response, finding)
        if with_review:
            row.append(SEPARATOR.join(finding.needs_review))
        writer.writerow([safe_cell(cell) for cell in row])
        count += 1
    return count


def _row(response: Response, finding: ResponseFinding) -> list[str]:
    sentiments = {topic.topic_id: topic.sentiment.value for topic in finding.topics}
    return [
        response.id,
        response.text,
        SEPARATOR.join(topic.topic_id for topic in finding.topics),
        finding.sentiment.value,
        json.dumps(sentiments, ensure_ascii=False),
        f"{finding.confidence:.4f}",
        SEPARATOR.join(response.text[topic.start : topic.end] for topic in finding.topics),
        finding.other_reason.value if finding.other_reason else "",
    ]
