"""Markdown, with the properties of the document in a YAML block at its start."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml  # type: ignore[import-untyped, unused-ignore]
from markdown_it import MarkdownIt
from markdown_it.token import Token

from services.knowledge.loading.blocks import (
    DEEPEST_INDENT,
    Block,
    Body,
    Heading,
    one_line,
    several_lines,
    verbatim_lines,
)
from services.knowledge.loading.composing import compose_document, headings_without_text
from services.knowledge.loading.decoding import decode_text
from services.knowledge.loading.formats import Format
from services.knowledge.loading.html import html_blocks
from services.knowledge.loading.loaded_file import Content, Properties, Source
from services.knowledge.loading.properties import checked_date, checked_url, date_warning, url_warning
from services.knowledge.loading.rows import table_statements
from services.knowledge.models import LoadFailure

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.{0,10000}?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_PROPERTY_LINE = re.compile(r"([A-Za-z_]+)\s*:\s+(.+)")
_DEEPEST_NESTING = 100
_INLINE_TAG = re.compile(r"<br\b[^>]*>", re.IGNORECASE)


def load_markdown(source: Source) -> Content:
    """Read a Markdown file.

    Raises:
        InputError: ``no-text``, ``content-mismatch`` or ``unknown-encoding``.
    """
    text, warnings = decode_text(source.data, source.name)
    properties, rest, property_warnings = _split_front_matter(text, source.name)
    blocks = _Blocks().read(
        MarkdownIt("commonmark", {"maxNesting": _DEEPEST_NESTING}).enable(["table", "strikethrough"]).parse(rest)
    )
    document = compose_document(source, blocks, Format.MARKDOWN, properties)
    bare = bare_heading_warning(source.name, blocks)
    return Content(documents=(document,), warnings=warnings + property_warnings + bare)


def bare_heading_warning(source_name: str, blocks: Sequence[Block]) -> tuple[LoadFailure, ...]:
    """One warning that names the headings with nothing below them; nothing of them can be found."""
    bare = headings_without_text(blocks)
    if not bare:
        return ()
    named = ", ".join(f"“{heading}”" for heading in bare[:3]) + (f" and {len(bare) - 3} more" if len(bare) > 3 else "")
    return (
        LoadFailure(
            source_name,
            "empty-section",
            f"There is no text below the heading {named}.",
            "If the heading says it all, write it as a sentence below it; else remove it.",
        ),
    )


def _split_front_matter(text: str, name: str) -> tuple[Properties | None, str, tuple[LoadFailure, ...]]:
    found = _FRONT_MATTER.match(text)
    if found is None:
        return None, text, ()
    rest = text[found.end() :]
    is_complete = True
    try:
        # The base loader leaves every value the string that was written: no guessed dates, numbers or objects.
        fields = yaml.BaseLoader(found.group(1)).get_single_data()
    except (yaml.YAMLError, RecursionError):
        fields, is_complete = _simple_properties(found.group(1))
        if not fields:
            return None, text, ()
    warnings = []
    if not is_complete:
        warning = LoadFailure(
            name,
            "bad-properties",
            "Not all properties at the start of the file (between the lines ---) could be read.",
            "Write one property per line, such as “title: Returns”; put values with a colon in quotes.",
        )
        warnings.append(warning)
    if not isinstance(fields, dict):
        # Two rulers around a paragraph, not properties.
        return (None, rest, ()) if fields is None else (None, text, ())
    values = {str(key).strip().lower(): one_line(value) for key, value in fields.items() if isinstance(value, str)}
    url, reviewed, until = (values.get(key, "") for key in ("url", "reviewed", "valid_until"))
    properties = Properties(
        title=values.get("title") or None,
        url=checked_url(url),
        owner=values.get("owner") or None,
        reviewed_on=checked_date(reviewed),
        valid_until=checked_date(until),
    )
    if url and properties.url is None:
        warnings.append(url_warning(name))
    if reviewed and properties.reviewed_on is None:
        warnings.append(date_warning(name, "reviewed"))
    if until and properties.valid_until is None:
        warnings.append(date_warning(name, "valid_until"))
    return properties, rest, tuple(warnings)


def _simple_properties(text: str) -> tuple[dict[str, str], bool]:
    """One property per line, for what people write and YAML refuses: ``title: Returns: how they work``.

    The second value tells whether every line was understood.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    matches = [_PROPERTY_LINE.fullmatch(line) for line in lines]
    fields = {match.group(1): match.group(2).strip("\"'") for match in matches if match is not None}
    return fields, len(fields) == len(lines)


class _Blocks:
    """Walks the parser's flat list of tokens once and gathers blocks."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._heading_level: int | None = None
        self._numbers: list[int | None] = []  # per open list: the next number, or None for bullets
        self._marker = ""
        self._table: list[list[str]] = []

    def read(self, tokens: Sequence[Token]) -> list[Block]:
        for token in tokens:
            match token.type:
                case "heading_open":
                    # A heading in a quotation or a list is not one of the document.
                    self._heading_level = int(token.tag[1:]) if token.level == 0 else None
                case "heading_close":
                    self._heading_level = None
                case "bullet_list_open":
                    self._numbers.append(None)
                case "ordered_list_open":
                    self._numbers.append(int(token.attrs.get("start", 1)))
                case "bullet_list_close" | "ordered_list_close":
                    self._numbers.pop()
                    self._marker = ""
                case "list_item_open":
                    self._open_item()
                case "tr_open":
                    self._table.append([])
                case "table_close":
                    rows = table_statements(self._table, has_header=True)
                    self._blocks += [Body(row, tight=index > 0) for index, row in enumerate(rows)]
                    self._table = []
                case "inline":
                    self._add_inline(token)
                case "fence" | "code_block":
                    self._add_body(verbatim_lines(token.content))
                case "html_block":
                    self._blocks += html_blocks(token.content)
        return self._blocks

    def _open_item(self) -> None:
        number = self._numbers[-1]
        if number is None:
            self._marker = "- "
        else:
            self._marker = f"{number}. "
            self._numbers[-1] = number + 1

    def _add_inline(self, token: Token) -> None:
        text = _inline_text(token.children or [])
        if self._table:
            self._table[-1].append(one_line(text))
        elif self._heading_level is not None:
            self._blocks.append(Heading(self._heading_level, one_line(text)))
        else:
            self._add_body(several_lines(text))

    def _add_body(self, text: str) -> None:
        if not text:
            return
        if not self._numbers:
            self._blocks.append(Body(text))
            return
        indent = "  " * min(len(self._numbers) - 1, DEEPEST_INDENT)
        lines = (self._marker or "  ") + text.replace("\n", f"\n{indent}  ")
        follows_item = bool(self._blocks) and isinstance(self._blocks[-1], Body) and self._blocks[-1] is self._last_item
        self._blocks.append(Body(indent + lines, tight=follows_item))
        self._last_item = self._blocks[-1]
        self._marker = ""

    _last_item: Block | None = None


def _inline_text(children: Sequence[Token]) -> str:
    parts = []
    for child in children:
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type == "image":
            parts.append(_inline_text(child.children or []))
        elif child.type == "hardbreak" or (child.type == "html_inline" and _INLINE_TAG.match(child.content)):
            parts.append("\n")
        elif child.type == "softbreak":
            parts.append(" ")
    return "".join(parts)
