"""Shows an error: what happened, what to do, and a reference that is in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from components import session_keys
from services.errors import AppError
from services.logs import get_logger, new_reference

UNEXPECTED_MESSAGE = "Something went wrong on our side."
UNEXPECTED_REMEDY = "Try again. If it happens again, tell your administrator the reference."

_log = get_logger(__name__)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:])")


def show_error(error: Exception, *, reference: str | None = None) -> str:
    """Draw a notice in place and write the error to the log under the same reference.

    Args:
        error: An AppError speaks for itself; of any other, the person sees neutral words only.
        reference: The reference to use when the error is in the log already.

    Returns:
        The reference.
    """
    logged = reference is not None
    reference = reference or new_reference()
    if isinstance(error, AppError):
        message, remedy = error.message_for_user, error.remedy
        if not logged:
            cause = type(error.__cause__).__name__ if error.__cause__ else None
            _log.warning("error-shown", reference=reference, code=error.code, error=message, cause=cause)
    else:
        message, remedy = UNEXPECTED_MESSAGE, UNEXPECTED_REMEDY
        if not logged:
            _log.error("unexpected-error", reference=reference, code="unexpected", exc_info=error)
    st.error(
        f"**{escape_markdown(message)}**  \n{escape_markdown(remedy)}  \n:small[Reference {reference}]",
        icon=":material/error:",
    )
    if isinstance(error, AppError) and error.retryable:
        # A click on any button runs the page again; that is all "try again" has to do.
        st.button("Try again", icon=":material/refresh:", key=f"{session_keys.TRY_AGAIN_BUTTON}.{error.code}")
    return reference


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show any error of the block where it happened; what is already on the screen stays usable."""
    try:
        yield
    except Exception as error:  # the last line of defense: st.stop and st.rerun are no Exceptions and pass
        show_error(error)


def escape_markdown(text: str) -> str:
    """The text so that Markdown shows it as it is, whatever a person typed into it."""
    return _MARKDOWN.sub(r"\\\1", text)
