"""Documents for the contracts of the knowledge ports."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime

from services.knowledge.models import Document, DocumentVersion, Section, Snapshot
from services.ports.snapshots import SnapshotRepository

LOADED_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def document(document_id: str, title: str, *bodies: str, questions: tuple[str, ...] = ()) -> Document:
    """A document with one section per body; the first carries the question phrasings."""
    text = ""
    sections = []
    for number, body in enumerate(bodies, start=1):
        heading = f"Part {number}"
        text += f"{heading}\n"
        sections.append(
            Section((heading,), len(text), len(text) + len(body), questions=questions if number == 1 else ())
        )
        text += f"{body}\n"
    return Document(document_id, title, text, tuple(sections), "text/markdown", source_name=document_id)


def version(made: Document, number: int = 1) -> DocumentVersion:
    """The document as it is stored."""
    return DocumentVersion(made, number, LOADED_AT)


AUTHORIZATION = document(
    "authorization.md",
    "Prior authorization",
    "Form PA-100 is signed by the prescriber. The plan answers within three working days.",
    "Form PA-1000 is for appeals only. An appeal goes to the second reviewer.",
)
REJECTS = document(
    "rejects.md",
    "Claim rejects",
    "Reject 75 means that prior authorization is required before the claim is paid.",
    "Reject 79 means that the refill is too soon. Call the plan at 1-800-555-0142 for an override.",
)
STORAGE = document(
    "storage.md",
    "Cold storage",
    "Insulin is kept in the refrigerator. An open pen lasts 28 days at room temperature.",
    questions=("How long can a pen stay out of the fridge?",),
)
DOCUMENTS = (AUTHORIZATION, REJECTS, STORAGE)


def full_document() -> Document:
    """A document with every field set."""
    return Document(
        id="policies/returns.pdf",
        title="Returns",
        text="Returns\nWithin 30 days.\nRefunds\nWithin a week – by the same way.",
        sections=(
            Section(("Returns",), 8, 23, 1, ("Can I return it?", "How long?"), "https://kb/returns#1"),
            Section(("Refunds", "Ways"), 32, 66, 2),
        ),
        media_type="application/pdf",
        url="https://kb/returns",
        owner="Care",
        reviewed_on=date(2026, 1, 15),
        valid_until=date(2027, 1, 15),
        source_name="returns.pdf",
        source_sha256="0" * 64,
    )


def record_snapshot(repository: SnapshotRepository, made: Snapshot) -> Snapshot:
    """Reserve and complete snapshots until the one with this number is recorded."""
    while True:
        reserved = repository.reserve_snapshot(made, build_id=uuid.uuid4().hex)
        recorded = replace(made, number=reserved.number)
        repository.complete_snapshot(recorded)
        if reserved.number >= made.number:
            return recorded


def publish(repository: SnapshotRepository, tenant: str, number: int) -> None:
    """Make a recorded snapshot the one that answers."""
    repository.publish(tenant, number, at=LOADED_AT)
