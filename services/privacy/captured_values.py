"""Requests to models and their replies, made fit to be kept: no personal data, no pictures, no vectors."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from services.ports.privacy import PersonalDataDetector
from services.privacy.masking import mask

# Longer lists of numbers are vectors, from which texts can be guessed, or pixels.
MOST_NUMBERS = 16
_DATA_ADDRESS = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.+-]+)*;base64,[A-Za-z0-9+/=_-]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\r\n]{200,}={0,2}\s*")
_EVENT_PREFIX = b"data:"
# What every piece of a stream says again.
_SAID_AGAIN = frozenset({"id", "object", "type", "role", "model", "index", "finish_reason", "stopReason", "toolUseId"})
# What a server says at the end of a stream, instead of a document.
_END_OF_EVENTS = b"[DONE]"


class ValueMasker:
    """Masks JSON-able values, with bytes in them, of one document.

    Attributes:
        counts: How much personal data of each kind was masked so far.
    """

    def __init__(self, detector: PersonalDataDetector) -> None:
        self._detector = detector
        self._masked: dict[str, str] = {}
        self.counts: Counter[str] = Counter()

    def masked(self, value: Any) -> Any:
        """The value with its keys, numbers and shape; of bytes, pictures and vectors only how large they were.

        The pieces of a stream are joined first: what is personal may be spread over several.

        Raises:
            BackendError: the detector failed, so nothing may be kept.
        """
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return self._bytes(bytes(value))
        if isinstance(value, Mapping):
            events = value.get("events")
            if len(value) == 1 and isinstance(events, Sequence) and not isinstance(events, str | bytes):
                return {"events": len(events), "joined": self.masked(joined(events))}
            return {str(key): self.masked(one) for key, one in value.items()}
        if isinstance(value, Sequence | set | frozenset):
            return self._list(list(value))
        if isinstance(value, date):
            return value.isoformat()
        return f"<{type(value).__name__}>"

    def _list(self, values: list[Any]) -> Any:
        if len(values) > MOST_NUMBERS and all(isinstance(one, int | float) for one in values):
            return {"numbers": len(values)}
        return [self.masked(one) for one in values]

    def _text(self, text: str) -> Any:
        if text[:1] in {"{", "["}:
            try:
                document = json.loads(text)
            except ValueError:
                pass
            else:
                return self.masked(document)
        if _BASE64.fullmatch(text):
            return _size_of(text.encode())
        if text not in self._masked:
            plain = _DATA_ADDRESS.sub(lambda found: f"[{len(found.group()):,} characters of data]", text)
            found = mask(plain, self._detector) if plain.strip() else None
            self._masked[text] = found.text if found is not None else plain
            if found is not None:
                self.counts.update({kind.value: count for kind, count in found.counts.items()})
        return self._masked[text]

    def _bytes(self, data: bytes) -> Any:
        document = _document_in(data)
        return _size_of(data) if document is None else self.masked(document)


def joined(events: Sequence[Any]) -> dict[str, Any]:
    """The pieces of a stream as one: texts and bytes of the same place follow each other, of all else the last counts.

    Places are named by their keys with dots between them.
    """
    found: dict[str, Any] = {}
    for event in events:
        for path, leaf in _leaves(event, ""):
            before = found.get(path)
            goes_on = isinstance(leaf, str | bytes) and type(leaf) is type(before)
            if goes_on and path.rsplit(".", 1)[-1] not in _SAID_AGAIN:
                found[path] = before + leaf
            else:
                found[path] = leaf
    return found


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        # The blocks of a reply are told apart by their number, which stands beside their pieces.
        block = f".{value['contentBlockIndex']}" if "contentBlockIndex" in value else ""
        for key, one in value.items():
            yield from _leaves(one, f"{path}{block}.{key}".lstrip("."))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        numbers = all(isinstance(one, int | float) for one in value)
        if numbers:
            yield path, list(value)
        else:
            for number, one in enumerate(value):
                yield from _leaves(one, f"{path}.{number}")
    else:
        yield path, value


def _document_in(data: bytes) -> Any:
    """The JSON that the bytes hold, or that their lines hold as events; None for anything else."""
    stripped = data.strip()
    if stripped[:1] in {b"{", b"["}:
        try:
            return json.loads(stripped)
        except ValueError:
            pass
    events = []
    for line in stripped.splitlines():
        content = line.strip().removeprefix(_EVENT_PREFIX).strip()
        if not content or content == _END_OF_EVENTS:
            continue
        try:
            events.append(json.loads(content))
        except ValueError:
            return None
    return {"events": events} if events and all(isinstance(one, dict) for one in events) else None


def _size_of(data: bytes) -> dict[str, Any]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
