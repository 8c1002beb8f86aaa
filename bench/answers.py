"""Whether drafts quote the right place: documents, expected sentences, offsets, and how long it takes."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.frontline import SAMPLES, load_samples, services_of
from bench.page import Figures, goals, percent, spread, table
from bench.places import Places

if TYPE_CHECKING:
    from services.answers.models import Answer
    from services.bootstrap import Services
    from services.knowledge.models import GoldenQuestion

TOP = 4
"""Passages that the local generator reads."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One golden question's answer."""

    drafted: bool
    first: bool
    in_top: bool
    cited: bool
    cited_first: bool
    quoted: bool
    quoted_by_first_three: bool
    citations: int
    exact_citations: int
    wall_ms: float
    cpu_ms: float


def normalized(text: str) -> str:
    """Words alone, in lower case: what is left when spaces and punctuation no longer count."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def holds(text: str, quotes: Sequence[str]) -> bool:
    """Whether a text holds one of the quotes word for word."""
    padded = f" {normalized(text)} "
    return any(f" {normalized(quote)} " in padded for quote in quotes if normalized(quote))


def measure(places: Places) -> Figures:
    """Answer the golden test questions of both sample tenants."""
    from app.sample_tenants import SAMPLE_DATA
    from services.knowledge.question_files import read_golden_questions

    load_samples(places.home)
    tenants: dict[str, Figures] = {}
    with services_of(places.home) as services:
        for tenant in SAMPLES:
            golden = read_golden_questions(SAMPLE_DATA / tenant / "golden_questions.jsonl")
            asked = [one for one in golden if one.split == "test" and one.answerable]
            services.answers.answer_once(tenant, asked[0].text)  # opens the snapshot
            tenants[tenant] = _summary([_judge(services, tenant, question) for question in asked])
            print(tenant, tenants[tenant], flush=True)
    return {"tenants": tenants}


def _judge(services: Services, tenant: str, question: GoldenQuestion) -> Judged:
    from services.answers.models import Band

    started = time.process_time()
    answer = services.answers.answer_once(tenant, question.text)
    cpu_ms = (time.process_time() - started) * 1000
    right = {expected.document_id for expected in question.expected}
    quotes = [expected.quote for expected in question.expected]
    found = [passage.document_id for passage in answer.passages]
    cited = [citation.document_id for citation in answer.citations]
    return Judged(
        drafted=answer.band is Band.DRAFT,
        first=bool(right.intersection(found[:1])),
        in_top=bool(right.intersection(found[:TOP])),
        cited=bool(right.intersection(cited)),
        cited_first=bool(right.intersection(cited[:1])),
        quoted=holds(answer.text, quotes),
        quoted_by_first_three=any(holds(passage.text, quotes) for passage in answer.passages[:3]),
        citations=len(answer.citations),
        exact_citations=_exact(services, tenant, answer),
        wall_ms=answer.total_ms or 0.0,
        cpu_ms=cpu_ms,
    )


def _exact(services: Services, tenant: str, answer: Answer) -> int:
    """Citations whose quote is what stands at their offsets in the stored document."""
    exact = 0
    for citation in answer.citations:
        stored = services.knowledge.get_document(tenant, citation.document_id, citation.document_version)
        exact += stored.document.text[citation.start : citation.end] == citation.quote
    return exact


def _summary(judged: Sequence[Judged]) -> Figures:
    drafts = [one for one in judged if one.drafted]
    return {
        "questions": len(judged),
        "drafts": len(drafts),
        "right_document_first": _share([one.first for one in judged]),
        "right_document_in_top_4": _share([one.in_top for one in judged]),
        "draft_cites_right_document": _share([one.cited for one in drafts]),
        "draft_cites_right_document_first": _share([one.cited_first for one in drafts]),
        "draft_holds_quote": _share([one.quoted for one in drafts]),
        "three_passages_hold_quote": _share([one.quoted_by_first_three for one in judged]),
        "citations": sum(one.citations for one in judged),
        "exact_citations": sum(one.exact_citations for one in judged),
        "wall_ms": dict(spread([one.wall_ms for one in judged])),
        "cpu_ms": dict(spread([one.cpu_ms for one in judged])),
    }


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0


ROWS = (
    ("right_document_first", "Right document first among the passages, of all questions"),
    ("right_document_in_top_4", "Right document among the first four passages, of all questions"),
    ("three_passages_hold_quote", "Expected sentence in the first three passages, of all questions"),
    ("draft_cites_right_document_first", "First citation is of a right document, of the drafts"),
    ("draft_cites_right_document", "Any citation is of a right document, of the drafts"),
    ("draft_holds_quote", "Expected sentence stands in the draft, of the drafts"),
)


def text(figures: Figures) -> str:
    """The section."""
    tenants: dict[str, Figures] = figures["tenants"]
    citations = sum(one["citations"] for one in tenants.values())
    exact = sum(one["exact_citations"] for one in tenants.values())
    rows = [("Golden questions of the split `test`", *(str(one["questions"]) for one in tenants.values()))]
    rows += [("Drafts", *(str(one["drafts"]) for one in tenants.values()))]
    rows += [(words, *(percent(one[name]) for one in tenants.values())) for name, words in ROWS]
    for name, words in (("cpu_ms", "CPU"), ("wall_ms", "Wall-clock")):
        rows.append(
            (
                f"{words} ms per answer, median / 95th percentile",
                *(f"{one[name]['p50']:.0f} / {one[name]['p95']:.0f}" for one in tenants.values()),
            )
        )
    return "\n\n".join(
        (
            goals([("Quotes that stand at their offsets", "all", f"{exact} of {citations}", exact == citations)]),
            table(("", *tenants), rows),
        )
    )
