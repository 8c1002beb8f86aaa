"""Runs Frontline for a measurement: its commands as a person would, its services in this process."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.data_sets import SETS, write_corpus
from bench.places import ROOT, Places

if TYPE_CHECKING:
    from services.bootstrap import Services

SAMPLES = ("pharmacy", "clinic")


def environment(home: Path) -> dict[str, str]:
    """Ours without any Frontline setting, so that defaults are measured; only the home is set."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FRONTLINE_")}
    return {**inherited, "FRONTLINE_HOME": str(home.resolve())}


def run_command(home: Path, *arguments: str) -> tuple[str, float]:
    """Run ``python -m app ...``; returns what it printed and the processor seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    completed = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if completed.returncode != 0:
        raise RuntimeError(f"{arguments[0]} ended with {completed.returncode}: {completed.stderr[-2000:]}")
    return completed.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def services_of(home: Path, *, demo: bool = False) -> Iterator[Services]:
    """The services over this home, with default settings and the model loaded."""
    from services.bootstrap import build_services
    from services.settings import load_settings

    for name in [name for name in os.environ if name.startswith("FRONTLINE_")]:
        del os.environ[name]
    services = build_services(load_settings(home=home, demo=demo, log_level="ERROR"))
    try:
        services.warm_up()
        yield services
    finally:
        services.database.close()


def load_set(places: Places, name: str) -> float | None:
    """Load a set into its tenant unless that is done; returns the processor seconds, None when it was there."""
    tenant = SETS[name]
    with services_of(places.home) as services:
        if services.knowledge.published_snapshot(tenant) is not None:
            return None
    corpus = write_corpus(places.data, name, places.work)
    _, cpu_seconds = run_command(places.home, "load-knowledge", "--tenant", tenant, "--publish", str(corpus))
    return round(cpu_seconds, 1)


def load_samples(home: Path) -> None:
    """Load both sample tenants, and calibrate them as they are now."""
    run_command(home, "load-sample", "--force")


def web_home(places: Places) -> Path:
    """A home of its own with the sample tenants, for measurements that ask and keep questions."""
    home = places.work / "web-home"
    if not (home / "ready").is_file():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        if (places.home / "models").is_dir():
            shutil.copytree(places.home / "models", home / "models")
        load_samples(home)
        (home / "ready").touch()
    return home
