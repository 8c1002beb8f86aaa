"""The export of answers as a table."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pandas as pd

from services.answers.export import answers_csv
from services.answers.models import Answer, AnswerStatus, Band, Citation, Notice, NoticeKind, Rating

CITATION = Citation("codes.md", 3, "Claim codes", None, "Code 75", None, "Code 75 needs PA-100.", 0, 21, 1.0)


def an_answer(question: str, **values: object) -> Answer:
    return Answer(
        id="a",
        conversation_id="c",
        tenant_id="pharmacy",
        username="ana",
        asked_at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
        status=AnswerStatus.DONE,
        question=question,
        **values,  # type: ignore[arg-type]
    )


def read(data: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(data), encoding="utf-8-sig", keep_default_na=False)


def test_every_answer_is_a_row_with_both_versions_and_its_sources() -> None:
    answer = an_answer(
        "reject 75?",
        band=Band.DRAFT,
        text="Code 75 needs PA-100.",
        edited_text="Send PA-100,\nplease.",
        citations=(CITATION, CITATION),
        snapshot=2,
        backend="extractive",
        rating=Rating.DOWN,
        rating_reason="outdated",
    )
    row = read(answers_csv([answer])).iloc[0]
    assert row["asked_at"] == "2026-11-21T09:30:00+00:00"
    assert (row["draft"], row["edited"]) == ("Code 75 needs PA-100.", "Send PA-100,\nplease.")
    assert row["sources"] == "Claim codes › Code 75 (version 3)"
    assert (row["band"], row["rating"], row["rating_reason"]) == ("draft", "down", "outdated")


def test_cells_that_a_spreadsheet_would_run_become_text() -> None:
    questions = ["=1+1", "+1 800", "-5 days?", "@SUM(A1)", "plain"]
    exported = read(answers_csv([an_answer(question) for question in questions]))
    assert list(exported["question"]) == ["'=1+1", "'+1 800", "'-5 days?", "'@SUM(A1)", "plain"]


def test_answer_of_the_fallback_says_for_whom_it_stood_in() -> None:
    notices = (Notice(NoticeKind.FALLBACK, "bedrock"),)
    answers = [an_answer("a?", backend="extractive", notices=notices), an_answer("b?", backend="bedrock")]
    exported = read(answers_csv(answers))
    assert list(exported["backend"]) == ["extractive", "bedrock"]
    assert list(exported["instead_of"]) == ["bedrock", ""]
