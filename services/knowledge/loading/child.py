"""A child process that parses: reads calls from its input, writes results to its output, within limits.

    python -m services.knowledge.loading.child MEMORY_BYTES SECONDS MODULE ...

The modules are imported before the limits hold. The child writes no files and ends when its input does.
"""

from __future__ import annotations

import importlib
import os
import pickle
import select
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from services.knowledge.loading.frames import read_frame, write_frame
from services.knowledge.loading.watch import address_space_bytes

_IDLE_SECONDS = 600.0
_RESERVE_BYTES = 1 << 20
_ALARM_SECONDS = 30.0


def main(memory_bytes: int, seconds: float, modules: list[str]) -> None:
    """Answer calls until the input ends or nothing came for ten minutes."""
    calls, replies = _own_channel()
    for module in modules:
        importlib.import_module(module)
    limits = _Limits(memory_bytes, seconds)
    write_frame(replies, pickle.dumps(("ready", limits.idle_bytes)))
    while select.select([calls], [], [], _IDLE_SECONDS)[0]:
        frame = read_frame(calls)
        if frame is None:
            return
        function, arguments = pickle.loads(frame)  # noqa: S301 - from the parent, which is trusted
        reserve: bytes | None = bytes(_RESERVE_BYTES)
        try:
            for result in limits.timed(_results(function, arguments)):
                write_frame(replies, pickle.dumps(("result", result)))
            reply: tuple[str, str | None] = ("end", None)
        except MemoryError:
            reserve = None
            limits.lift()
            write_frame(replies, pickle.dumps(("memory", None)))
            return
        except Exception as exc:
            # Whatever a parser raises is a defect to name, not to die of.
            reply = ("defect", _place(exc))
        del reserve
        write_frame(replies, pickle.dumps(reply))


def _results(function: str, arguments: tuple[Any, ...]) -> Iterator[Any]:
    module, name = function.split(":")
    found = getattr(importlib.import_module(module), name)(*arguments)
    if isinstance(found, Iterator):
        yield from found
    else:
        yield found


def _own_channel() -> tuple[BinaryIO, BinaryIO]:
    """Input and output for calls; what a library prints goes nowhere."""
    # Unbuffered input, so that waiting for the file is waiting for a call.
    calls = os.fdopen(os.dup(0), "rb", buffering=0)
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    return calls, replies


def _place(error: Exception) -> str:
    """Kind and place of an error; its message may hold words of the document and stays here."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "knowledge" in frame.filename] or frames
    last, own = frames[-1], ours[-1]
    where, source = (f"{Path(frame.filename).name}:{frame.lineno}" for frame in (last, own))
    return f"{type(error).__name__} in {where}, from {source}"


class _Limits:
    """What the operating system enforces; where it has no such limits (Windows), the parent's time limit remains."""

    def __init__(self, memory_bytes: int, seconds: float) -> None:
        self.idle_bytes = address_space_bytes(os.getpid())
        self._seconds = seconds
        self._resource: Any = None
        try:
            import resource
        except ImportError:
            return
        self._resource = resource
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        if self.idle_bytes:
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            limit = self.idle_bytes + memory_bytes
            resource.setrlimit(
                resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
            )

    def timed(self, results: Iterator[Any]) -> Iterator[Any]:
        """The results, each within a time: should the parent die, a parser that hangs still ends.

        The parent's own limit is shorter and comes first; what it does between two results takes no time here.
        """
        while True:
            self._set_alarm(2 * self._seconds + _ALARM_SECONDS)
            try:
                result = next(results)
            except StopIteration:
                return
            finally:
                self._set_alarm(0)
            yield result

    def lift(self) -> None:
        """Room to report that the memory ran out."""
        if self._resource is not None:
            _, hard = self._resource.getrlimit(self._resource.RLIMIT_AS)
            self._resource.setrlimit(self._resource.RLIMIT_AS, (hard, hard))

    def _set_alarm(self, seconds: float) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
