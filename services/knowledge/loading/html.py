"""Web pages: what a reader came for, without menus, banners, forms and scripts."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.errors import InputError
from services.knowledge.loading.blocks import (
    DEEPEST_INDENT,
    Block,
    Body,
    Heading,
    has_words,
    one_line,
    several_lines,
    verbatim_lines,
)
from services.knowledge.loading.composing import compose_document
from services.knowledge.loading.decoding import declared_html_encoding, decode_text
from services.knowledge.loading.formats import Format
from services.knowledge.loading.html_tables import table_rows
from services.knowledge.loading.html_tree import DEEPEST_NESTING, is_hidden, nesting_depth, visible_nodes
from services.knowledge.loading.loaded_file import Content, Properties, Source
from services.knowledge.loading.pictures import pictures_warning
from services.knowledge.loading.properties import checked_url
from services.knowledge.loading.rows import table_statements

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_SUMMARY_LEVEL = 7
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "math",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "img",
    }
)


def load_html(source: Source) -> Content:
    """Read a web page.

    Raises:
        InputError: ``no-text``, ``html-damaged``, ``content-mismatch`` or ``unknown-encoding``.
    """
    text, warnings = decode_text(source.data, source.name, declared=declared_html_encoding(source.data))
    tree = _tree(text, source.name)
    blocks, picture_count = _page_blocks(tree)
    canonical = tree.css_first('link[rel="canonical"]')
    properties = Properties(
        title=_page_title(tree, blocks),
        url=checked_url(canonical.attributes.get("href") or "") if canonical else None,
    )
    document = compose_document(source, blocks, Format.HTML, properties)
    return Content(documents=(document,), warnings=(*warnings, *pictures_warning(source.name, picture_count)))


def page_blocks(text: str, name: str) -> tuple[list[Block], int]:
    """The blocks of a whole page, as it stands in a mail, and the number of its pictures.

    Raises:
        InputError: ``html-damaged``.
    """
    return _page_blocks(_tree(text, name))


def html_blocks(text: str) -> list[Block]:
    """The blocks of a piece of HTML, as it stands in Markdown."""
    if nesting_depth(text) > DEEPEST_NESTING:
        return []
    root = LexborHTMLParser(text).body
    return _Blocks().read(root) if root is not None else []


def _tree(text: str, name: str) -> LexborHTMLParser:
    if nesting_depth(text) > DEEPEST_NESTING:
        raise InputError(
            f"{name} is damaged: its elements are nested more than {DEEPEST_NESTING:,} deep.",
            code="html-damaged",
            remedy="Save the page again from the browser, or copy its text into a document.",
        )
    return LexborHTMLParser(text)


def _page_blocks(tree: LexborHTMLParser) -> tuple[list[Block], int]:
    mains = [node for node in tree.css('main, [role="main"]') if not is_hidden(node)]
    if len(mains) == 1:
        walk = _Blocks()
        blocks = walk.read(mains[0])
        if any(isinstance(block, Body) and has_words(block.text) for block in blocks):
            return blocks, walk.picture_count
    walk = _Blocks()
    return (walk.read(tree.body) if tree.body is not None else []), walk.picture_count


def _page_title(tree: LexborHTMLParser, blocks: list[Block]) -> str | None:
    title_node = tree.css_first("head title") or tree.css_first("title")
    title = one_line(title_node.text()) if title_node is not None else ""
    top = [block.text for block in blocks if isinstance(block, Heading) and block.level == 1]
    if not top:
        banner = tree.css_first("h1")
        top = [one_line(banner.text())] if banner is not None and one_line(banner.text()) else []
    if len(top) != 1:
        return title or None
    # "Returns | Acme Pharmacy" is the heading with the name of the site behind it.
    return top[0] if not title or top[0].casefold() in title.casefold() else title


class _Blocks:
    """Walks the tree without recursion (pages may be nested thousands deep) and gathers blocks."""

    def __init__(self) -> None:
        self.picture_count = 0
        self._blocks: list[Block] = []
        self._inline: list[str] = []
        self._lists: list[int | None] = []  # per open list: the next number, or None for bullets
        self._marker = ""
        self._last_item: Block | None = None

    def read(self, root: LexborNode) -> list[Block]:
        for is_open, node in visible_nodes(root):
            if node.tag == "-text":
                if is_open:
                    self._inline.append(re.sub(r"\s+", " ", node.text(deep=False)))
            elif is_open:
                self._open(node)
            else:
                self._close(node)
        self._flush()
        return self._blocks

    def _open(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "br":
            self._inline.append("\n")
        if tag == "img":
            self.picture_count += _is_content(node)
        if tag in _INLINE or tag == "br":
            return
        self._flush()
        if tag in {"ul", "menu", "dl"}:
            self._lists.append(None)
        elif tag == "ol":
            start = node.attributes.get("start") or "1"
            self._lists.append(int(start) if re.fullmatch(r"\d{1,6}", start) else 1)
        elif tag == "li":
            self._open_item()
        elif tag == "pre":
            self._add(verbatim_lines(node.text()))
        elif tag == "table":
            rows, has_header = table_rows(node)
            lines = table_statements(rows, has_header=has_header)
            self._blocks += [Body(line, tight=index > 0) for index, line in enumerate(lines)]

    def _close(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _INLINE or tag == "br":
            return
        if tag in _HEADINGS or tag == "summary":
            heading = one_line("".join(self._inline))
            self._inline = []
            if heading and not self._lists:
                self._blocks.append(Heading(_HEADINGS.get(tag, _SUMMARY_LEVEL), heading))
            elif heading:
                self._add(heading)
            return
        if tag == "dt":
            term = one_line("".join(self._inline))
            self._inline = []
            self._marker = f"{self._marker}{term.removesuffix(':')}: " if term else self._marker
            return
        self._flush()
        if tag in {"ul", "menu", "ol", "dl"} and self._lists:
            term, self._marker = self._marker.strip().removesuffix(":"), ""
            self._add(term if tag == "dl" else "", default_marker="")
            self._lists.pop()
            self._marker = ""

    def _open_item(self) -> None:
        if not self._lists:
            self._lists.append(None)
        number = self._lists[-1]
        self._marker = "- " if number is None else f"{number}. "
        if number is not None:
            self._lists[-1] = number + 1

    def _flush(self) -> None:
        text = several_lines("".join(self._inline))
        self._inline = []
        self._add(text)

    def _add(self, text: str, default_marker: str = "  ") -> None:
        if not text:
            return
        if not self._lists:
            self._blocks.append(Body(text))
            return
        indent = "  " * min(len(self._lists) - 1, DEEPEST_INDENT)
        lines = (self._marker or default_marker) + text.replace("\n", f"\n{indent}  ")
        follows_item = bool(self._blocks) and self._blocks[-1] is self._last_item
        self._blocks.append(Body(indent + lines, tight=follows_item))
        self._last_item = self._blocks[-1]
        self._marker = ""


def _is_content(picture: LexborNode) -> bool:
    """Whether a picture shows something: not an ornament (an empty ``alt`` says so) or an icon."""
    attributes = picture.attributes
    sizes = [attributes.get(side) or "" for side in ("width", "height")]
    is_small = any(re.fullmatch(r"\d{1,2}", size) for size in sizes)
    return attributes.get("alt", "unknown") not in {"", None} and not is_small
