"""Answers as a table for people who go on working with them elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from services.answers.models import Answer, NoticeKind
from services.spreadsheets import safe_text


def answers_csv(answers: Sequence[Answer]) -> bytes:
    """A CSV file, UTF-8 with a byte order mark so that spreadsheets read it right, one row per answer.

    Columns: asked_at (UTC, ISO 8601), question, band, draft, edited, sources (title › section and version),
    knowledge_base_version, backend, instead_of (the backend that could not answer), rating, rating_reason,
    rating_comment, starred, sent_to_knowledge_team.
    """
    rows = [
        {
            "asked_at": answer.asked_at.isoformat(timespec="seconds"),
            "question": answer.question,
            "band": answer.band.value if answer.band else answer.status.value,
            "draft": answer.text,
            "edited": answer.edited_text or "",
            "sources": " | ".join(dict.fromkeys(_source(answer))),
            "knowledge_base_version": answer.snapshot,
            "backend": answer.backend,
            "instead_of": _could_not(answer),
            "rating": answer.rating.value if answer.rating else "",
            "rating_reason": answer.rating_reason or "",
            "rating_comment": answer.rating_comment or "",
            "starred": "yes" if answer.starred else "no",
            "sent_to_knowledge_team": "yes" if answer.escalated_at else "no",
        }
        for answer in answers
    ]
    table = pd.DataFrame(rows).map(_as_text)
    return table.to_csv(index=False).encode("utf-8-sig")


def _source(answer: Answer) -> list[str]:
    return [
        f"{citation.title}{f' › {citation.section}' if citation.section else ''} (version {citation.document_version})"
        for citation in answer.citations
    ]


def _could_not(answer: Answer) -> str:
    return next((notice.detail for notice in answer.notices if notice.kind is NoticeKind.FALLBACK), "")


def _as_text(value: object) -> object:
    return safe_text(value) if isinstance(value, str) else value
