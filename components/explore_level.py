"""Whether topics are counted each on its own, or as the main topics above them: the address says it."""

from __future__ import annotations

import streamlit as st

from components import session_keys
from services.surveys.exploring.explorer import RunView

EACH, MAIN = "Each topic", "Main topics"
MEANING = "A response counts once for a main topic, whatever it says of the topics below it."
_MAIN = "main"  # what the address says


def choose_level(view: RunView, label: str = "") -> RunView:
    """Draw the choice where the topics have levels.

    Args:
        view: By topics as they are.
        label: What stands above it; nothing when empty.

    Returns:
        The view by the chosen level.
    """
    if not view.has_levels:
        return view
    key = f"{session_keys.EXPLORE_FIELD}level.{view.run.id}"
    st.session_state[key] = MAIN if st.query_params.get(session_keys.EXPLORE_LEVEL) == _MAIN else EACH
    chosen = st.segmented_control(
        label or "Count by",
        [EACH, MAIN],
        required=True,
        key=key,
        label_visibility="visible" if label else "collapsed",
        format_func=lambda one: f":material/{'account_tree' if one == MAIN else 'label'}: {one}",
        on_change=lambda: _show(st.session_state[key]),
    )
    return view.main if chosen == MAIN else view


def level_key(view: RunView) -> str:
    """A name of the run by this level, for keys of what must not be shared between levels."""
    return f"{view.run.id}.{_MAIN}" if view.is_main else view.run.id


def _show(level: str) -> None:
    if level == MAIN:
        st.query_params[session_keys.EXPLORE_LEVEL] = _MAIN
    else:
        st.query_params.pop(session_keys.EXPLORE_LEVEL, None)
