"""Keeps the memory of a process flat that works on large pictures in many threads."""

from __future__ import annotations

import ctypes
import sys

# Of glibc's malloc.h.
_M_ARENA_MAX = -8
_M_MMAP_THRESHOLD = -3
_ARENAS = 2
_MMAP_THRESHOLD_BYTES = 1 << 20


def give_memory_back() -> None:
    """Let this process return the memory of large pictures to the system as soon as it is free.

    By itself glibc keeps a heap per thread, and learns to keep ever larger blocks in them: with a new thread for each
    item a worker then holds several times what its work needs. Elsewhere than on glibc nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
        mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD_BYTES)
