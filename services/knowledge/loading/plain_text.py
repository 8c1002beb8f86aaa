"""Plain text: paragraphs by blank lines, headings only where there is little doubt."""

from __future__ import annotations

import re

from services.knowledge.loading.blocks import Block, Body, Heading, one_line
from services.knowledge.loading.composing import compose_document
from services.knowledge.loading.decoding import decode_text
from services.knowledge.loading.formats import Format
from services.knowledge.loading.loaded_file import Content, Properties, Source
from services.knowledge.loading.properties import checked_url

_LONGEST_HEADING = 80
_WIDEST_WRAP = 120
_NARROWEST_WRAP = 50
_UNDERLINE = re.compile(r"(={3,}|-{3,}|~{3,}|\*{3,})")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,3})[.)]?\s+(\S.*)")
_BULLET = re.compile(r"[-*•·▪‣◦–]\s+(?=\S)")
_NUMBER = re.compile(r"\(?(\d{1,3}|[a-z])[.)]\s+(?=\S)")
_LINE_BREAK = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")


def load_plain_text(source: Source) -> Content:
    """Read a text file.

    Raises:
        InputError: ``no-text``, ``content-mismatch`` or ``unknown-encoding``.
    """
    text, warnings = decode_text(source.data, source.name)
    blocks, url = _split_address(text_blocks(text))
    document = compose_document(source, blocks, Format.PLAIN_TEXT, Properties(url=url))
    return Content(documents=(document,), warnings=warnings)


def text_blocks(text: str) -> list[Block]:
    """The headings, paragraphs and list items of a plain text."""
    raw = _LINE_BREAK.split(text)
    lines = [one_line(line) for line in raw]
    indents = [len(line) - len(line.lstrip()) for line in raw]
    wrap_width = _wrap_width(lines)
    blocks: list[Block] = []
    paragraph: list[str] = []
    last_item: Block | None = None

    def close_paragraph() -> None:
        nonlocal last_item
        if not paragraph:
            return
        is_item = is_list_item(paragraph[0])
        body = Body(
            "\n".join(paragraph), tight=is_item and last_item is not None and bool(blocks) and blocks[-1] is last_item
        )
        blocks.append(body)
        last_item = body if is_item else None
        paragraph.clear()

    index = 0
    while index < len(lines):
        line = lines[index]
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if not line:
            close_paragraph()
        elif not paragraph and (level := _underlined_level(line, following)) is not None:
            blocks.append(Heading(level, line))
            index += 1
        elif _UNDERLINE.fullmatch(line):
            close_paragraph()  # a ruler between two parts
        elif not paragraph and (level := shouted_level(line)) is not None and not _is_shouted(following):
            blocks.append(Heading(level, line))
        elif is_list_item(line):
            close_paragraph()
            paragraph.append(list_item(line))
        elif paragraph and (
            _was_wrapped(lines[index - 1], line, wrap_width) or _continues_item(paragraph, indents[index])
        ):
            paragraph[-1] += f" {line}"
        else:
            paragraph.append(line)
        index += 1
    close_paragraph()
    return blocks


def _split_address(blocks: list[Block]) -> tuple[list[Block], str | None]:
    """The blocks without a web address that stands alone below the title: it is the address of the document."""
    url = None
    if len(blocks) > 2 and isinstance(blocks[0], Heading) and isinstance(blocks[1], Body):
        url = checked_url(blocks[1].text)
        if url is not None:
            blocks = [blocks[0], *blocks[2:]]
    # A first heading with nothing of its own below it stands over the whole text.
    if len(blocks) > 2 and all(isinstance(block, Heading) for block in blocks[:2]):
        blocks = [Heading(0, blocks[0].text), *blocks[1:]]
    return blocks, url


def is_list_item(line: str) -> bool:
    """Whether a line starts with a bullet or a number and goes on with text."""
    return _BULLET.match(line) is not None or _NUMBER.match(line) is not None


def list_item(line: str) -> str:
    """A list item's line with its marker in the form ``- item`` or ``1. item``."""
    if bullet := _BULLET.match(line):
        return f"- {line[bullet.end() :]}"
    if number := _NUMBER.match(line):
        return f"{number.group(1)}. {line[number.end() :]}"
    return line


def shouted_level(line: str) -> int | None:
    """The level of a line that is a heading by its capitals (``OPENING HOURS``, ``2.1 REFUNDS``), else None."""
    if not _is_shouted(line) or len(line) > _LONGEST_HEADING or line.endswith((".", ",", ";", "!")) or ": " in line:
        return None
    numbered = _NUMBERED.match(line)
    # A numbered line is one step below a line that is only in capitals, which then can be the document's title.
    return 2 + numbered.group(1).count(".") if numbered else 1


def _is_shouted(line: str) -> bool:
    letters = [char for char in line if char.isalpha()]
    return len(letters) >= 4 and all(char == char.upper() != char.lower() for char in letters)


def _underlined_level(line: str, following: str) -> int | None:
    if not _UNDERLINE.fullmatch(following) or _UNDERLINE.fullmatch(line) or len(line) > _LONGEST_HEADING:
        return None
    return 1 if following[0] == "=" else 2


def _wrap_width(lines: list[str]) -> int | None:
    """The width at which the writer's program broke lines, or None when lines are as long as their paragraphs."""
    widest = max((len(line) for line in lines), default=0)
    return widest if _NARROWEST_WRAP <= widest <= _WIDEST_WRAP else None


def _was_wrapped(line: str, following: str, width: int | None) -> bool:
    # The line ends because the next word had no room on it; else the writer wanted the line to end there.
    return width is not None and len(line) + 1 + len(following.split(" ", 1)[0]) > width - 3


def _continues_item(paragraph: list[str], indent: int) -> bool:
    return is_list_item(paragraph[0]) and indent >= 2
