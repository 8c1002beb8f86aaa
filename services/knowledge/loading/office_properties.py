"""What Office files say about themselves in their properties: title and web address."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped, unused-ignore]

from services.knowledge.loading.blocks import has_words, one_line
from services.knowledge.loading.packages import DAMAGE_ERRORS
from services.knowledge.loading.properties import checked_url

_PART_LIMIT_BYTES = 1_000_000
_PROGRAM_TITLE = re.compile(
    r"(?:word|powerpoint) (?:document|presentation)|(?:document|presentation|slide|workbook|book)\d*|untitled"
    r"|.*\.(?:docx?|dotx?|pptx?|xlsx?)",
    re.IGNORECASE,
)
# Where authors and publishing systems put the address of a document, the most definite place first.
_ADDRESS_PLACES = (
    ("docProps/core.xml", "identifier"),
    ("docProps/core.xml", "subject"),
    ("docProps/app.xml", "HyperlinkBase"),
)


@dataclass(frozen=True, slots=True)
class OfficeProperties:
    """The properties that are used; None where they are missing or a program wrote them.

    Attributes:
        url: The first of identifier, subject and hyperlink base that is a web address as a whole.
    """

    title: str | None = None
    url: str | None = None


def office_properties(data: bytes) -> OfficeProperties:
    """The properties of a Word, Excel or PowerPoint file; empty ones where they cannot be read."""
    parts = {name: _values(data, name) for name in ("docProps/core.xml", "docProps/app.xml")}
    title = one_line(parts["docProps/core.xml"].get("title", ""))
    addresses = (checked_url(parts[part].get(field, "")) for part, field in _ADDRESS_PLACES)
    return OfficeProperties(
        title=title if has_words(title) and not _PROGRAM_TITLE.fullmatch(title) else None,
        url=next((address for address in addresses if address), None),
    )


def _values(data: bytes, part: str) -> dict[str, str]:
    """The elements of a part of properties: local name and text."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(part) as stream:
            xml = stream.read(_PART_LIMIT_BYTES)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.fromstring(xml, parser)
    except DAMAGE_ERRORS:
        return {}
    return {etree.QName(element).localname: element.text or "" for element in root if isinstance(element.tag, str)}
