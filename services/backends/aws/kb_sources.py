"""Finds our own passages for what a knowledge base found that others fill.

Others cut, parse and name their documents as they like. A result counts only when it comes from a document that this
snapshot holds, by its address, and when its words stand in that document: what is cited is always our own text, and
what is none of ours is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from services.backends.local.snapshot_search import OpenSnapshot

# Of the shorter of the two, this share of runs of three words must stand in the other.
LOWEST_SHARE = 0.6
_RUN = 3
_WORD = re.compile(r"\w+")
_SOURCE_URI = "x-amz-bedrock-kb-source-uri"


class SourcePassages:
    """The rows of one snapshot's chunks, by what stands where."""

    def __init__(self, snapshot: OpenSnapshot) -> None:
        self._snapshot = snapshot
        self._by_id: dict[str, str] = {}
        self._by_url: dict[str, str] = {}
        for document_id, url in snapshot.addresses():
            self._by_id[document_id] = document_id
            if url:
                self._by_url[_plain(url)] = document_id

    def rows_of(self, result: Mapping[str, Any]) -> list[int]:
        """The chunks whose words a result of Retrieve holds; none when it comes from no document of ours."""
        document_id = next(filter(None, map(self._document_at, _addresses(result))), None)
        if document_id is None:
            return []
        found = _runs((result.get("content") or {}).get("text") or "")
        return [row for row, text in self._snapshot.texts_of(document_id) if _agree(_runs(text), found)]

    def _document_at(self, address: str) -> str | None:
        if (by_url := self._by_url.get(_plain(address))) is not None:
            return by_url
        parts = unquote(urlsplit(address).path if "://" in address else address).strip("/").split("/")
        # The id of a document is its path below some folder, which others may keep below another one.
        below = ("/".join(parts[depth:]) for depth in range(len(parts)))
        return next((self._by_id[path] for path in below if path in self._by_id), None)


def _addresses(result: Mapping[str, Any]) -> Iterator[str]:
    location = result.get("location") or {}
    for value in location.values():
        if isinstance(value, Mapping):
            yield from (address for address in value.values() if isinstance(address, str) and address)
    uri = (result.get("metadata") or {}).get(_SOURCE_URI)
    if isinstance(uri, str):
        yield uri


def _plain(url: str) -> str:
    return unquote(url).split("#", 1)[0].rstrip("/").casefold()


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    if len(words) <= _RUN:
        return {tuple(words)} if words else set()
    return {tuple(words[place : place + _RUN]) for place in range(len(words) - _RUN + 1)}


def _agree(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> bool:
    shorter = min(len(one), len(other))
    return shorter > 0 and len(one & other) / shorter >= LOWEST_SHARE
