"""Cuts the photos of a folder one after the other, and prints what a photo cost. Run by bench/mattes.py."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from PIL import Image


def main(folder: Path, *, without_network: bool) -> None:
    """Print one line of JSON: median CPU seconds per photo, and the peak memory of this process in MiB."""
    from services.backends.local.mattes.cutter import LocalSubjectCutter
    from services.backends.local.mattes.packaged_network import packaged_network
    from services.backends.process_memory import give_memory_back

    give_memory_back()  # as every worker does

    cutter = LocalSubjectCutter(folder / "no-models", packaged=None if without_network else packaged_network())
    seconds = []
    for file in sorted(folder.glob("*.png")):
        picture = Image.open(file).convert("RGB")
        started = time.process_time()
        found = cutter.cut_out(picture)
        seconds.append(time.process_time() - started)
        cutter.clean_edges(picture, Image.fromarray(found.matte))
    peak = _peak_mib()
    print(json.dumps({"cpu_seconds": round(sorted(seconds)[len(seconds) // 2], 3), "peak_mib": round(peak, 1)}))


def _peak_mib() -> float:
    """The most this program held; getrusage would count the parent that it was forked from too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), without_network="--without-network" in sys.argv)
