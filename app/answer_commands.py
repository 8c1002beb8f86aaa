"""The commands that answer questions and load the sample tenants."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from app.terminal import open_services, tenant_id
from services.answers.models import Answer, Band, NoticeKind

BAND_WORDS = {
    Band.DRAFT: "Found in the knowledge base",
    Band.SOURCES_ONLY: "Sources only: read before you answer",
    Band.NOT_FOUND: "Not in the knowledge base: ask a supervisor or rephrase",
}


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (ask, load_sample):
        cli.command()(command)


def ask(
    question: Annotated[str, typer.Argument(help="What the customer asks, in plain words.")],
    tenant: Annotated[str, typer.Option(help="Id of the tenant, such as pharmacy.", callback=tenant_id)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of text.")] = False,
) -> None:
    """Answer one question from a tenant's published knowledge base, with its sources. Nothing is stored.

    The JSON has question, band (draft, sources_only or not_found), answer, citations, snapshot, backend, retrieval_ms
    and total_ms. A citation's start and end count characters in the document's text, as `show-document` prints it.
    """
    services = open_services()
    services.accounts.get_tenant(tenant)
    services.warm_up()
    answer = services.answers.answer_once(tenant, question)
    if as_json:
        print(json.dumps(answer_values(answer), ensure_ascii=False, indent=2))
    else:
        _print_answer(answer)


def load_sample(
    force: Annotated[bool, typer.Option("--force", help="Load again although the sample tenants are there.")] = False,
) -> None:
    """Load the two sample tenants with golden questions, calibrate them, and load what is missing of the sample survey.

    The survey has two waves; a run of each is left for a worker to make.
    """
    from app.sample_tenants import load_sample_tenants

    for line in load_sample_tenants(open_services(), force=force):
        print(line, flush=True)


def answer_values(answer: Answer) -> dict[str, object]:
    """An answer as the values of the command's JSON."""
    citations = [
        {
            name: value
            for name, value in asdict(citation).items()
            if name in {"document_id", "title", "url", "section", "page", "quote", "start", "end", "score"}
        }
        for citation in answer.citations
    ]
    if answer.band is Band.SOURCES_ONLY:
        citations = [
            {
                "document_id": passage.document_id,
                "title": passage.title,
                "url": passage.url,
                "section": passage.section,
                "page": passage.page,
                "quote": passage.text,
                "start": passage.start,
                "end": passage.end,
                "score": passage.score,
            }
            for passage in answer.passages
        ]
    return {
        "question": answer.question,
        "searched_question": answer.searched_question,
        "notices": [{"kind": notice.kind.value, "detail": notice.detail} for notice in answer.notices],
        "band": answer.band.value if answer.band else None,
        "answer": answer.text,
        "statements": [
            {"text": statement.text, "citations": list(statement.citation_numbers)} for statement in answer.statements
        ],
        "citations": citations,
        "snapshot": answer.snapshot,
        "backend": answer.backend,
        "retrieval_ms": round(answer.retrieval_ms or 0.0, 1),
        "total_ms": round(answer.total_ms or 0.0, 1),
    }


def _print_answer(answer: Answer) -> None:
    if answer.band is None:
        return
    print(BAND_WORDS[answer.band])
    for notice in answer.notices:
        if notice.kind is NoticeKind.FALLBACK:
            print(f"  The backend {notice.detail} could not answer ({answer.error_code}); {answer.backend} did.")
    for statement in answer.statements:
        marks = "".join(f" [{number}]" for number in statement.citation_numbers) or " (no source supports this)"
        print(f"  {statement.text}{marks}")
    for number, citation in enumerate(answer.citations, start=1):
        section = f" › {citation.section}" if citation.section else ""
        print(f"[{number}] {citation.title}{section}{f', page {citation.page}' if citation.page else ''}")
    if answer.band is Band.SOURCES_ONLY:
        for passage in answer.passages:
            print(f"- {passage.title}{f' › {passage.section}' if passage.section else ''}: {passage.text}")
