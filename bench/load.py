"""Many at once: fifty questions to one process, and ten people in real browsers."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from bench.browsers import BROWSER_SETTINGS, BrowserTimes, Turn, people_ask
from bench.frontline import web_home
from bench.machine import private_mib, resident_mib
from bench.page import Figures, goals, spread, table
from bench.places import ROOT, Places

TENANT = "pharmacy"
AT_ONCE = 50
ASKED_BEFORE = 100
RUNS = 3
PEOPLE = 10
QUESTIONS_EACH = 5
MEAN_PAUSE_SECONDS = 10.0
LONGEST_QUESTION = 90
GOAL_SECONDS = 2
GOAL_MIB = 1144  # 1.2 GB


def measure(places: Places) -> Figures:
    """The service in a process of its own, then browsers against a server."""
    from tests.serving import running_server

    home = web_home(places)
    texts = _questions()
    started, at_work = texts[:1], texts[AT_ONCE : AT_ONCE + ASKED_BEFORE]
    crowds = {
        name: [_crowd(str(home), before, texts[:AT_ONCE]) for _ in range(RUNS)]
        for name, before in (("at_work", at_work), ("just_started", started))
    }
    with running_server(home, **BROWSER_SETTINGS) as server:
        before = resident_mib(server.process.pid)
        browsers: dict[str, list[Figures]] = {"paced": [], "back_to_back": []}
        for run in range(RUNS):
            for name, mean_pause in (("paced", MEAN_PAUSE_SECONDS), ("back_to_back", 0.0)):
                people = _people(texts, mean_pause, seed=run)
                browsers[name].append(_drawn(asyncio.run(people_ask(server.url, server.process.pid, people))))
                print(name, browsers[name][-1], flush=True)
        after, private = resident_mib(server.process.pid), private_mib(server.process.pid)
    return {
        "crowds": {"questions": AT_ONCE, "asked_before": ASKED_BEFORE, **crowds},
        "browsers": {"people": PEOPLE, "questions_each": QUESTIONS_EACH, **browsers},
        "web_process": {"before_mib": round(before), "after_mib": round(after), "private_mib": round(private)},
    }


def _questions() -> list[str]:
    from app.sample_tenants import SAMPLE_DATA
    from services.knowledge.question_files import read_golden_questions

    golden = read_golden_questions(SAMPLE_DATA / TENANT / "golden_questions.jsonl")
    return [one.text for one in golden if one.answerable and len(one.text) <= LONGEST_QUESTION]


def _people(texts: Sequence[str], mean_pause_seconds: float, *, seed: int) -> list[list[Turn]]:
    """Every person's own questions, in another order in every run, with the same pauses whenever it is run."""
    source = random.Random(seed)
    asked = source.sample(list(texts), PEOPLE * QUESTIONS_EACH)
    pauses = [source.expovariate(1 / mean_pause_seconds) if mean_pause_seconds else 0.0 for _ in asked]
    turns = [Turn(text, round(pause, 2)) for text, pause in zip(asked, pauses, strict=True)]
    return [turns[person * QUESTIONS_EACH : (person + 1) * QUESTIONS_EACH] for person in range(PEOPLE)]


def _crowd(home: str, before: Sequence[str], crowd: Sequence[str]) -> Figures:
    completed = subprocess.run(
        [sys.executable, "-m", "bench.crowd_probe", home, TENANT],
        cwd=ROOT,
        input=json.dumps({"before": list(before), "crowd": list(crowd)}),
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode != 0:
        raise RuntimeError(f"the crowd ended with {completed.returncode}: {completed.stderr[-2000:]}")
    figures: Figures = json.loads(completed.stdout)
    print(figures, flush=True)
    return figures


def _drawn(times: BrowserTimes) -> Figures:
    return {
        "errors": len(times.errors),
        "causes": sorted(set(times.errors)),
        "answers": len(times.seconds),
        "seconds": dict(spread(times.seconds)) if times.seconds else {"p50": None, "p95": None},
        "sign_in_cpu": times.sign_in_cpu,
        "asking_cpu": times.asking_cpu,
    }


def text(figures: Figures) -> str:
    """The section."""
    crowds, browsers, web = figures["crowds"], figures["browsers"], figures["web_process"]
    parts = {
        f"{crowds['questions']} questions at once, at work": crowds["at_work"],
        f"{crowds['questions']} questions at once, just started": crowds["just_started"],
        f"{browsers['people']} browsers, with pauses": browsers["paced"],
        f"{browsers['people']} browsers, back to back": browsers["back_to_back"],
    }
    rows = []
    for what, runs in parts.items():
        errors, high = sum(run["errors"] for run in runs), _median(runs, "p95")
        rows.append((f"{what}: errors", "0", str(errors), errors == 0))
        goal = f"< {GOAL_SECONDS} s"
        rows.append((f"{what}: 95th percentile, wall-clock", goal, f"{high:.2f} s", high < GOAL_SECONDS))
    rows.append(
        ("Resident memory of the web process", "< 1.2 GB", f"{web['after_mib']} MiB", web["after_mib"] < GOAL_MIB)
    )
    details = table(
        ("Median and 95th percentile", *(f"Run {number}" for number in range(1, RUNS + 1))),
        (
            (what, *(f"{_seconds(run, 'p50'):.2f} s, {_seconds(run, 'p95'):.2f} s" for run in runs))
            for what, runs in parts.items()
        ),
    )
    return "\n\n".join((goals(rows), details, _about(figures)))


def _about(figures: Figures) -> str:
    crowds, browsers, web = figures["crowds"], figures["browsers"], figures["web_process"]
    questions = crowds["questions"]
    at_work, just_started = (
        1000 * statistics.median(run["cpu_seconds"] for run in crowds[name]) / questions
        for name in ("at_work", "just_started")
    )
    paced, back_to_back = (_milliseconds(browsers[name], "asking_cpu") for name in ("paced", "back_to_back"))
    everyone = [*browsers["paced"], *browsers["back_to_back"]]
    signing_in = {
        who: sum(run["sign_in_cpu"][who] for run in everyone) / len(everyone) / browsers["people"]
        for who in ("server", "browsers")
    }
    return (
        f"One question of the {questions} costs {at_work:.0f} CPU ms in a process at work, {just_started:.0f} in one "
        f"that has just started. One question from a browser costs the server {paced['server']:.0f} CPU ms and the "
        f"browser {paced['browsers']:.0f} with pauses, {back_to_back['server']:.0f} and "
        f"{back_to_back['browsers']:.0f} back to back; loading the page and signing in costs the server "
        f"{1000 * signing_in['server']:.0f} CPU ms and the browser {1000 * signing_in['browsers']:.0f}. The web "
        f"process held {web['before_mib']} MiB before the first person came; of the {web['after_mib']} MiB afterwards "
        f"{web['private_mib']} MiB are not files."
    )


def _median(runs: Sequence[Figures], share: str) -> float:
    return statistics.median(_seconds(run, share) for run in runs)


def _seconds(run: Figures, share: str) -> float:
    found: Any = run["seconds"][share]
    return float("inf") if found is None else float(found)


def _milliseconds(runs: Sequence[Figures], what: str) -> dict[str, float]:
    """Processor time of server and browsers for each answer."""
    answers = sum(run["answers"] for run in runs) or 1
    return {who: 1000 * sum(run[what][who] for run in runs) / answers for who in ("server", "browsers")}
