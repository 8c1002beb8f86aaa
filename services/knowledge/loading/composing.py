"""From headings and paragraphs to a document: one text, and sections as spans of it."""

from __future__ import annotations

from collections.abc import Sequence

from services.errors import InputError
from services.knowledge.loading.blocks import Block, Body, Heading, has_words, one_line, same_words, title_from_name
from services.knowledge.loading.loaded_file import Properties, Source
from services.knowledge.models import Document, Section


def compose_document(
    source: Source, blocks: Sequence[Block], media_type: str, properties: Properties | None = None
) -> Document:
    """Put the blocks of one file together.

    The title is the one that the file states, else its only top heading, else its file name. The heading that is the
    title stands in the text but not in the sections' paths.

    Raises:
        InputError: There is nothing to read in the blocks (code ``no-text``).
    """
    given = properties or Properties()
    kept = _without_empty_blocks(blocks)
    if not kept:
        raise no_text(source.name)
    title_heading = _title_heading(kept, (given.title, title_from_name(source.name)))
    title = given.title or _title(title_heading, source.name)
    text, sections = _text_and_sections(kept, title_heading)
    return Document(
        id=source.document_id,
        title=title,
        text=text,
        sections=sections,
        media_type=media_type,
        url=given.url,
        owner=given.owner,
        reviewed_on=given.reviewed_on,
        valid_until=given.valid_until,
        source_name=source.name,
        source_sha256=source.sha256,
    )


def headings_without_text(blocks: Sequence[Block]) -> tuple[str, ...]:
    """The headings that nothing follows: no paragraph and no deeper heading."""
    kept = _without_empty_blocks(blocks)
    bare = []
    for block, following in zip(kept, [*kept[1:], None], strict=True):
        if not isinstance(block, Heading) or isinstance(following, Body):
            continue
        if following is None or following.level <= block.level:
            bare.append(block.text)
    return tuple(bare) if any(isinstance(block, Body) for block in kept) else ()


def no_text(name: str) -> InputError:
    """The error for a file in which there is nothing to read."""
    return InputError(
        f"{name} holds no text that could be found.",
        code="no-text",
        remedy="Open the file, check that the text is in it, and load it again.",
    )


def _without_empty_blocks(blocks: Sequence[Block]) -> list[Block]:
    kept: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading):
            heading = one_line(block.text)
            if has_words(heading):
                kept.append(Heading(block.level, heading, block.page))
        elif block.text.strip() and has_words(block.text):
            kept.append(Body(block.text.strip("\n").rstrip(), block.page, block.tight))
    return kept


def _title(heading: Heading | None, name: str) -> str:
    named = title_from_name(name)
    # "RETURNS AND REFUNDS" in returns-and-refunds.txt reads better as the file name has it.
    if heading is None or (heading.text.isupper() and same_words(heading.text, named)):
        return named
    return heading.text


def _title_heading(blocks: Sequence[Block], known_titles: Sequence[str | None]) -> Heading | None:
    headings = [block for block in blocks if isinstance(block, Heading)]
    if not headings:
        return None
    if any(title and same_words(headings[0].text, title) for title in known_titles):
        return headings[0]
    for level in (0, 1):
        at_level = [heading for heading in headings if heading.level == level]
        if len(at_level) == 1:
            return at_level[0]
    return None


def _text_and_sections(blocks: Sequence[Block], title_heading: Heading | None) -> tuple[str, tuple[Section, ...]]:
    # A file of nothing but headings is still to be found: then its headings are its body.
    if not any(isinstance(block, Body) for block in blocks):
        text = "\n".join(block.text for block in blocks)
        return text, (Section(path=(), start=0, end=len(text), page=blocks[0].page),)

    pieces: list[str] = []
    length = 0
    path: list[Heading] = []
    sections: list[Section] = []
    previous: Block | None = None
    for block in blocks:
        gap = _gap(previous, block)
        start = length + len(gap)
        pieces += (gap, block.text)
        length = start + len(block.text)
        if isinstance(block, Heading):
            outer_path = [outer for outer in path if outer.level < block.level]
            path = [] if block is title_heading else [*outer_path, block]
        elif isinstance(previous, Body) and previous.page == block.page:
            last = sections[-1]
            sections[-1] = Section(path=last.path, start=last.start, end=length, page=last.page)
        else:
            # A new page starts a new section under the same heading, so that a citation can name its page.
            sections.append(Section(tuple(heading.text for heading in path), start, length, block.page))
        previous = block
    return "".join(pieces), tuple(sections)


def _gap(previous: Block | None, block: Block) -> str:
    if previous is None:
        return ""
    if isinstance(block, Heading):
        return "\n\n"
    if isinstance(previous, Heading) or block.tight:
        return "\n"
    return "\n\n"
