"""Child processes that call functions for this one, each call within a time and a memory limit.

A child is started when it is needed, used again, and replaced after it died. Safe to use from many threads. The
children are fresh interpreters (no fork of a process with threads) with the modules that are named and nothing else.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from services.errors import ConfigurationError
from services.knowledge.loading.frames import read_frame, write_frame
from services.knowledge.loading.replies import read_reply
from services.knowledge.loading.watch import Watch

_ROOT = Path(__file__).resolve().parents[3]
_START_SECONDS = 60.0
_END_SECONDS = 2.0
_CALLS_PER_CHILD = 500
_NEAR_LIMIT_SHARE = 0.8
# All that a child gets of an environment: no keys, no settings. Numerical libraries would set memory aside for a thread
# per core, so they get one.
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONPATH": str(_ROOT),
    "PYTHONUTF8": "1",
}

Death = Literal["crashed", "timeout", "memory", "defect"]


class ChildDiedError(Exception):
    """A call ended without its result.

    Attributes:
        death: What ended it.
        detail: For the log and for tests: the exit code, or kind and place of an exception; never a document's words.
    """

    def __init__(self, death: Death, detail: str) -> None:
        super().__init__(f"{death}: {detail}")
        self.death: Death = death
        self.detail = detail


class ChildPool:
    """At most so many children at once; further calls wait for one to become free.

    Args:
        modules: What each child imports before its first call.
        seconds: Longest wait for a result, wall-clock.
        memory_bytes: What a call may take beyond what the idle child has; enforced on Linux only.
    """

    def __init__(self, modules: Sequence[str], *, seconds: float, memory_bytes: int, processes: int) -> None:
        self._modules = tuple(modules)
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._free_places = threading.BoundedSemaphore(processes)
        self._idle: list[_Child] = []
        self._closed_times = 0
        self._lock = threading.Lock()

    def stream(self, function: str, *arguments: Any) -> Iterator[Any]:
        """The results of a generator function, one by one, or the one result of any other.

        Args:
            function: As ``module:name``; its arguments and results must be picklable.

        Raises:
            ChildDiedError: the function raised, or its process ended or had to be ended.
            ConfigurationError: no child can be started.
        """
        with self._free_places:
            for attempt in (1, 2):
                child = self._child() if attempt == 1 else self._new_child()
                had_calls = child.calls > 0
                count = 0
                try:
                    with self._returned(child):
                        for result in child.stream(function, arguments, self._seconds):
                            count += 1
                            yield result
                    return
                except ChildDiedError as exc:
                    # What an earlier file did to the child, or its end while idle, must not be blamed on this one.
                    if attempt == 2 or count or not had_calls or exc.death not in {"crashed", "memory"}:
                        raise

    def call(self, function: str, *arguments: Any) -> Any:
        """The one result of a function; see :meth:`stream`."""
        (result,) = self.stream(function, *arguments)
        return result

    def close(self) -> None:
        """End all idle children; busy ones end after their call."""
        with self._lock:
            self._closed_times += 1
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _child(self) -> _Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.is_alive():
                    return child
                child.end()
        return self._new_child()

    def _new_child(self) -> _Child:
        return _Child(self._modules, self._seconds, self._memory_bytes)

    @contextmanager
    def _returned(self, child: _Child) -> Iterator[None]:
        is_whole = False
        closed_times = self._closed_times
        try:
            yield
            is_whole = True
        except ChildDiedError as exc:
            is_whole = exc.death == "defect"
            raise
        finally:
            # A caller that stops in the middle of the results leaves a child that is not at its beginning.
            if is_whole and child.calls < _CALLS_PER_CHILD and closed_times == self._closed_times:
                with self._lock:
                    self._idle.append(child)
            else:
                child.end()


class _Child:
    """One process and the two pipes to it."""

    def __init__(self, modules: Sequence[str], seconds: float, memory_bytes: int) -> None:
        self.calls = 0
        self._idle_bytes = 0
        self._memory_bytes = memory_bytes
        command = [sys.executable, "-m", "services.knowledge.loading.child", str(memory_bytes), str(seconds), *modules]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            start_new_session=True,  # Ctrl-C is for the parent, which then ends its children
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._calls, self._replies = self._process.stdin, self._process.stdout
        try:
            _, self._idle_bytes = self._reply(_START_SECONDS)
        except ChildDiedError as exc:
            self.end()
            raise ConfigurationError(
                "The process that reads documents cannot be started.",
                code="parser-not-started",
                remedy="An administrator must look into the log.",
            ) from exc

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def stream(self, function: str, arguments: tuple[Any, ...], seconds: float) -> Iterator[Any]:
        self.calls += 1
        call: bytes | None = pickle.dumps((function, arguments), protocol=pickle.HIGHEST_PROTOCOL)
        while True:
            kind, value = self._reply(seconds, call)
            call = None
            match kind:
                case "result":
                    yield value
                case "end":
                    return
                case "memory":
                    raise ChildDiedError("memory", "MemoryError")
                case _:
                    raise ChildDiedError("defect", str(value))

    def end(self) -> None:
        """Kill the process, should it still run, and let go of the pipes."""
        with suppress(OSError):
            self._process.kill()
        for pipe in (self._calls, self._replies):
            with suppress(OSError):
                pipe.close()
        self._process.wait()

    def _reply(self, seconds: float, call: bytes | None = None) -> tuple[str, Any]:
        """Send a call, if there is one, and wait for the next reply."""
        frame = None
        # Ending the process ends both waits: for the child to read, and for it to write.
        with Watch(self._process, seconds) as watch, suppress(OSError):
            if call is not None:
                write_frame(self._calls, call)
            frame = read_frame(self._replies, longest_bytes=4 * self._memory_bytes)
        if frame is not None:
            try:
                return read_reply(frame)
            except Exception as exc:
                raise ChildDiedError("crashed", f"reply cannot be read: {type(exc).__name__}") from exc
        exit_code = self._exit_code()
        if watch.was_late:
            raise ChildDiedError("timeout", f"no result within {seconds:g} s")
        # A parser in C that gets no more memory aborts; the operating system kills when the machine has none.
        is_memory = watch.peak_bytes - self._idle_bytes > _NEAR_LIMIT_SHARE * self._memory_bytes
        raise ChildDiedError("memory" if is_memory or exit_code == -9 else "crashed", f"exit code {exit_code}")

    def _exit_code(self) -> int:
        """Waits for the process, which is ending; one that only went silent is killed."""
        try:
            return self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
