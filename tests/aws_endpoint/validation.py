"""Whether a value keeps what botocore's service model says of it, with all that botocore itself leaves unchecked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import regex  # type: ignore[import-untyped]

# How the models write the characters beyond the basic plane, as pairs of surrogates.
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"


def problems(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """Everything about a value that breaks the model.

    Args:
        shape: Of botocore's service model.
        value: By botocore's member names, blobs as bytes, timestamps as datetimes.
        path: Where the value stands, for the texts.

    Yields:
        One text per problem.
    """
    kind = shape.type_name
    if kind == "structure":
        yield from _structure_problems(shape, value, path)
    elif kind == "list":
        if not isinstance(value, list | tuple):
            yield _wrong_type(path, "a list", value)
            return
        yield from _size_problems(shape, len(value), path, "length")
        for number, item in enumerate(value):
            yield from problems(shape.member, item, f"{path}[{number}]")
    elif kind == "map":
        if not isinstance(value, Mapping):
            yield _wrong_type(path, "a map", value)
            return
        yield from _size_problems(shape, len(value), path, "length")
        for key, item in value.items():
            yield from problems(shape.key, key, f"{path} (key {key!r})")
            yield from problems(shape.value, item, f"{path}.{key}")
    else:
        yield from _scalar_problems(shape, value, path)


def _structure_problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.is_document_type:
        yield from _document_problems(value, path)
        return
    if not isinstance(value, Mapping):
        yield _wrong_type(path, "a structure", value)
        return
    present = {name: item for name, item in value.items() if item is not None}
    for name in shape.required_members:
        if name not in present:
            yield f"Value at '{_at(path, name)}' failed to satisfy constraint: Member must not be null"
    unknown = sorted(set(value) - set(shape.members))
    if unknown:
        yield f"'{path}' has members that the model does not know: {', '.join(unknown)}"
    if shape.is_tagged_union and len(present) != 1:
        yield f"'{path}' must have exactly one member, and has {len(present)}"
    for name, item in present.items():
        member = shape.members.get(name)
        if member is not None and not member.serialization.get("eventstream"):
            yield from problems(member, item, _at(path, name))


def _document_problems(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                yield _wrong_type(path, "a text as key", key)
            yield from _document_problems(item, _at(path, str(key)))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _document_problems(item, f"{path}[{number}]")
    elif not isinstance(value, str | int | float | bool | None):
        yield _wrong_type(path, "JSON", value)


_SCALARS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "string": (str, "a text"),
    "character": (str, "a text"),
    "blob": ((bytes, bytearray), "bytes"),
    "integer": (int, "a whole number"),
    "long": (int, "a whole number"),
    "float": ((int, float), "a number"),
    "double": ((int, float), "a number"),
    "boolean": (bool, "true or false"),
    "timestamp": (datetime, "a time"),
}


def _scalar_problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.serialization.get("jsonvalue"):
        return
    types, called = _SCALARS[shape.type_name]
    if not isinstance(value, types) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield _wrong_type(path, called, value)
    elif isinstance(value, str):
        yield from _size_problems(shape, len(value), path, "length")
        yield from _text_problems(shape, value, path)
    elif isinstance(value, bytes | bytearray):
        yield from _size_problems(shape, len(value), path, "length")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            yield f"Value at '{path}' is not finite"
        yield from _size_problems(shape, value, path, "value")


def _text_problems(shape: Any, value: str, path: str) -> Iterator[str]:
    failed = f"Value '{value[:80]}' at '{path}' failed to satisfy constraint"
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield f"{failed}: Member must satisfy enum value set: [{', '.join(allowed)}]"
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield f"{failed}: Member must satisfy regular expression pattern: {pattern}"


def _size_problems(shape: Any, size: float, path: str, called: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield (
            f"Value at '{path}' failed to satisfy constraint: Member must have {called} greater than or equal to "
            f"{least}, and has {size}"
        )
    if most is not None and size > most:
        yield (
            f"Value at '{path}' failed to satisfy constraint: Member must have {called} less than or equal to {most}, "
            f"and has {size}"
        )


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    # Java's syntax with \p{…}, which Python's own module does not know. AWS matches the whole text.
    return regex.compile(pattern.replace(_SURROGATES, r"\U00010000-\U0010FFFF"))


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _wrong_type(path: str, called: str, value: Any) -> str:
    return f"Value at '{path}' must be {called}, and is {type(value).__name__}"
