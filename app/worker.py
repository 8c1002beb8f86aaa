"""The command that works on background jobs: loading knowledge, batches, runs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from app.terminal import give_way
from services.logs import get_logger

if TYPE_CHECKING:
    from services.bootstrap import Services
    from services.jobs.worker import JobWorker

SECONDS_BETWEEN_SCHEDULES = 20.0
SECONDS_BETWEEN_SIGNAL_CHECKS = 0.5
SECONDS_BETWEEN_PRUNINGS = 3600.0

_log = get_logger(__name__)


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command("worker")(worker)


def worker(
    beside_web: Annotated[
        bool, typer.Option("--beside-web", hidden=True, help="End when standard input closes, as `serve` needs it.")
    ] = False,
) -> None:
    """Work on background jobs until it is stopped.

    `serve` runs one beside the web already. Run more, here or on other machines, by sharing the database and the
    storage root; set FRONTLINE_WORKER_PROCESSES=0 where the web should run none. On SIGTERM or Ctrl+C it takes no more
    work, lets items end for FRONTLINE_WORKER_STOP_SECONDS, and hands back the rest.
    """
    from services.bootstrap import build_services, build_worker

    if beside_web:
        give_way()
    services = build_services()
    if not beside_web:
        print("Working on background jobs  (stop with Ctrl+C)", flush=True)

    def keep_schedule(stopping: threading.Event) -> None:
        threading.Thread(target=_prune_capture, args=(services, stopping), name="prune-capture", daemon=True).start()
        _start_due_sources(services, stopping)

    run_until_stopped(
        build_worker(services),
        services.settings.worker_stop_seconds,
        follow_input=beside_web,
        beside=keep_schedule,
        at_end=services.model_calls.close,
    )


def run_until_stopped(
    running: JobWorker,
    stop_seconds: int,
    *,
    follow_input: bool = False,
    beside: Callable[[threading.Event], None] | None = None,
    at_end: Callable[[], None] | None = None,
) -> NoReturn:
    """Run a worker until a signal, or until standard input closes when it follows that; ends the process.

    Args:
        stop_seconds: How long items may take to end then.
        follow_input: The parent holds the other end of standard input, and however the parent ends, it closes.
        beside: Runs in a thread of its own, until the event is set.
        at_end: Called once no more work is taken, before the process ends.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if follow_input:
        threading.Thread(target=_await_end_of_input, args=(stopping,), name="parent-watch", daemon=True).start()
    running.start()
    if beside is not None:
        threading.Thread(target=beside, args=(stopping,), name="beside-worker", daemon=True).start()
    # The system may hand a signal to any thread, but Python handles it in this one, once it runs again: a wait without
    # an end would sleep on. Seen with a process that was told to continue and to end in one breath.
    while not stopping.wait(SECONDS_BETWEEN_SIGNAL_CHECKS):
        pass
    running.stop(stop_seconds)
    if at_end is not None:
        at_end()
    sys.stdout.flush()
    sys.stderr.flush()
    # Work that was handed back may still run in a thread, and Python would wait for it.
    os._exit(0)


def _start_due_sources(services: Services, stopping: threading.Event) -> None:
    """Look at the schedule again and again; a failed look is repeated, and never ends the worker."""
    while not stopping.wait(SECONDS_BETWEEN_SCHEDULES):
        try:
            services.sources.submit_due()
        except Exception as error:
            _log.warning("source-schedule-failed", error=type(error).__name__)


def _prune_capture(services: Services, stopping: threading.Event) -> None:
    """Delete captured calls whose time is over, now and once an hour."""
    from services.backends.capture_backends import build_capture

    capture = build_capture(services.settings)
    while capture is not None:
        try:
            capture.prune()
        except Exception as error:
            _log.warning("capture-not-pruned", error=type(error).__name__)
        if stopping.wait(SECONDS_BETWEEN_PRUNINGS):
            return


def _await_end_of_input(stopping: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stopping.set()
