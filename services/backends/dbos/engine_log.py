"""DBOS's log through ours, without alarm about what is expected."""

from __future__ import annotations

import logging


def listen_to_engine() -> None:
    """Let DBOS log through the root logger alone; calling it again changes nothing."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # DBOS adds a console of its own unless its logger has something
    logger.addFilter(_QUIET)


class _QuietAboutCancellations(logging.Filter):
    """Makes information of the error that DBOS logs when what it runs was canceled meanwhile.

    A pause or a cancel takes out of the queue what waits there; an item that a worker takes at the same moment is run
    all the same, and our rows keep what came of it. Only DBOS's own record of it says canceled, and DBOS raises over
    that.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        # By its name: DBOS is heavy to import, and keeps the class in a module of its own.
        if type(error).__name__ == "DBOSAwaitedWorkflowCancelledError":
            record.levelno, record.levelname = logging.INFO, "INFO"
            record.msg, record.args = "canceled-while-it-began: %s", (str(error),)
            record.exc_info = record.exc_text = None
        return True


_QUIET = _QuietAboutCancellations()
