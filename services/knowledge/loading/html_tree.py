"""The tree of a web page: which elements a reader sees, in which order, and how deep they are nested."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from services.knowledge.loading.html_tables import is_data_table

DEEPEST_NESTING = 5_000
_DROPPED = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "footer",
        "aside",
        "svg",
        "canvas",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "map",
        "head",
        "title",
        "link",
        "meta",
        "button",
        "input",
        "select",
        "textarea",
        "datalist",
        "progress",
        "meter",
        "dialog",
    }
)
_DROPPED_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alert"})
_CLOSED_TAG = re.compile(
    r"<(/?)(?!(?:p|li|dt|dd|t[dhr]|tbody|thead|tfoot|option|br|hr|img|input|meta|link|col|wbr|area|base)\b)[a-z]",
    re.IGNORECASE,
)
_INVISIBLE_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def nesting_depth(text: str) -> int:
    """The deepest nesting of elements that must be closed; the parser takes quadratic time over it."""
    depth = deepest = 0
    for tag in _CLOSED_TAG.finditer(text):
        depth = max(0, depth - 1) if tag.group(1) else depth + 1
        deepest = max(deepest, depth)
    return deepest


def is_hidden(node: LexborNode) -> bool:
    """Whether an element says of itself that it is not shown."""
    attributes = node.attributes
    return (
        "hidden" in attributes
        or (attributes.get("aria-hidden") or "").lower() == "true"
        or _INVISIBLE_STYLE.search(attributes.get("style") or "") is not None
    )


def _is_dropped(node: LexborNode) -> bool:
    tag = node.tag or ""
    if tag in _DROPPED or is_hidden(node) or (node.attributes.get("role") or "").lower() in _DROPPED_ROLES:
        return True
    if tag == "header":
        # The header of an article holds its heading; the header of the page holds the logo and the menu.
        return not _is_inside(node, {"main", "article", "section"})
    if tag == "form":
        # Some servers wrap the whole page into one form.
        return node.css_first("h1, h2, h3, main, article") is None
    return False


def _is_inside(node: LexborNode, tags: set[str]) -> bool:
    outer = node.parent
    while outer is not None:
        if outer.tag in tags:
            return True
        outer = outer.parent
    return False


def visible_nodes(root: LexborNode) -> Iterator[tuple[bool, LexborNode]]:
    """Every visible node below ``root``, when it opens (True) and when it closes (False)."""
    node = root.first_child
    depth = 1
    while node is not None and depth > 0:
        is_leaf = node.tag == "-text"
        is_dropped = not is_leaf and ((node.tag or "-").startswith("-") or _is_dropped(node))
        if not is_dropped:
            yield True, node
        is_closed = is_leaf or is_dropped or node.tag == "pre" or (node.tag == "table" and is_data_table(node))
        child = None if is_closed else node.first_child
        if child is not None:
            node, depth = child, depth + 1
            continue
        if not is_leaf and not is_dropped:
            yield False, node
        while node is not None and node.next is None:
            node, depth = node.parent, depth - 1
            if node is None or depth == 0:
                return
            yield False, node
        node = node.next if node is not None else None
