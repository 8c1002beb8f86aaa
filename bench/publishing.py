"""Publishing while agents ask: no error, no answer that mixes two versions, and little longer waits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

from bench.frontline import environment
from bench.page import Figures, goals, table
from bench.places import ROOT, Places

QUESTIONS_PER_SECOND = 30
SECONDS = 45


def measure(places: Places) -> Figures:
    """Ask at a steady pace, first in peace, then while new versions are built and published all the time."""
    home = places.work / "publishing-home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    if (places.home / "models").is_dir():
        shutil.copytree(places.home / "models", home / "models")
    completed = subprocess.run(
        [sys.executable, "-m", "bench.publishing_probe", str(home), str(QUESTIONS_PER_SECOND), str(SECONDS)],
        cwd=ROOT,
        env={**os.environ, **environment(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: Figures = json.loads(completed.stdout.splitlines()[-1])
    return figures


def text(figures: Figures) -> str:
    """The section."""
    calm, busy = figures["calm"], figures["publishing"]
    waits, busy_waits = calm["seconds"], busy["seconds"]
    ratio = busy_waits["p95"] / waits["p95"]
    goal = goals(
        (
            ("Answers that failed while versions were published", "0", str(busy["errors"]), busy["errors"] == 0),
            ("Answers that mix two versions", "0", str(busy["mixed"]), busy["mixed"] == 0),
            ("95th percentile against asking in peace", "≤ 2", f"{ratio:.2f}", ratio <= 2),
        )
    )
    measured = table(
        ("", "In peace", "While publishing"),
        (
            ("Questions answered", f"{calm['answered']:,}", f"{busy['answered']:,}"),
            ("Versions published meanwhile", str(calm["publications"]), str(busy["publications"])),
            ("Versions that answered", str(calm["snapshots"]), str(busy["snapshots"])),
            ("Seconds to the answer, median", f"{waits['p50']:.3f}", f"{busy_waits['p50']:.3f}"),
            (
                "Seconds to the answer, 95th percentile",
                f"{calm['seconds']['p95']:.3f}",
                f"{busy['seconds']['p95']:.3f}",
            ),
        ),
    )
    about = (
        f"{figures['questions_per_second']} questions per second for {figures['seconds']} s each, through the service "
        f"in one process; another process changes all {figures['documents']} documents, builds and publishes, again "
        "and again, on the same two cores. Every document of a version names its edition, so that an answer whose "
        "passages are of two editions, or of another edition than the version that it names, is seen."
    )
    return f"{goal}\n\n{measured}\n\n{about}"
