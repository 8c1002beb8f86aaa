"""Asks many questions at the same moment and prints the waits; a process of its own for bench.load."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bench.frontline import services_of
from bench.page import Figures, spread
from services.errors import AppError

if TYPE_CHECKING:
    from services.bootstrap import Services

ACCOUNT = "ana.reyes"


def main(home: Path, tenant: str, before: Sequence[str], crowd: Sequence[str]) -> Figures:
    """Ask the first texts one by one, then all others at once; the very first one opens the snapshot."""
    with services_of(home, demo=True) as services:
        account = services.accounts.get_account(ACCOUNT)
        for text in before:
            services.answers.ask(account, tenant, text)
        return _all_at_once(services, tenant, crowd)


def _all_at_once(services: Services, tenant: str, texts: Sequence[str]) -> Figures:
    account = services.accounts.get_account(ACCOUNT)
    start = threading.Barrier(len(texts))
    errors: list[str] = []

    def ask(text: str) -> float:
        start.wait()
        started = time.perf_counter()
        try:
            services.answers.ask(account, tenant, text)
        except AppError as error:
            errors.append(error.code)
        return time.perf_counter() - started

    cpu_before = time.process_time()
    with ThreadPoolExecutor(len(texts)) as pool:
        seconds = list(pool.map(ask, texts))
    return {
        "errors": len(errors),
        "causes": sorted(set(errors)),
        "seconds": dict(spread(seconds)),
        "all_seconds": round(max(seconds), 3),
        "cpu_seconds": round(time.process_time() - cpu_before, 2),
    }


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], asked["before"], asked["crowd"])))
