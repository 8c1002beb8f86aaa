"""Parsers that misbehave, to be run in a child process only."""

from __future__ import annotations

import ctypes
import os
import time

from services.errors import InputError
from services.knowledge.loading import isolated_calls
from services.knowledge.loading.loaded_file import LoadedFile


class _Bait:
    """Would create a folder in the process that unpickles it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ.get("TMPDIR", "/tmp") + "/taken-over",)  # noqa: S108 - must never come to be


def parse(name: str, data: bytes, document_id: str | None, max_file_bytes: int) -> object:  # noqa: PLR0912
    """Do what the file's text says; parse any other file as usual."""
    match data:
        case b"crash":
            ctypes.string_at(0)
        case b"exit":
            os._exit(3)
        case b"hang":
            while True:
                time.sleep(1)
        case b"spin":
            while True:
                pass
        case b"hog":
            return [bytearray(50_000_000) for _ in range(10_000)]
        case b"abort near the limit":
            filled = [bytearray(b"x" * 50_000_000) for _ in range(3)]
            filled.append(bytearray(25_000_000))
            time.sleep(0.5)
            os.abort()
            return filled
        case b"raise":
            raise KeyError("words of the document")
        case b"raise input error":
            raise InputError("words")
        case b"write":
            with open("/tmp/frontline-written-by-a-parser", "w") as file:  # noqa: PTH123, S108 - must never come to be
                file.write("x" * 100_000)
        case b"print":
            print("noise" * 1000)  # noqa: T201
        case b"bait":
            return _Bait()
        case b"who":
            return _named(str(os.getpid()))
        case b"environment":
            return _named(" ".join(sorted(os.environ)))
        case _:
            pass
    return isolated_calls.load_bytes(name, data, document_id, max_file_bytes)


def _named(name: str) -> LoadedFile:
    return LoadedFile(name, "", (), (), (), "text/plain")
