"""What goes wrong on the way to a server: how long it asks to wait, and whether it may have done what was asked."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from services.backends.openai_compatible.http_errors import (
    LONGEST_ASKED_WAIT_SECONDS,
    asked_wait_seconds,
    raise_for_status,
    translated_errors,
)
from services.errors import REPLY_LOST, BackendError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Mon, 02 Mar 2026 09:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0.0),
        ("999999999", LONGEST_ASKED_WAIT_SECONDS),
        ("inf", LONGEST_ASKED_WAIT_SECONDS),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_wait_is_seconds_or_a_date_and_nothing_else(header: str, seconds: float | None) -> None:
    assert asked_wait_seconds(httpx.Response(429, headers={"Retry-After": header}), NOW) == seconds


def test_wait_that_is_not_said_is_unknown() -> None:
    assert asked_wait_seconds(httpx.Response(429), NOW) is None


def test_date_without_a_zone_is_taken_for_utc_or_left_aside() -> None:
    response = httpx.Response(429, headers={"Retry-After": "Mon, 02 Mar 2026 09:01:30 -0000"})
    assert asked_wait_seconds(response, NOW) in {90.0, None}


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("late"), False),
        (httpx.PoolTimeout("late"), False),
        (httpx.WriteError("cut"), False),
        (httpx.WriteTimeout("late"), False),
        (httpx.ReadTimeout("late"), True),
        (httpx.ReadError("cut"), True),
        (httpx.RemoteProtocolError("cut"), True),
        (ValueError("no JSON"), True),
        (KeyError("data"), True),
    ],
)
def test_reply_is_lost_once_the_whole_request_was_sent(error: Exception, lost: bool) -> None:
    with pytest.raises(BackendError) as caught, translated_errors("model"):
        raise error
    assert (caught.value.code == REPLY_LOST) is lost
    assert caught.value.retryable


@pytest.mark.parametrize(("status", "lost"), [(408, False), (429, False), (500, False), (502, False), (504, True)])
def test_gateway_that_waits_no_longer_says_nothing_of_the_model(status: int, lost: bool) -> None:
    with pytest.raises(BackendError) as caught:
        raise_for_status(httpx.Response(status), called="model", refused="The model refused.")
    assert (caught.value.code == REPLY_LOST) is lost
