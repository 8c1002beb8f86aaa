"""The command that tells how much work waits for workers, for people, monitors and health checks."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.errors import AppError, BackendUnavailableError, InputError
from services.logs import configure_logging, get_logger

if TYPE_CHECKING:
    from services.jobs.depth import QueueDepth

METRIC_NAMESPACE = "Frontline"
METRIC_DIMENSION = "Stack"

_log = get_logger(__name__)


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command("queue-depth")(queue_depth)


def queue_depth(
    emf: Annotated[
        bool, typer.Option("--emf", help="One line of JSON in CloudWatch's embedded metric format.")
    ] = False,
    stack: Annotated[str, typer.Option(help="With --emf: the value of the metrics' dimension Stack.")] = "frontline",
    every_seconds: Annotated[
        float | None, typer.Option(help="Measure again and again, until SIGTERM or Ctrl+C.", min=1)
    ] = None,
    require_worker: Annotated[
        bool, typer.Option("--require-worker", help="End with an error unless a worker lives on this machine.")
    ] = False,
) -> None:
    """Tell how many items wait for workers, how many run, and how many workers live, over all tenants.

    Nothing is changed, and the database must be there already. With --every-seconds a measurement that fails is logged
    and the next one follows.
    """
    from services.settings import load_settings
    from services.storage.database import Database
    from services.storage.job_depth import measure_queue

    if require_worker and every_seconds is not None:
        raise InputError(
            "--require-worker and --every-seconds exclude each other.",
            code="options-exclude-each-other",
            remedy="Leave one of them out.",
        )
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    database = Database(settings.resolved_database_url)

    def measure() -> QueueDepth:
        depth = measure_queue(database, datetime.now(UTC))
        print(json.dumps(embedded_metrics(depth, stack)) if emf else in_words(depth), flush=True)
        return depth

    try:
        if every_seconds is None:
            depth = measure()
            if require_worker:
                _require_worker_here(depth)
        else:
            _repeat(measure, every_seconds)
    finally:
        database.close()


def in_words(depth: QueueDepth) -> str:
    """The measurement as one line for people."""
    line = f"{depth.waiting:,} waiting, {depth.running:,} running, {len(depth.hosts)} workers"
    if depth.waiting and depth.standstill_seconds >= 1:
        line += f", nothing has begun or ended for {depth.standstill_seconds:,.0f} seconds"
    return line


def embedded_metrics(depth: QueueDepth, stack: str) -> dict[str, Any]:
    """The measurement as CloudWatch Logs turns it into metrics by itself."""
    units = {
        "WaitingItems": "Count",
        "RunningItems": "Count",
        "Workers": "Count",
        "WaitingItemsPerPlace": "None",
        "StandstillSeconds": "Seconds",
    }
    return {
        "_aws": {
            "Timestamp": round(datetime.now(UTC).timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": METRIC_NAMESPACE,
                    "Dimensions": [[METRIC_DIMENSION]],
                    "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
                }
            ],
        },
        "event": "queue-depth",
        METRIC_DIMENSION: stack,
        "WaitingItems": depth.waiting,
        "RunningItems": depth.running,
        "Workers": len(depth.hosts),
        "WaitingItemsPerPlace": round(depth.waiting_per_place, 3),
        "StandstillSeconds": round(depth.standstill_seconds, 1),
    }


def _repeat(measure: Any, every_seconds: float) -> None:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    while True:
        try:
            measure()
        except AppError as error:
            _log.warning("queue-not-measured", error=error.code)
        except Exception as error:  # such as tables that the first start has not made yet
            _log.warning("queue-not-measured", error=type(error).__name__)
        if stopping.wait(every_seconds):
            sys.exit(0)


def _require_worker_here(depth: QueueDepth) -> None:
    if socket.gethostname() not in depth.hosts:
        raise BackendUnavailableError(
            "No worker on this machine gave a sign of life within half a minute.",
            code="no-worker",
            remedy="Look at its log, and restart it: python -m app worker",
        )
