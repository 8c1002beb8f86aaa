"""What DBOS says about work that a pause or a cancel took from it is no error; everything else it says stays."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from dbos._error import DBOSAwaitedWorkflowCancelledError

from services.backends.dbos.engine_log import listen_to_engine


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def kept() -> Iterator[Kept]:
    listen_to_engine()
    handler = Kept()
    logging.getLogger("dbos").addHandler(handler)
    yield handler
    logging.getLogger("dbos").removeHandler(handler)


def crash(error: Exception) -> None:
    """As DBOS's executor tells that a workflow ended with an exception."""
    try:
        raise error
    except Exception as caught:
        logging.getLogger("dbos").error("Exception encountered in background workflow:", exc_info=caught)


def test_expected_cancellation_is_told_without_a_traceback_and_not_as_an_error(kept: Kept) -> None:
    crash(DBOSAwaitedWorkflowCancelledError("one:1:160"))
    (record,) = kept.records
    assert (record.levelno, record.exc_info) == (logging.INFO, None)
    assert "one:1:160" in record.getMessage()


def test_any_other_exception_keeps_its_level_and_its_traceback(kept: Kept) -> None:
    crash(RuntimeError("the disk is full"))
    (record,) = kept.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], RuntimeError)


def test_listening_again_changes_nothing(kept: Kept) -> None:
    before = list(logging.getLogger("dbos").filters)
    listen_to_engine()
    assert logging.getLogger("dbos").filters == before
