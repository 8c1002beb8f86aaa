"""What a figure depends on besides the code: the machine, in words, and how memory is read."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

MIB = 1024 * 1024
LIBRARIES = ("onnxruntime", "faiss-cpu", "bm25s", "numpy", "streamlit")


def describe_machine(libraries: Sequence[str] = LIBRARIES) -> str:
    """Processor, memory, system and versions, in one sentence without any name of the machine."""
    memory_gib = psutil.virtual_memory().total / MIB / 1024
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory_gib:.0f} GiB memory, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}"
    )


def load_average() -> float:
    """Programs that wanted a core during the last minute; more than there are cores means that they waited."""
    return round(os.getloadavg()[0], 1)


def resident_mib(process: int | None = None) -> float:
    """Resident memory of a process (this one when None), memory-mapped files that it touched included."""
    return float(psutil.Process(process).memory_info().rss) / MIB


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used since it began."""
    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)


def private_mib(process: int | None = None) -> float:
    """Resident memory without files: what cannot be dropped and read again."""
    status = Path(f"/proc/{process or os.getpid()}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("RssAnon:"))
    return int(line.split()[1]) / 1024


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
