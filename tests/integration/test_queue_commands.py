"""The command that measures the queue, as a shell and a container platform call it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.storage.database import Database
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from tests.command_line import run_command
from tests.contract.job_repository import new_items, new_job
from tests.contract.test_job_repositories import prepared
from tests.serving import ROOT, environment


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    for database in prepared(f"sqlite:///{tmp_path / 'frontline.sqlite3'}"):
        SqlJobRepository(database).insert_job(new_job(), new_items(3))
        yield database


def test_queue_is_told_in_one_line(database: Database, tmp_path: Path) -> None:
    ended = run_command(tmp_path, "queue-depth")
    assert ended.code == 0
    assert ended.out.startswith("3 waiting, 0 running, 0 workers, nothing has begun or ended for ")


def test_line_for_cloudwatch_names_every_metric_that_it_holds(database: Database, tmp_path: Path) -> None:
    line = json.loads(run_command(tmp_path, "queue-depth", "--emf", "--stack", "pharmacy").out)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Frontline", [["Stack"]])
    assert {metric["Name"]: line[metric["Name"]] > 0 for metric in directive["Metrics"]} == {
        "WaitingItems": True,
        "RunningItems": False,
        "Workers": False,
        "WaitingItemsPerPlace": True,
        "StandstillSeconds": True,
    }
    assert (line["Stack"], line["WaitingItems"]) == ("pharmacy", 3)


def test_health_check_of_a_worker_fails_until_one_lives_on_this_machine(database: Database, tmp_path: Path) -> None:
    registry = SqlWorkerRegistry(database)
    registry.breathe("w1", "another-machine", 1, 2)
    ended = run_command(tmp_path, "queue-depth", "--require-worker")
    assert (ended.code, ended.err.splitlines()[-1]) == (
        2,
        "Look at its log, and restart it: python -m app worker",
    )
    registry.breathe("w2", socket.gethostname(), 2, 2)
    assert run_command(tmp_path, "queue-depth", "--require-worker").code == 0


def test_monitor_outlives_a_database_that_is_not_ready_and_ends_when_it_is_told(tmp_path: Path) -> None:
    monitor = subprocess.Popen(
        [sys.executable, "-m", "app", "queue-depth", "--emf", "--every-seconds", "1"],
        cwd=ROOT,
        env=environment(tmp_path, 0, FRONTLINE_LOG_FORMAT="json", FRONTLINE_PORT="8501"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert monitor.stderr is not None
        assert json.loads(monitor.stderr.readline())["event"] == "queue-not-measured"
        for _database in prepared(f"sqlite:///{tmp_path / 'frontline.sqlite3'}"):
            assert monitor.stdout is not None
            assert json.loads(monitor.stdout.readline())["WaitingItems"] == 0
        monitor.send_signal(signal.SIGTERM)
        assert monitor.wait(20) == 0
    finally:
        monitor.kill()
        monitor.communicate()


def test_options_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    ended = run_command(tmp_path, "queue-depth", "--require-worker", "--every-seconds", "5")
    assert (ended.code, "exclude each other" in ended.err) == (2, True)
