"""A document as Markdown that people can edit, and the edited Markdown as the document's next version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.errors import InputError
from services.knowledge.loading.blocks import one_line, same_words
from services.knowledge.loading.formats import Format
from services.knowledge.loading.loaded_file import Source
from services.knowledge.loading.markdown import load_markdown
from services.knowledge.models import Document, Section

_DEEPEST_HEADING = 6
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_LINE_START = re.compile(r"^(\s*)([-+=:]|\d+(?=[.)]))", re.MULTILINE)
_FRONT_MATTER_START = re.compile(r"\A---[ \t]*\r?\n")


def markdown_of_document(document: Document) -> str:
    """The title as ``# …``, a heading for every part of a section's path, and the bodies.

    Marks that Markdown would take for its own are escaped where the text would come back changed without that.
    """
    pieces = [f"# {_heading(document.title)}"]
    path: tuple[str, ...] = ()
    for position, section in enumerate(document.sections):
        shared = _shared_length(path, section.path)
        # After a deeper section the text goes on under its parent's heading, which must then be named again.
        goes_back = position > 0 and shared == len(section.path) and len(path) > len(section.path) > 0
        for depth in range(shared - 1 if goes_back else shared, len(section.path)):
            marks = "#" * min(depth + 2, _DEEPEST_HEADING)
            pieces.append(f"{marks} {_heading(section.path[depth])}")
        path = section.path
        body = document.text[section.start : section.end].strip("\n")
        if body.strip():
            pieces.append(_body(body))
    return "\n\n".join(pieces) + "\n"


def document_from_markdown(
    document_id: str, markdown: str, *, title: str, url: str | None, before: Document | None = None
) -> Document:
    """Parse edited Markdown.

    Args:
        title: The title; where it is still that of ``before``, a changed ``# …`` heading wins.
        before: The version that was edited: sections whose path is unchanged keep page, address and questions.

    Raises:
        InputError: there is no text.
    """
    # A rule at the very start would be taken for a block of properties.
    data = _FRONT_MATTER_START.sub("***\n", markdown.strip() + "\n").encode("utf-8", "replace")
    name = f"{document_id.rsplit('/', 1)[-1].rsplit('.', 1)[0] or 'document'}.md"
    try:
        (parsed,) = load_markdown(Source(name, document_id, data, "")).documents
    except InputError as exc:
        if exc.code != "no-text":
            raise
        raise InputError(
            "There is no text in the document.",
            code="no-text",
            remedy="Write at least one sentence, or delete the document instead.",
        ) from exc
    if before is not None and same_words(title, before.title):
        heading = next((line for line in markdown.splitlines() if line.strip()), "")
        title = parsed.title if re.match(r"#\s+\S", heading) else title
    sections = _without_title(parsed, title)
    if before is not None:
        sections = tuple(_carried_over(parsed.text, sections, before))
    return replace(
        parsed,
        title=title,
        url=url,
        sections=sections,
        media_type=Format.MARKDOWN.value,
        reviewed_on=before.reviewed_on if before else None,
    )


def _heading(text: str) -> str:
    line = one_line(text)
    return line if _comes_back(f"# {line}\n\nx", f"{line}\nx") else _MARKS.sub(r"\\\1", line)


def _body(body: str) -> str:
    """The body in the plainest Markdown that is read as the same text again."""
    broken = _with_hard_breaks(body)
    escaped = _LINE_START.sub(r"\1\\\2", _MARKS.sub(r"\\\1", body))
    candidates = (body, broken, _with_hard_breaks(_MARKS.sub(r"\\\1", body)), _with_hard_breaks(escaped))
    for candidate in candidates:
        if _comes_back(candidate, body):
            return candidate
    paragraphs = body.split("\n\n")
    if len(paragraphs) > 1:
        return "\n\n".join(_body(paragraph) for paragraph in paragraphs if paragraph.strip())
    return candidates[-1] if not body.startswith(" ") else broken


def _with_hard_breaks(text: str) -> str:
    return re.sub(r"(?<=\S)\n(?=[^\n])", "  \n", text)


def _comes_back(markdown: str, text: str) -> bool:
    try:
        (parsed,) = load_markdown(Source("x.md", "x.md", markdown.encode("utf-8", "replace"), "")).documents
    except (InputError, ValueError):
        return False
    if len(parsed.sections) == 1 and not parsed.sections[0].path:
        section = parsed.sections[0]
        return parsed.text == text or parsed.text[section.start : section.end] == text
    return parsed.text == text


def _shared_length(left: Sequence[str], right: Sequence[str]) -> int:
    length = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        length += 1
    return length


def _without_title(parsed: Document, title: str) -> tuple[Section, ...]:
    """With several top headings none is taken for the title; where one of them is, it is no part of the paths."""
    return tuple(
        replace(section, path=section.path[1:]) if section.path and same_words(section.path[0], title) else section
        for section in parsed.sections
    )


def _carried_over(text: str, sections: Sequence[Section], before: Document) -> Iterator[Section]:
    runs: dict[tuple[str, ...], list[list[Section]]] = {}
    previous: tuple[str, ...] | None = None
    for section in before.sections:
        if section.path != previous:
            runs.setdefault(section.path, []).append([])
        runs[section.path][-1].append(section)
        previous = section.path
    for section in sections:
        waiting = runs.get(section.path)
        if not waiting:
            yield section
            continue
        yield from _split_like(text, section, waiting.pop(0), before.text)


def _split_like(text: str, section: Section, old: Sequence[Section], old_text: str) -> Iterator[Section]:
    """One section, cut where the old ones of its path were cut (at page breaks), as far as these places are found."""
    start, current = section.start, old[0]
    for following in old[1:]:
        opening = _first_paragraph(old_text, following)
        found = _paragraph_start(text, opening, start + 1, section.end)
        if found is None:
            continue
        end = start + len(text[start:found].rstrip())
        yield Section(section.path, start, end, current.page, current.questions, current.url)
        start, current = found, following
    yield Section(section.path, start, section.end, current.page, current.questions, current.url)


def _first_paragraph(text: str, section: Section) -> str:
    return text[section.start : section.end].strip("\n").split("\n", 1)[0]


def _paragraph_start(text: str, opening: str, start: int, end: int) -> int | None:
    found = text.find(opening, start, end) if opening.strip() else -1
    while found > 0 and text[found - 1] != "\n":
        found = text.find(opening, found + 1, end)
    return found if found > 0 else None
