"""What becomes of the responses of a survey run when something dies or is cut off in the middle of it."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy import text as statement

from bench.page import Figures, goals, table
from bench.places import Places
from services.errors import AppError
from services.jobs.models import Job
from services.surveys.run_models import SurveyRun
from tests.integration.survey_home import TENANT, SurveyHome, Till, answers, survey_home
from tests.openai_server import OpenAiServer
from tests.postgres import empty_database, running_postgres
from tests.serving import free_port

# A smaller number, for a look in between, is not kept for the page: set it only by hand.
RESPONSES = int(os.environ.get("BENCH_SURVEY_RESPONSES", "1200"))
SECONDS_PER_CALL = 0.25
PATIENCE_SECONDS = 900.0
THROTTLED_OF_TEN = 3
CUTS = 3

Fault = Callable[[SurveyHome], None]


def measure(places: Places) -> Figures:
    """One run per fault; the model is a small server that counts what it is paid for."""
    rows = []
    with _laptop(places) as (home, server):
        worker = home.start_worker()

        def kill_worker(home: SurveyHome) -> None:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            home.start_worker()

        rows.append(_row("Worker killed, another started", home, server, kill_worker))
    with _laptop(places, FRONTLINE_WORKER_PROCESSES="1", FRONTLINE_PORT=str(free_port())) as (home, server):
        web = home.start_worker("app", "serve")

        def kill_web(home: SurveyHome) -> None:
            web.send_signal(signal.SIGKILL)
            web.wait()
            home.start_worker("app", "serve")

        rows.append(_row("Web killed with the worker beside it, started again", home, server, kill_web))
    with running_postgres() as running, empty_database(running) as url:
        folder = Path(tempfile.mkdtemp(prefix="surveys-", dir=places.work))
        with survey_home(folder, url) as (home, server):
            home.start_worker()
            home.start_worker()
            fault = "All database connections cut three times, PostgreSQL, 2 workers"
            rows.append(_row(fault, home, server, lambda _home: _cut_connections(url)))
    with _laptop(places) as (home, server):
        home.start_worker()
        rows.append(_row("30 % of the model's calls throttled", home, server, None, throttle=True))
    return {"responses": RESPONSES, "seconds_per_call": SECONDS_PER_CALL, "faults": rows}


@contextmanager
def _laptop(places: Places, **settings: str) -> Iterator[tuple[SurveyHome, OpenAiServer]]:
    folder = Path(tempfile.mkdtemp(prefix="surveys-", dir=places.work))
    with survey_home(folder, f"sqlite:///{folder / 'frontline.sqlite3'}", **settings) as made:
        yield made


def _cut_connections(url: str) -> None:
    administration = create_engine(url, isolation_level="AUTOCOMMIT")
    for _ in range(CUTS):
        with administration.connect() as connection:
            connection.execute(
                statement(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        time.sleep(1.0)
    administration.dispose()


def _row(name: str, home: SurveyHome, server: OpenAiServer, fault: Fault | None, *, throttle: bool = False) -> Figures:
    """Run the responses, let the fault happen once a third is done, and count what came of them."""
    away = (lambda number: number % 10 < THROTTLED_OF_TEN) if throttle else None
    till = Till(server, seconds=SECONDS_PER_CALL, throttle=away)
    survey = home.survey(answers(RESPONSES))
    began = time.perf_counter()
    run = home.start(survey)
    chunks = home.job(run.job_id).item_count
    if fault is not None:
        home.wait_until(lambda: home.done(run) >= chunks // 3, "a third is done", PATIENCE_SECONDS)
        fault(home)
    ended = _patiently(home, run)
    took = time.perf_counter() - began
    findings = home.services.surveys.runs.findings(TENANT, run.id)
    items = home.items(run.job_id)
    worked = home.worked(run)
    sizes = {item.position: item.arguments["last"] - item.arguments["first"] + 1 for item in items}
    figures = {
        "fault": name,
        "responses": RESPONSES,
        "chunks": chunks,
        "lost": int((findings.overall[findings.text_of_row] == 0).sum()),
        "analyzed_twice": sum((count - 1) * sizes[position] for position, count in worked.items()),
        "calls": len(till.paid),
        "paid_twice": till.paid_twice,
        "calls_cut_off": till.hung_up,
        "throttled": till.throttled,
        "begun_again": sum(item.attempts - 1 for item in items),
        "took_seconds": round(took, 1),
        "outcome": ended.status.value,
    }
    print(figures, flush=True)
    return figures


def _patiently(home: SurveyHome, run: SurveyRun) -> Job:
    """The job once it ended, though the database may be away in between."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return home.wait_for_end(run.job_id, max(deadline - time.monotonic(), 1.0))
        except AppError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def text(figures: Figures) -> str:
    """The section."""
    rows = figures["faults"]
    totals = [
        ("Responses lost over all faults", sum(row["lost"] for row in rows)),
        ("Responses analyzed twice over all faults", sum(row["analyzed_twice"] for row in rows)),
        ("Calls paid twice over all faults", sum(row["paid_twice"] for row in rows)),
    ]
    reached = goals((words, "0", str(total), total == 0) for words, total in totals)
    headings = ("Fault in a run", "Responses", "Lost", "Analyzed twice", "Calls paid", "Paid twice", "Begun again")
    counted = ("responses", "lost", "analyzed_twice", "calls", "paid_twice", "begun_again", "throttled")
    outcomes = table(
        (*headings, "Throttled", "Took"),
        [(row["fault"], *(f"{row[name]:,}" for name in counted), f"{row['took_seconds']:,.0f} s") for row in rows],
    )
    about = (
        f"{figures['responses']:,} different responses, analyzed by the chain of prompts. The model is a small server "
        f"that takes {figures['seconds_per_call']:g} s per call and counts those that it answers; a call is paid twice "
        "when the same request is answered twice. That is left to happen to a call whose reply is on its way at the "
        "very moment in which its worker is killed: nobody has it then. A response is analyzed twice when the work on "
        "its chunk comes to its good end twice; what was begun again had not ended, and its answered calls were not "
        "made again."
    )
    return f"{reached}\n\n{outcomes}\n\n{about}"
