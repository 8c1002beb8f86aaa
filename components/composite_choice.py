"""The photos of a run that a person picks among those that failed or were canceled, to run them again together."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from services.images.batch_views import RunItem
from services.jobs.models import Job


def chosen_results(run: Job) -> dict[int, int]:
    """The position in the batch of each chosen photo, by its position in the run."""
    chosen: dict[int, int] = st.session_state.get(_key(run), {})
    return chosen


def clear_choice(run: Job) -> None:
    """Choose nothing of the run any more; for callbacks."""
    st.session_state.pop(_key(run), None)


def draw_choice(run: Job, result: RunItem) -> None:
    """Draw the box that takes a photo into the choice."""
    position = result.item.position
    key = f"{session_keys.RUN_BUTTON}choose.{run.id}.{position}"
    chosen = chosen_results(run)
    st.session_state[key] = position in chosen

    def take() -> None:
        rest = {place: image for place, image in chosen.items() if place != position}
        st.session_state[_key(run)] = {**rest, position: result.image.position} if st.session_state[key] else rest

    st.checkbox("Choose", key=key, on_change=take)


def _key(run: Job) -> str:
    return f"{session_keys.RUN_BUTTON}chosen.{run.id}"
