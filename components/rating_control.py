"""Thumbs for an answer, and the reason when it is thumbs down; every click is kept at once."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from components.error_notice import show_error
from services.access.models import Account
from services.answers.history import LONGEST_COMMENT_CHARACTERS, AnswerHistory, RatingReason
from services.answers.models import Answer, Rating
from services.errors import AppError

REASON_WORDS = {
    RatingReason.WRONG: "Wrong",
    RatingReason.OUTDATED: "Outdated",
    RatingReason.INCOMPLETE: "Incomplete",
    RatingReason.UNCLEAR: "Unclear",
    RatingReason.WRONG_SOURCE: "Wrong source",
    RatingReason.OTHER: "Something else",
}
_THUMBS = (Rating.DOWN, Rating.UP)


def draw_thumbs(history: AnswerHistory, account: Account, answer: Answer) -> None:
    """Draw thumbs down and up; a second click on the same one takes the rating back."""
    st.feedback(
        "thumbs",
        key=session_keys.RATING + answer.id,
        default=_THUMBS.index(answer.rating) if answer.rating else None,
        on_change=_save,
        args=(history, account, answer),
    )


def draw_rating_reason(history: AnswerHistory, account: Account, answer: Answer) -> None:
    """Ask what was wrong, where the answer is rated down."""
    if answer.rating is not Rating.DOWN:
        return
    with st.container(border=True, gap="xsmall"):
        st.pills(
            "What was wrong?",
            list(RatingReason),
            # In the primary color, which is the default of a chosen pill, the words would be too faint on dark.
            format_func=lambda reason: f":gray[{REASON_WORDS[reason]}]",
            default=RatingReason(answer.rating_reason) if answer.rating_reason else None,
            key=session_keys.RATING_REASON + answer.id,
            on_change=_save,
            args=(history, account, answer),
        )
        st.text_input(
            "Comment",
            value=answer.rating_comment or "",
            max_chars=LONGEST_COMMENT_CHARACTERS,
            placeholder="What should it say? No names of patients, please.",
            label_visibility="collapsed",
            key=session_keys.RATING_COMMENT + answer.id,
            on_change=_save,
            args=(history, account, answer),
        )
        st.caption("Kept. The knowledge team sees it with the question.")


def _save(history: AnswerHistory, account: Account, answer: Answer) -> None:
    thumb = st.session_state.get(session_keys.RATING + answer.id)
    try:
        history.rate(
            account,
            answer.tenant_id,
            answer.id,
            None if thumb is None else _THUMBS[thumb],
            reason=st.session_state.get(session_keys.RATING_REASON + answer.id),
            comment=st.session_state.get(session_keys.RATING_COMMENT + answer.id) or "",
        )
    except AppError as error:
        show_error(error)
