"""What the styles of a Word document say: which paragraphs are headings, which are list items and their numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_HEADING_NAME = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LONGEST_CHAIN = 20
_DEEPEST_LIST = 8


def qualified(name: str) -> str:
    """The name of a WordprocessingML element or attribute with its namespace."""
    return f"{{{_NAMESPACE}}}{name}"


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str | None
    outline_level: int | None
    list_number: str | None
    list_level: int | None


class DocxStyles:
    """The paragraph styles of one document, with what they inherit."""

    def __init__(self, document: Any) -> None:
        self._styles: dict[str, _Style] = {}
        for element in document.styles.element.iter(qualified("style")):
            style_id = element.get(qualified("styleId")) or ""
            properties = element.find(qualified("pPr"))
            self._styles[style_id] = _Style(
                name=_value(element, "name") or "",
                based_on=_value(element, "basedOn"),
                outline_level=_integer(_value(properties, "outlineLvl")),
                list_number=_value(properties, "numPr", "numId"),
                list_level=_integer(_value(properties, "numPr", "ilvl")),
            )

    def heading_level(self, paragraph: Any) -> int | None:
        """1 to 9 for a heading, 0 for a paragraph in the style Title, None for any other paragraph."""
        own = _integer(_value(paragraph.find(qualified("pPr")), "outlineLvl"))
        if own is not None:
            return own + 1 if own < 9 else None
        for style in self._chain(paragraph):
            if style.name.lower() == "title":
                return 0
            named = _HEADING_NAME.fullmatch(style.name)
            if named:
                return int(named.group(1))
            if style.outline_level is not None:
                return style.outline_level + 1 if style.outline_level < 9 else None
        return None

    def is_table_of_contents(self, paragraph: Any) -> bool:
        """Whether a paragraph is a line of the table of contents or its heading."""
        return any(re.fullmatch(r"toc( \d| heading)", style.name.lower()) for style in self._chain(paragraph)[:1])

    def list_place(self, paragraph: Any) -> tuple[str | None, int, bool | None]:
        """The number of the paragraph's list (None outside lists), its depth from 0, and whether it has bullets.

        Bullets are None where the style's name does not say.
        """
        properties = paragraph.find(qualified("pPr"))
        number = _value(properties, "numPr", "numId")
        level = _integer(_value(properties, "numPr", "ilvl"))
        chain = self._chain(paragraph)
        for style in chain:
            number = number if number is not None else style.list_number
            level = level if level is not None else style.list_level
        names = " ".join(style.name.lower() for style in chain)
        has_bullets = True if "list bullet" in names else False if "list number" in names else None
        if number is None and has_bullets is not None:
            number = "style"
        return (None if number == "0" else number), min(level or 0, _DEEPEST_LIST), has_bullets

    def _chain(self, paragraph: Any) -> list[_Style]:
        chain: list[_Style] = []
        style_id = _value(paragraph.find(qualified("pPr")), "pStyle")
        while style_id in self._styles and len(chain) < _LONGEST_CHAIN:
            style = self._styles[style_id]
            chain.append(style)
            style_id = style.based_on
        return chain


class ListMarkers:
    """Counts the numbered lists of one document."""

    def __init__(self, document: Any) -> None:
        self._formats: dict[tuple[str, int], str] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: dict[tuple[str, int], int] = {}
        root = _numbering_root(document)
        if root is None:
            return
        abstract = {element.get(qualified("abstractNumId")): element for element in root.iter(qualified("abstractNum"))}
        for number in root.iter(qualified("num")):
            definition = abstract.get(_value(number, "abstractNumId"))
            for level in definition.iter(qualified("lvl")) if definition is not None else ():
                place = (number.get(qualified("numId")) or "", _integer(level.get(qualified("ilvl"))) or 0)
                self._formats[place] = _value(level, "numFmt") or "decimal"
                start = _integer(_value(level, "start"))
                self._starts[place] = 1 if start is None else start

    def marker(self, number: str | None, level: int, has_bullets: bool | None) -> tuple[str, str] | None:
        """The indentation and the sign of the next item (``-`` or ``2.``), or None outside lists."""
        if number is None:
            return None
        place = (number, level)
        style = self._formats.get(place, "bullet" if has_bullets is not False else "decimal")
        indent = "  " * level
        if style in {"bullet", "none"}:
            return indent, "-"
        count = self._counts.get(place, self._starts.get(place, 1) - 1) + 1
        self._counts[place] = count
        # The deeper levels of a list start anew below each item.
        for deeper in [other for other in self._counts if other[0] == number and other[1] > level]:
            del self._counts[deeper]
        return indent, f"{count}."


def _numbering_root(document: Any) -> Any:
    """The element with the list definitions; None when the document has none (asking python-docx would make one)."""
    for relation in document.part.rels.values():
        if relation.reltype.endswith("/numbering") and not relation.is_external:
            return getattr(relation.target_part, "element", None)
    return None


def _value(element: Any, *path: str) -> str | None:
    found = element.find("/".join(qualified(name) for name in path)) if element is not None else None
    return found.get(qualified("val")) if found is not None else None


def _integer(value: str | None) -> int | None:
    return int(value) if value is not None and re.fullmatch(r"\d{1,6}", value) else None
