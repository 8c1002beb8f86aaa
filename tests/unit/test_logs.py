"""What reaches the log, and what must not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from services.logs import CONTENT_FIELDS, configure_logging, get_logger, new_reference

WORDS = "my insulin, Maria Lopez, 555-0142"


@pytest.fixture(autouse=True)
def logging_put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What was logged as JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("name", sorted(CONTENT_FIELDS))
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_content_is_withheld_in_every_format(capsys: pytest.CaptureFixture[str], name: str, log_format: str) -> None:
    configure_logging("INFO", log_format)
    get_logger("test").info("asked", tenant="pharmacy", **{name: WORDS})
    written = capsys.readouterr().err
    assert "Maria" not in written
    assert f"withheld, {len(WORDS)} characters" in written
    assert "pharmacy" in written


def test_content_bound_to_the_context_is_withheld_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    with structlog.contextvars.bound_contextvars(question=WORDS, request_id="abc"):
        get_logger("test").info("asked")
    (line,) = lines(capsys)
    assert "Maria" not in str(line)
    assert line["request_id"] == "abc"


def test_line_has_event_level_and_utc_time(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    get_logger("test").warning("snapshot-published", number=3)
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["number"]) == ("snapshot-published", "warning", 3)
    assert str(line["timestamp"]).endswith("Z")


def test_lines_of_libraries_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    logging.getLogger("some.library").error("no route to %s", "host")
    (line,) = lines(capsys)
    assert (line["event"], line["level"]) == ("no route to host", "error")


def test_level_holds_for_us_and_for_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("WARNING", "json")
    get_logger("test").info("quiet")
    logging.getLogger("some.library").info("quiet")
    assert lines(capsys) == []


def test_requests_of_http_clients_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    logging.getLogger("httpx").info("POST https://models.example/v1?question=%s", WORDS)
    assert lines(capsys) == []


def test_cause_of_an_error_is_in_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", "json")
    try:
        raise ValueError("broken")
    except ValueError as error:
        get_logger("test").error("unexpected-error", exc_info=error)
    (line,) = lines(capsys)
    assert "ValueError: broken" in str(line["exception"])


def test_references_are_short_and_differ() -> None:
    references = {new_reference() for _ in range(1000)}
    assert len(references) == 1000
    assert all(len(reference) == 10 and reference.isalnum() for reference in references)
