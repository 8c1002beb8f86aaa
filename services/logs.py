"""Structured logs with a reference that ties a line to what a person saw; never the words of a question."""

from __future__ import annotations

import logging
import sys
import uuid
from typing import Any

import structlog

# Values under these names could hold a patient's words: they never reach a log line, whoever logs them.
CONTENT_FIELDS = frozenset(
    {"question", "searched_question", "text", "answer", "quote", "comment", "passage", "password", "prompt", "body"}
)


def _withhold_content(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in CONTENT_FIELDS & event.keys():
        event[name] = f"<withheld, {len(str(event[name]))} characters>"
    return event


def configure_logging(level: str, log_format: str) -> None:
    """Send structlog and the standard library's loggers to stderr in one format (``console`` or ``json``)."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _withhold_content,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [output]
    root.setLevel(level)
    chatty = ("httpx", "httpcore", "alembic", "authlib", "faiss", "botocore", "urllib3", "watchdog", "bm25s", "dbos")
    for name in chatty:
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> Any:
    """A logger whose calls take an event name and keyword fields."""
    return structlog.stdlib.get_logger(name)


def new_reference() -> str:
    """A short id that a person can read out and an administrator can find in the log."""
    return uuid.uuid4().hex[:10]
