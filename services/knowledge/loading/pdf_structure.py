"""The lines of a PDF as headings, paragraphs, list items and table rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.knowledge.loading.blocks import Block, Body, Heading, has_words, one_line
from services.knowledge.loading.pdf_lines import PageItem, TableRow, body_size
from services.knowledge.loading.pdf_runs import Run
from services.knowledge.loading.plain_text import shouted_level
from services.knowledge.loading.rows import table_statements
from services.knowledge.sentences import sentence_spans

_HEADING_RATIO = 1.12
_INDENT_POINTS = 72.0
_LONGEST_HEADING = 160
_BULLET = re.compile(r"(?:[•●○◦▪■□‣⁃·–*\-\uf0b7\uf0a7]|o(?=\s))\s+(?=\S)")
_NUMBER = re.compile(r"\(?(\d{1,3}|[a-z]|[ivx]{2,4})[.)]\s+(?=\S)")
_SECTION_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+(?=[^\W\d_])")
_DEEP_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})+\.?\s+[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(slots=True)
class _Paragraph:
    """Lines that belong together.

    Attributes:
        page: Where the first line stands.
        turns: For a paragraph that goes on over a page: the index of the first line on each further page.
    """

    lines: list[Run]
    page: int
    margin: float = 0.0
    turns: list[tuple[int, int]] = field(default_factory=list)


def structure_blocks(pages: Mapping[int, Sequence[PageItem]]) -> list[Block]:
    """The blocks of a document.

    Args:
        pages: The lines and table rows of each page, by page number from 1.
    """
    lines = [item for items in pages.values() for item in items if isinstance(item, Run)]
    size = body_size(lines)
    pieces = _pieces(pages, _usual_gap(lines, size))
    words = Counter(word.casefold() for line in lines for word in _WORD.findall(line.text))
    sizes = _heading_sizes(pieces, size)
    blocks: list[Block] = []
    header: TableRow | None = None
    last_item: Block | None = None
    for piece in pieces:
        if isinstance(piece, _Paragraph):
            block = _block(piece, size, sizes, words, last_item is not None and blocks[-1] is last_item)
            blocks += _by_page(block, piece, words)
            last_item = blocks[-1] if isinstance(block, Body) and _is_item(piece.lines[0]) else None
            header = None
        else:
            page, rows = piece
            new_blocks, header = _table_blocks(page, rows, header)
            blocks += new_blocks
    return _with_title(blocks)


def _with_title(blocks: list[Block]) -> list[Block]:
    """A heading that stands first and has a level of its own is the title."""
    levels = [block.level for block in blocks if isinstance(block, Heading)]
    first = blocks[0] if blocks else None
    if isinstance(first, Heading) and levels.count(first.level) == 1 and first.level == min(levels):
        return [Heading(0, first.text, first.page), *blocks[1:]]
    return blocks


def _pieces(pages: Mapping[int, Sequence[PageItem]], usual_gap: float) -> list[_Paragraph | tuple[int, list[TableRow]]]:
    """Lines gathered to paragraphs and rows to tables, in reading order."""
    pieces: list[_Paragraph | tuple[int, list[TableRow]]] = []
    for page, items in pages.items():
        is_first_on_page = True
        for item in items:
            last = pieces[-1] if pieces else None
            if isinstance(item, TableRow):
                if isinstance(last, tuple) and last[0] == page:
                    last[1].append(item)
                else:
                    pieces.append((page, [item]))
            elif isinstance(last, _Paragraph) and (
                _goes_on_over_page(last, item)
                if is_first_on_page
                else last.page == page and _goes_on(last, item, usual_gap)
            ):
                if is_first_on_page:
                    last.turns.append((len(last.lines), page))
                last.lines.append(item)
            else:
                pieces.append(_Paragraph([item], page, _right_margin(item, items)))
            is_first_on_page = False
    return pieces


def _right_margin(line: Run, items: Sequence[PageItem]) -> float:
    """Where the lines of a column end: the furthest right of those that start here or little further left."""
    return max(
        item.right
        for item in items
        if isinstance(item, Run) and line.left - _INDENT_POINTS <= item.left <= line.left + 2
    )


def _usual_gap(lines: Sequence[Run], size: float) -> float:
    """The space between two lines of a paragraph, in points: the most common one in text of the usual size."""
    gaps: Counter[float] = Counter()
    for upper, lower in pairwise(lines):
        gap = upper.bottom - lower.top
        if abs(upper.size - size) < 1 and abs(lower.size - size) < 1 and -0.3 * size < gap < 1.5 * size:
            gaps[round(gap * 2) / 2] += 1
    return gaps.most_common(1)[0][0] if gaps else 0.0


def _goes_on(paragraph: _Paragraph, line: Run, usual_gap: float) -> bool:
    last = paragraph.lines[-1]
    if abs(last.size - line.size) > 0.08 * last.size or last.bold != line.bold or _is_item(line):
        return False
    gap = last.bottom - line.top
    if gap < -0.7 * line.size:
        # Further up: the next column. Only a sentence that is cut in two goes on there.
        return _is_cut(last.text, line.text)
    if gap > max(usual_gap, 0.0) + 0.3 * line.size:
        return False
    is_indented = line.left > paragraph.lines[0].left + 0.8 * line.size and not _is_item(paragraph.lines[0])
    return not (is_indented and last.text.rstrip().endswith((".", "!", "?", ":")))


def _goes_on_over_page(paragraph: _Paragraph, line: Run) -> bool:
    last = paragraph.lines[-1]
    is_alike = abs(last.size - line.size) < 0.08 * last.size and last.bold == line.bold
    return is_alike and not _is_item(line) and _is_cut(last.text, line.text)


def _is_cut(text: str, following: str) -> bool:
    return not text.rstrip().endswith((".", "!", "?", ":", ";")) and following.lstrip()[:1].islower()


def _is_item(line: Run) -> bool:
    return _BULLET.match(line.text) is not None or _NUMBER.match(line.text) is not None


def _heading_sizes(pieces: Sequence[_Paragraph | tuple[int, list[TableRow]]], size: float) -> list[float]:
    """The sizes of headings, the largest first."""
    found = {
        round(piece.lines[0].size) for piece in pieces if isinstance(piece, _Paragraph) and _is_large(piece.lines, size)
    }
    return sorted(found, reverse=True)


def _is_large(lines: Sequence[Run], size: float) -> bool:
    text = " ".join(line.text for line in lines)
    return lines[0].size >= size * _HEADING_RATIO and len(text) <= _LONGEST_HEADING and has_letters(text)


def has_letters(text: str) -> bool:
    """Whether there are at least two letters: a large "5" or "$9" is no heading."""
    return sum(char.isalpha() for char in text) >= 2


def _block(
    paragraph: _Paragraph, size: float, sizes: Sequence[float], words: Counter[str], follows_item: bool
) -> Block:
    lines = paragraph.lines
    level = _heading_level(lines, size, sizes)
    if level is not None:
        return Heading(level, one_line(_joined_text(lines, words)), paragraph.page)
    text = _joined_text(lines, words, margin=paragraph.margin)
    if bullet := _BULLET.match(text):
        return Body(f"- {text[bullet.end() :]}", paragraph.page, tight=follows_item)
    if number := _NUMBER.match(text):
        return Body(f"{number.group(1)}. {text[number.end() :]}", paragraph.page, tight=follows_item)
    return Body(text, paragraph.page)


def _by_page(block: Block, paragraph: _Paragraph, words: Counter[str]) -> list[Block]:
    """A paragraph that goes on over a page, cut behind the sentence that the page break falls into.

    What is cited from a page then stands on it; only that one sentence belongs to the page on which it starts.
    """
    if not paragraph.turns or isinstance(block, Heading):
        return [block]
    # A bullet or number may have been written anew, so the text is measured from its end.
    whole = _joined_text(paragraph.lines, words, margin=paragraph.margin)
    shift = len(block.text) - len(whole)
    ends = [end + shift for _, end in sentence_spans(whole)]
    pieces: list[Block] = []
    start, page = 0, paragraph.page
    for line, next_page in paragraph.turns:
        turn = len(_joined_text(paragraph.lines[:line], words, margin=paragraph.margin)) + shift
        cut = next((end for end in ends if end >= turn), len(block.text))
        if cut > start:
            pieces.append(Body(block.text[start:cut].strip(), page, tight=block.tight if not pieces else True))
        start, page = cut, next_page
    rest = block.text[start:].strip()
    return [*pieces, Body(rest, page, tight=True)] if rest else pieces


def _heading_level(lines: Sequence[Run], size: float, sizes: Sequence[float]) -> int | None:
    """The level of a heading: first by size, within a size by its number (2.1 below 2); None for a paragraph."""
    text = one_line(" ".join(line.text for line in lines))
    numbered = _SECTION_NUMBER.match(text)
    depth = numbered.group(1).count(".") if numbered else 0
    if _is_large(lines, size):
        return 2 + 10 * sizes.index(round(lines[0].size)) + depth
    if len(lines) > 2 or len(text) > 100 or not has_letters(text) or not has_words(text):
        return None
    rank = 2 + 10 * len(sizes)
    if lines[0].bold and not text.endswith((".", ",", ";", ":")) and not _BULLET.match(text):
        return rank + depth
    if len(lines) == 1 and lines[0].size >= 0.95 * size:
        if (shouted := shouted_level(text)) is not None:
            return rank + shouted - 1
        if _DEEP_NUMBER.match(text) and not text.endswith((".", ",", ";", ":")):
            return rank + depth
    return None


def _joined_text(lines: Sequence[Run], words: Counter[str], *, margin: float | None = None) -> str:
    """The lines of a paragraph as running text; with a margin, a line that the writer ended early stays a line."""
    text = one_line(lines[0].text)
    for last, line in pairwise(lines):
        following = one_line(line.text)
        if text.endswith("-") and following[:1].islower() and len(text) > 1 and text[-2].isalpha():
            text = _unhyphenated(text, following, words)
        elif margin is not None and _ended_early(last, line, margin):
            text += f"\n{following}"
        else:
            text += f" {following}"
    return text


def _unhyphenated(text: str, following: str, words: Counter[str]) -> str:
    # "follow-up" keeps its hyphen if the document writes it so elsewhere and never as one word.
    start, end = re.split(r"\s", text)[-1][:-1], re.match(r"[^\W\d_]+", following)
    tail = end.group() if end else ""
    if words[f"{start}-{tail}".casefold()] and not words[f"{start}{tail}".casefold()]:
        return text + following
    return text[:-1] + following


def _ended_early(line: Run, following: Run, margin: float) -> bool:
    """Whether the next word would have had room on the line, so that the break was meant."""
    first_word = following.text.strip().split(" ", 1)[0]
    width = (following.right - following.left) * (len(first_word) + 1) / max(1, len(following.text))
    return line.right + width < margin - 0.05 * (margin - line.left)


def _table_blocks(page: int, rows: Sequence[TableRow], header: TableRow | None) -> tuple[list[Block], TableRow | None]:
    """The rows of a table as lines; a table that goes on over a page keeps the header it started with."""
    if header is not None and rows[0].cells != header.cells and not rows[0].bold and _same_columns(rows[0], header):
        rows = [header, *rows]
    columns = max(rows, key=lambda row: len(row.cells))
    grid = [_spread(row, columns) for row in rows]
    is_named = rows[0] is header or (rows[0].bold and not all(row.bold for row in rows))
    lines = table_statements(grid, has_header=True if is_named else None)
    blocks: list[Block] = [Body(line, page, tight=index > 0) for index, line in enumerate(lines)]
    return blocks, rows[0] if is_named else None


def _same_columns(row: TableRow, header: TableRow) -> bool:
    return len(row.cells) == len(header.cells) and abs(row.lefts[0] - header.lefts[0]) < 3


def _spread(row: TableRow, columns: TableRow) -> list[str]:
    """The cells of a row in their columns, so that an empty cell does not shift those behind it."""
    if len(row.cells) == len(columns.cells):
        return list(row.cells)
    cells = [""] * len(columns.cells)
    for text, left, right in zip(row.cells, row.lefts, row.rights, strict=True):
        distances = [
            max(0.0, column_left - right, left - column_right) + abs(left - column_left) / 1000
            for column_left, column_right in zip(columns.lefts, columns.rights, strict=True)
        ]
        column = distances.index(min(distances))
        cells[column] = f"{cells[column]} {text}".strip()
    return cells
