"""What a person sees of an error, and what the log keeps."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from structlog.testing import capture_logs

from components.error_notice import escape_markdown


def page_that_fails(kind: str) -> None:
    import streamlit as st

    from components.error_notice import errors_shown
    from services.errors import BackendTimeoutError, InputError

    with errors_shown():
        if kind == "input":
            raise InputError("The file [x](http://example.org) is empty.", remedy="Choose another file.")
        if kind == "retryable":
            raise BackendTimeoutError("The search took too long.")
        if kind == "stopped":
            st.stop()
        raise ValueError("secret inner detail")


def run(kind: str) -> AppTest:
    return AppTest.from_function(page_that_fails, kwargs={"kind": kind}).run(timeout=20)


def test_expected_error_says_what_happened_and_what_to_do() -> None:
    shown = run("input").error[0].value
    assert "is empty" in shown
    assert "Choose another file" in shown
    assert "](http" not in shown


def test_unexpected_error_shows_neutral_words_and_a_reference_that_is_in_the_log() -> None:
    with capture_logs() as lines:
        shown = run("unexpected").error[0].value
    assert "secret inner detail" not in shown
    reference = shown.split("Reference ")[1].rstrip("]")
    (line,) = [line for line in lines if line["event"] == "unexpected-error"]
    assert line["reference"] == reference
    assert isinstance(line["exc_info"], ValueError)


def test_error_that_may_pass_offers_to_try_again() -> None:
    assert [button.label for button in run("retryable").button] == ["Try again"]
    assert not run("input").button


def test_stopping_a_page_is_no_error() -> None:
    assert not run("stopped").error


def test_markdown_of_a_text_is_shown_as_it_is() -> None:
    assert escape_markdown("a*b_[c](d):e:") == r"a\*b\_\[c\]\(d\)\:e\:"
