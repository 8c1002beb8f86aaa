"""Many at once: fifty questions to one process, and ten people in real browsers."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bench.browsers import BROWSER_SETTINGS, BrowserTimes, people_ask
from bench.frontline import services_of, web_home
from bench.machine import cpu_seconds, private_mib, resident_mib
from bench.page import Figures, goals, spread, table
from bench.places import Places
from services.errors import AppError

if TYPE_CHECKING:
    from services.bootstrap import Services

TENANT = "pharmacy"
ACCOUNT = "ana.reyes"
AT_ONCE = 50
RUNS = 3
PEOPLE = 10
QUESTIONS_EACH = 3
LONGEST_QUESTION = 90


def measure(places: Places) -> Figures:
    """Threads in this process, then browsers against a server."""
    from tests.serving import running_server

    home = web_home(places)
    texts = _questions()
    with services_of(home, demo=True) as services:
        runs = [_all_at_once(services, texts[:AT_ONCE]) for _ in range(RUNS)]
    with running_server(home, **BROWSER_SETTINGS) as server:
        before = resident_mib(server.process.pid)
        cpu_before = cpu_seconds(server.process.pid)
        rounds = []
        for _ in range(RUNS):
            times: BrowserTimes = asyncio.run(people_ask(server.url, _shares(texts, PEOPLE, QUESTIONS_EACH)))
            rounds.append(
                {
                    "errors": len(times.errors),
                    "causes": sorted(set(times.errors)),
                    "answers": len(times.seconds),
                    **({"seconds": dict(spread(times.seconds))} if times.seconds else {}),
                }
            )
            print(rounds[-1], flush=True)
        server_cpu = cpu_seconds(server.process.pid) - cpu_before
        after, private = resident_mib(server.process.pid), private_mib(server.process.pid)
    return {
        "threads": {"questions": AT_ONCE, "runs": runs},
        "browsers": {"people": PEOPLE, "questions_each": QUESTIONS_EACH, "runs": rounds},
        "web_process": {"before_mib": round(before), "after_mib": round(after), "private_mib": round(private)},
        "server_cpu_seconds": round(server_cpu, 2),
    }


def _questions() -> list[str]:
    from app.sample_tenants import SAMPLE_DATA
    from services.knowledge.question_files import read_golden_questions

    golden = read_golden_questions(SAMPLE_DATA / TENANT / "golden_questions.jsonl")
    return [one.text for one in golden if one.answerable and len(one.text) <= LONGEST_QUESTION]


def _shares(texts: Sequence[str], people: int, each: int) -> list[list[str]]:
    """Every person's own questions."""
    return [list(texts[person * each : (person + 1) * each]) for person in range(people)]


def _all_at_once(services: Services, texts: Sequence[str]) -> Figures:
    account = services.accounts.get_account(ACCOUNT)
    services.answers.ask(account, TENANT, texts[0])  # opens the snapshot
    start = threading.Barrier(len(texts))
    errors: list[str] = []

    def ask(text: str) -> float:
        start.wait()
        started = time.perf_counter()
        try:
            services.answers.ask(account, TENANT, text)
        except AppError as error:
            errors.append(error.code)
        return time.perf_counter() - started

    cpu_before = time.process_time()
    with ThreadPoolExecutor(len(texts)) as pool:
        seconds = list(pool.map(ask, texts))
    figures = {
        "errors": len(errors),
        "causes": sorted(set(errors)),
        "seconds": dict(spread(seconds)),
        "all_seconds": round(max(seconds), 3),
        "cpu_seconds": round(time.process_time() - cpu_before, 2),
    }
    print(figures, flush=True)
    return figures


def text(figures: Figures) -> str:
    """The section."""
    threads, browsers, web = figures["threads"], figures["browsers"], figures["web_process"]
    rows = []
    for what, runs in (
        (f"{threads['questions']} questions at once", threads["runs"]),
        (f"{browsers['people']} browsers", browsers["runs"]),
    ):
        errors = sum(run["errors"] for run in runs)
        high = statistics.median(run["seconds"]["p95"] for run in runs)
        rows.append((f"{what}: errors", "0", str(errors), errors == 0))
        rows.append((f"{what}: 95th percentile, wall-clock", "< 2 s", f"{high:.2f} s", high < 2))
    rows.append(("Resident memory of the web process", "< 1.2 GB", f"{web['after_mib']} MiB", web["after_mib"] < 1144))
    cpu = statistics.median(run["cpu_seconds"] for run in threads["runs"]) / threads["questions"]
    details = table(
        ("Run", "50 questions: median", "95th percentile", "10 browsers: median", "95th percentile"),
        (
            (
                str(number),
                *(f"{run['seconds'][share]:.2f} s" for run in pair for share in ("p50", "p95")),
            )
            for number, pair in enumerate(zip(threads["runs"], browsers["runs"], strict=True), start=1)
        ),
    )
    return "\n\n".join(
        (
            goals(rows),
            details,
            _about(figures, cpu),
        )
    )


def _about(figures: Figures, cpu: float) -> str:
    web = figures["web_process"]
    answers = sum(run["answers"] for run in figures["browsers"]["runs"])
    from_browser = 1000 * figures["server_cpu_seconds"] / answers
    return (
        f"One question of the {figures['threads']['questions']} costs {1000 * cpu:.0f} CPU ms; one from a browser "
        f"costs the server {from_browser:.0f} CPU ms, with its share of the sign-in. The web process held "
        f"{web['before_mib']} MiB before the first person came; of the {web['after_mib']} MiB afterwards "
        f"{web['private_mib']} MiB are not files."
    )
