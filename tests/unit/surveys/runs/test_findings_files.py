"""Findings by columns and in files."""

from __future__ import annotations

import numpy as np
import pytest

from services.surveys.findings import RunFindings
from services.surveys.findings_files import (
    decode_findings,
    encode_findings,
    facts_in,
    finding_in,
    findings_of,
    joined_findings,
    nothing_found,
)
from services.surveys.models import OtherReason, ResponseFinding, Sentiment, TopicFinding
from services.surveys.review_reasons import ReviewReason

TOPICS = ("price", "staff", "app")
EVERYTHING = ResponseFinding(
    "1",
    (TopicFinding("app", Sentiment.NEGATIVE, 0.9, 4, 19), TopicFinding("price", Sentiment.MIXED, 0.25, 0, 3)),
    Sentiment.MIXED,
    0.5,
    None,
    (ReviewReason.WEAK_TOPIC.value, ReviewReason.VERY_LONG.value),
)
OTHER = ResponseFinding("2", (), Sentiment.NEUTRAL, 0.0, OtherReason.NOT_UNDERSTOOD)
ONE = ResponseFinding("3", (TopicFinding("staff", Sentiment.POSITIVE, 1.0, 2, 70_000),), Sentiment.POSITIVE, 1.0)


def assert_same(one: RunFindings, other: RunFindings) -> None:
    for name in RunFindings.__slots__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, np.ndarray):
            assert (mine.dtype, mine.tolist()) == (theirs.dtype, theirs.tolist()), name
        else:
            assert mine == theirs, name


def test_what_an_analyzer_found_comes_back_from_columns() -> None:
    findings = findings_of([EVERYTHING, OTHER, ONE], TOPICS)
    assert [finding_in(findings, text, str(text + 1)) for text in range(3)] == [EVERYTHING, OTHER, ONE]


def test_what_an_analyzer_found_comes_back_from_a_file() -> None:
    findings = findings_of([EVERYTHING, OTHER, ONE], TOPICS)
    assert_same(decode_findings(encode_findings(findings)), findings)


@pytest.mark.parametrize("found", [[], [OTHER], [OTHER, OTHER]])
def test_findings_without_any_topic_come_back_from_a_file(found: list[ResponseFinding]) -> None:
    findings = findings_of(found, TOPICS)
    assert_same(decode_findings(encode_findings(findings)), findings)


def test_facts_are_read_beside_the_findings() -> None:
    assert facts_in(encode_findings(findings_of([ONE], TOPICS), {"calls": 2, "cost_usd": None})) == {
        "calls": 2,
        "cost_usd": None,
    }


def test_file_that_was_cut_off_is_known_as_no_file() -> None:
    with pytest.raises(ValueError, match="Parquet"):
        facts_in(encode_findings(findings_of([ONE], TOPICS))[:-40])


def test_parts_are_joined_in_the_order_of_their_texts() -> None:
    rows = np.array([0, 3, 3, 1, 2, 4], np.int32)
    parts = [findings_of([EVERYTHING, OTHER], TOPICS), nothing_found(2, TOPICS), findings_of([ONE], TOPICS)]
    findings = joined_findings(parts, rows)
    assert (findings.row_count, findings.text_count) == (6, 5)
    assert [finding_in(findings, text) is None for text in range(5)] == [False, False, True, True, False]
    assert finding_in(findings, 0, "1") == EVERYTHING
    assert finding_in(findings, 4, "3") == ONE
    assert_same(decode_findings(encode_findings(findings), rows), findings)


def test_topic_outside_the_taxonomy_is_not_taken() -> None:
    with pytest.raises(KeyError):
        findings_of([ONE], ("price",))
