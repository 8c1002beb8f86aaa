"""Cuts the photos of a folder one after the other, and prints what a photo cost. Run by bench/mattes.py."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from PIL import Image


def main(folder: Path) -> None:
    """Print one line of JSON: median CPU seconds per photo, and the peak memory of this process in MiB."""
    from services.backends.local.mattes.cutter import LocalSubjectCutter

    cutter = LocalSubjectCutter(folder / "no-models")
    seconds = []
    for file in sorted(folder.glob("*.png")):
        picture = Image.open(file).convert("RGB")
        started = time.process_time()
        found = cutter.cut_out(picture)
        seconds.append(time.process_time() - started)
        cutter.clean_edges(picture, Image.fromarray(found.matte))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_seconds": round(sorted(seconds)[len(seconds) // 2], 3), "peak_mib": round(peak, 1)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
