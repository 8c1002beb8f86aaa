"""The web address of a PDF, where its author or a publishing system wrote it into the file."""

from __future__ import annotations

import html
import re
from typing import Any

from services.knowledge.loading.properties import checked_url

_PACKET_START, _PACKET_END = b"<x:xmpmeta", b"</x:xmpmeta>"
_LONGEST_PACKET = 1_000_000
_SOURCE = re.compile(r"<dc:(?:source|identifier)>([^<]{1,2000})</dc:(?:source|identifier)>")


def pdf_address(document: Any, data: bytes) -> str | None:
    """The first that is a web address as a whole: the subject, then XMP's ``dc:source`` and ``dc:identifier``.

    Args:
        document: The open ``pypdfium2.PdfDocument``.
        data: The whole file; XMP stands in it as plain text, so that other programs find it.
    """
    candidates = [document.get_metadata_value("Subject")]
    start = data.find(_PACKET_START)
    end = data.find(_PACKET_END, start, start + _LONGEST_PACKET) if start >= 0 else -1
    if end >= 0:
        packet = data[start:end].decode("utf-8", errors="replace")
        candidates += [html.unescape(value) for value in _SOURCE.findall(packet)]
    return next((address for value in candidates if (address := checked_url(value))), None)
