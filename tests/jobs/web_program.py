"""A web process for tests that has a worker beside it and submits a job; run with a folder and a number of items.

It writes the id of the job into the file ``submitted`` of the folder, and waits to be killed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app.worker_processes import WorkerProcesses
from services.backends.dbos.queue import DbosQueue, NotifyingQueue, jobs_database_url
from services.jobs.models import NewItem
from services.jobs.service import JobService
from services.settings import load_settings
from services.storage.database import Database
from services.storage.job_workers import SqlWorkerRegistry
from services.storage.jobs import SqlJobRepository
from tests.jobs.traced_work import KIND

ITEM_SECONDS = 0.4

if __name__ == "__main__":
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    WorkerProcesses(1, 5, [sys.executable, "-m", "tests.jobs.worker_program", str(folder), "--beside-web"]).start()
    url = load_settings().resolved_database_url
    database = Database(url)
    queue = NotifyingQueue(DbosQueue(jobs_database_url(url)))
    jobs = JobService(SqlJobRepository(database), queue, SqlWorkerRegistry(database), {KIND})
    items = [NewItem(str(number), {"seconds": ITEM_SECONDS}) for number in range(count)]
    submitted = jobs.submit(KIND, "pharmacy", "ana", "A job", items)
    (folder / "submitted.new").write_text(submitted.id, encoding="utf-8")
    (folder / "submitted.new").rename(folder / "submitted")
    while True:
        time.sleep(1)
