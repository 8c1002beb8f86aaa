"""Puts an answer's citations together with the documents they quote, ready to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from components.wiring import Services
from services.answers.excerpts import Excerpt, excerpts_around
from services.answers.models import Answer, Band, Citation
from services.errors import NotFoundError
from services.knowledge.models import DocumentVersion, Passage, Section

MOST_PASSAGES = 3
MOST_UNCITED = 3


@dataclass(frozen=True, slots=True)
class Source:
    """One place in one version of a document.

    Attributes:
        numbers: The citation marks that lead here; empty for a passage that was found and not cited.
        spans: The quoted words, as offsets in the document's text.
        stored: The document in that version; None when it is no longer kept.
        newest_version: Of the document; None when it is gone.
    """

    numbers: tuple[int, ...]
    document_id: str
    version: int
    title: str
    section: str
    page: int | None
    url: str | None
    excerpts: tuple[Excerpt, ...]
    spans: tuple[tuple[int, int], ...]
    stored: DocumentVersion | None
    newest_version: int | None

    @property
    def link(self) -> str | None:
        """The address of the original where it is one that a browser opens."""
        return self.url if self.url and urlsplit(self.url).scheme in {"http", "https"} else None

    @property
    def section_at(self) -> Section | None:
        """The section of the document that holds the first quoted word."""
        if self.stored is None or not self.spans:
            return None
        return _section_holding(self.stored, self.spans[0][0])


def anchor_of(answer: Answer, number: int) -> str:
    """The name in the address that a citation mark leads to; marks of one section lead to one place."""
    if 1 <= number <= len(answer.citations):
        place = _place(answer.citations[number - 1])
        number = 1 + next(at for at, citation in enumerate(answer.citations) if _place(citation) == place)
    return f"source-{answer.id[:8]}-{number}"


def cited_sources(app: Services, answer: Answer) -> list[Source]:
    """One source per cited section, in the order of their numbers; the passages themselves where nothing is quoted."""
    groups: dict[tuple[str, int, str], list[tuple[int, Citation]]] = {}
    for number, citation in enumerate(answer.citations, start=1):
        groups.setdefault(_place(citation), []).append((number, citation))
    if not groups and answer.band is Band.SOURCES_ONLY:
        shown = _one_per_section(answer.passages)[:MOST_PASSAGES]
        return [_passage_source(app, answer, (number,), found) for number, found in enumerate(shown, start=1)]
    return [_cited_source(app, answer, group) for group in groups.values()]


def uncited_sources(app: Services, answer: Answer) -> list[Source]:
    """The best passages that were found besides."""
    if answer.citations:
        cited = {(citation.document_id, citation.section) for citation in answer.citations}
        left = [passage for passage in answer.passages if (passage.document_id, passage.section) not in cited]
        left = _one_per_section(left)
    else:
        left = _one_per_section(answer.passages)[MOST_PASSAGES:]
    return [_passage_source(app, answer, (), passage) for passage in left[:MOST_UNCITED]]


def _one_per_section(passages: Sequence[Passage]) -> list[Passage]:
    best: dict[tuple[str, str], Passage] = {}
    for passage in passages:
        best.setdefault((passage.document_id, passage.section), passage)
    return list(best.values())


def _place(citation: Citation) -> tuple[str, int, str]:
    return citation.document_id, citation.document_version, citation.section


def _cited_source(app: Services, answer: Answer, group: Sequence[tuple[int, Citation]]) -> Source:
    first = group[0][1]
    spans = tuple(sorted((citation.start, citation.end) for _, citation in group))
    stored, newest = _document(app, answer.tenant_id, first.document_id, first.document_version)
    if stored is not None:
        section = _section_holding(stored, spans[0][0])
        within = (section.start, section.end) if section else (0, len(stored.document.text))
        excerpts = tuple(excerpts_around(stored.document.text, within, spans))
    else:
        excerpts = tuple(
            Excerpt(citation.quote, ((0, len(citation.quote)),), cut_before=True, cut_after=True)
            for _, citation in group
        )
    return Source(
        tuple(number for number, _ in group),
        first.document_id,
        first.document_version,
        first.title,
        first.section,
        first.page,
        first.url,
        excerpts,
        spans,
        stored,
        newest,
    )


def _passage_source(app: Services, answer: Answer, numbers: tuple[int, ...], passage: Passage) -> Source:
    stored, newest = _document(app, answer.tenant_id, passage.document_id, passage.document_version)
    return Source(
        numbers,
        passage.document_id,
        passage.document_version,
        passage.title,
        passage.section,
        passage.page,
        passage.url,
        tuple(excerpts_around(passage.text, (0, len(passage.text)), [])),
        ((passage.start, passage.end),),
        stored,
        newest,
    )


def _document(
    app: Services, tenant_id: str, document_id: str, version: int
) -> tuple[DocumentVersion | None, int | None]:
    try:
        stored = app.knowledge.get_document(tenant_id, document_id, version)
    except NotFoundError:
        stored = None
    try:
        newest = app.knowledge.get_document(tenant_id, document_id).version
    except NotFoundError:
        newest = None
    return stored, newest


def _section_holding(stored: DocumentVersion, offset: int) -> Section | None:
    return next((section for section in stored.document.sections if section.start <= offset < section.end), None)
