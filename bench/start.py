"""From the command to a page that can be used."""

from __future__ import annotations

import statistics
import time

from playwright.sync_api import sync_playwright

from bench.browsers import ARGUMENTS, BROWSER_SETTINGS, LONGEST_WAIT_MS
from bench.frontline import web_home
from bench.machine import cpu_seconds, private_mib, resident_mib
from bench.page import Figures, goals
from bench.places import Places
from tests.browser.chromium import find_chromium
from tests.serving import running_server

RUNS = 3


def measure(places: Places) -> Figures:
    """Start the server as often as it takes for a median; the browser is open before."""
    home = web_home(places)
    runs = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for _ in range(RUNS):
            page = browser.new_context().new_page()
            started = time.perf_counter()
            with running_server(home, **BROWSER_SETTINGS) as server:
                answering = time.perf_counter() - started
                page.goto(server.url)
                page.get_by_role("button", name="Enter as Ana").wait_for(timeout=LONGEST_WAIT_MS)
                interactive = time.perf_counter() - started
                runs.append(
                    {
                        "answering_seconds": round(answering, 2),
                        "interactive_seconds": round(interactive, 2),
                        "server_cpu_seconds": round(cpu_seconds(server.process.pid), 2),
                        "resident_mib": round(resident_mib(server.process.pid)),
                        "private_mib": round(private_mib(server.process.pid)),
                    }
                )
            page.context.close()
            print(runs[-1], flush=True)
        browser.close()
    return {"runs": runs}


def text(figures: Figures) -> str:
    """The section."""
    runs = figures["runs"]
    median = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    seconds = ", ".join(f"{run['interactive_seconds']:.1f}" for run in runs)
    reached = goals(
        [
            (
                "From `python -m app serve` to the sign-in buttons, wall-clock",
                "≤ 8 s",
                f"{median['interactive_seconds']:.1f} s",
                median["interactive_seconds"] <= 8,
            )
        ]
    )
    return (
        f"{reached}\n\nThe median of {len(runs)} starts ({seconds} s); "
        f"the server answered after {median['answering_seconds']:.1f} s. It had used "
        f"{median['server_cpu_seconds']:.1f} CPU-seconds, the rest was waiting and the browser's work, and held "
        f"{median['resident_mib']:.0f} MiB, of which {median['private_mib']:.0f} MiB are not files. The embedding "
        f"model is loaded after that, when the first question comes."
    )
