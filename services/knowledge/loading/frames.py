"""Messages between a parent and its child: a length, then that many bytes."""

from __future__ import annotations

import struct
from typing import IO

_LENGTH = struct.Struct("<Q")
_BLOCK_BYTES = 1 << 20


def write_frame(stream: IO[bytes], data: bytes) -> None:
    """Write one message and flush it. Raises OSError when the other side is gone."""
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes], longest_bytes: int | None = None) -> bytes | None:
    """The next message; None when the other side is gone or announces more than ``longest_bytes``."""
    head = _read(stream, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if longest_bytes is not None and length > longest_bytes:
        return None
    return _read(stream, length)


def _read(stream: IO[bytes], length: int) -> bytes | None:
    data = bytearray()
    while len(data) < length:
        block = stream.read(min(_BLOCK_BYTES, length - len(data)))
        if not block:
            return None
        data += block
    return bytes(data)
