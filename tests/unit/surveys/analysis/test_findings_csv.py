"""Findings as CSV."""

from __future__ import annotations

import csv
import io
import json

from services.surveys.findings_csv import COLUMNS, write_findings
from services.surveys.models import OtherReason, Response, ResponseFinding, Sentiment, TopicFinding

TEXT = "=Cheap, but\nrude"
FOUND = ResponseFinding(
    "@1",
    (TopicFinding("price", Sentiment.POSITIVE, 0.9, 1, 6), TopicFinding("staff", Sentiment.NEGATIVE, 0.7, 8, 16)),
    Sentiment.MIXED,
    0.81234,
    needs_review=("mixed-feelings",),
)
OTHER = ResponseFinding("2", (), Sentiment.NEUTRAL, 0.0, OtherReason.JUNK)


def rows(*, with_review: bool = False) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    pairs = [(Response("@1", TEXT), FOUND), (Response("2", "-"), OTHER)]
    assert write_findings(file, pairs, with_review=with_review) == 2
    return list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))


def test_columns_are_those_that_are_relied_upon() -> None:
    assert tuple(rows()[0]) == COLUMNS
    assert ",".join(COLUMNS) == "id,text,topics,sentiment,topic_sentiments,confidence,evidence,other_reason"
    assert list(rows(with_review=True)[0])[-1] == "needs_review"


def test_topics_and_their_evidence_stand_in_the_same_order() -> None:
    found = rows()[0]
    assert found["topics"] == "price|staff"
    assert found["evidence"] == "Cheap|but\nrude"
    assert json.loads(found["topic_sentiments"]) == {"price": "positive", "staff": "negative"}
    assert (found["sentiment"], found["confidence"], found["other_reason"]) == ("mixed", "0.8123", "")


def test_other_has_no_topics_and_a_reason() -> None:
    found = rows()[1]
    assert (found["topics"], found["topic_sentiments"], found["other_reason"]) == ("", "{}", "junk")


def test_cells_that_look_like_formulas_are_text() -> None:
    assert [rows()[0]["id"], rows()[0]["text"], rows()[1]["text"]] == ["'@1", f"'{TEXT}", "'-"]
